/* Building a new graph from an old one, node by node: what every graph pass is written with.
 *
 *   Rewrite rw = rewrite_begin(old, arena);
 *   for each node n of old, in order:
 *     if (matches) rewrite_set(&rw, node_result(n, 0), build_...(rw.builder...));
 *     else rewrite_copy(&rw, n);
 *   Graph *new = rewrite_end(&rw);     outputs mapped; nodes that nothing uses dropped
 */
#ifndef ATMC_IR_REWRITE_H
#define ATMC_IR_REWRITE_H

#include "ir/builder.h"
#include "ir/graph.h"

typedef struct Rewrite {
  const Graph *from;
  Graph *to;
  ValueId *map; /* [from->value_count] the new value of each old one; VALUE_NONE while unknown */
} Rewrite;

/* An empty new graph of the same name, recipes and rounds, in `arena`. */
Rewrite rewrite_begin(const Graph *from, Arena *arena);
/* The new value of an old one, which must have been copied or set; VALUE_NONE maps to itself. */
ValueId rewrite_get(const Rewrite *rewrite, ValueId old);
/* Lets `replacement`, a value of the new graph, stand for `old` from now on. */
void rewrite_set(Rewrite *rewrite, ValueId old, ValueId replacement);
/* Appends `node` with mapped operands and maps its results. */
void rewrite_copy(Rewrite *rewrite, const Node *node);
/* A builder into the new graph whose nodes carry the label and position of `origin`. */
Builder rewrite_builder(const Rewrite *rewrite, const Node *origin);
/* The new graph, with its outputs, without what nothing uses. */
Graph *rewrite_end(Rewrite *rewrite);

/* A copy of `graph`, all of which is in `arena`, but for the bodies of kernels. */
Graph *rewrite_all(const Graph *graph, Arena *arena);
/* `graph` without the nodes that no output depends on; inputs stay. `graph` itself where there are
 * none. */
const Graph *rewrite_drop_dead(const Graph *graph, Arena *arena);

#endif
