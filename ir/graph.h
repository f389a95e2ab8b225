/* The folder ir/ is the compiler's representation of a model: the graph and its ops, the recipes of
 * its constants, the plan of its execution, and their text forms.
 *
 * The graph: a typed SSA list of nodes in topological order.
 *
 * A graph only grows: nodes are appended, never changed or removed (but for those that nothing
 * uses, when it is done), so every ValueId stays valid and an operand always precedes its user. A
 * pass builds a new graph from an old one (rewrite.h). All of a graph lives in the arena that it
 * was made with; graphs of one compilation share a RecipeTable. Not thread-safe.
 */
#ifndef ATMC_IR_GRAPH_H
#define ATMC_IR_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/op.h"
#include "ir/recipe.h"
#include "ir/type.h"
#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"
#include "support/string_builder.h"

/* Indices into one graph. VALUE_NONE marks an absent optional operand and "no value yet". */
typedef struct ValueId {
  uint32_t index;
} ValueId;
typedef struct NodeId {
  uint32_t index;
} NodeId;
#define VALUE_NONE ((ValueId){UINT32_MAX})

/* An operand that is not there, or a value that could not be made. */
static inline bool value_is_none(ValueId v) {
  return v.index == UINT32_MAX;
}
/* The same value of one graph. */
static inline bool value_equal(ValueId a, ValueId b) {
  return a.index == b.index;
}

typedef struct Graph Graph;

typedef struct Node {
  OpKind op;
  uint32_t operand_count; /* trailing absent optional operands are not counted */
  uint32_t result_count;
  const ValueId *operands;
  ValueId first_result; /* results are consecutive */
  Attrs attrs;
  const Recipe *recipe;     /* OP_CONSTANT */
  const Graph *body;        /* OP_KERNEL: its inputs are the operands, its outputs the results */
  const char *label;        /* the model layer that it comes from, for people; may be NULL */
  const Position *position; /* of that layer in the model's file, for messages; NULL: none, as in
                             * the text form */
} Node;

typedef struct Value {
  Type type;
  NodeId node; /* the node that defines it */
} Value;

/* A named result of the graph. `nchw`: the caller's layout of a rank-4 value. */
typedef struct Output {
  const char *name;
  ValueId value;
  bool nchw;
} Output;

struct Graph {
  Arena *arena;
  RecipeTable *recipes;
  const char *name;
  /* A call runs the graph so many times, each time on the next images of its N; the types are those
   * of one round. 1 before cut-rounds, and in bodies. */
  uint32_t rounds;
  const Node *nodes;
  const Value *values;
  const Output *outputs;
  uint32_t node_count, node_capacity;
  uint32_t value_count, value_capacity;
  uint32_t output_count, output_capacity;
};

/* An empty graph in `arena`, with its constants in `recipes`. The name is copied; NULL: none. */
Graph *graph_new(Arena *arena, RecipeTable *recipes, const char *name);
/* An empty graph in `arena` with the recipes, the name and the rounds of `other`. */
Graph *graph_new_like(const Graph *other, Arena *arena);

/* Mutation (graph_append.c). Appends a node like `prototype` (its op, operands, attrs, recipe,
 * body, label; the rest is filled in; arrays and texts are copied) after inferring its result
 * types. Returns NULL and sets *node, or a message (owned by the arena) that says what does not fit
 * and appends nothing. */
const char *graph_try_append(Graph *graph, const Node *prototype, NodeId *node);
/* The same where a misfit is our bug: panics with the graph dumped. */
NodeId graph_append(Graph *graph, const Node *prototype);
/* Makes room for so many nodes and values in all, so that arrays that grow leave nothing behind. */
void graph_reserve(Graph *graph, uint32_t nodes, uint32_t values);
/* Takes out the nodes that no output depends on; inputs stay. Values get new ids: only for a graph
 * that nobody has ids of yet. */
void graph_drop_dead(Graph *graph);
/* Reports graph_try_append's `message` as an error of the user's, at the position of `node`. */
MUST_CHECK Status graph_misfit(Diag *diag, const Node *node, const char *message);
/* Appends an output, whose name is copied. Returns NULL, or a message that says why it cannot be.
 */
const char *graph_try_add_output(Graph *graph, const char *name, ValueId value, bool nchw);
/* The same where that is our bug: panics. */
void graph_add_output(Graph *graph, const char *name, ValueId value, bool nchw);

/* Node `id`, which is there. */
static inline const Node *graph_node(const Graph *graph, NodeId id) {
  return &graph->nodes[id.index];
}
/* The type of a value that is there. */
static inline Type graph_type(const Graph *graph, ValueId v) {
  return graph->values[v.index].type;
}
/* The node that makes it. */
static inline const Node *graph_def(const Graph *graph, ValueId v) {
  return graph_node(graph, graph->values[v.index].node);
}
/* Operand `i`, or VALUE_NONE where an optional one is absent. */
static inline ValueId node_operand(const Node *node, uint32_t i) {
  return i < node->operand_count ? node->operands[i] : VALUE_NONE;
}
/* Result `i` of a node that was appended. */
static inline ValueId node_result(const Node *node, uint32_t i) {
  return (ValueId){node->first_result.index + i};
}
/* The recipe of a constant value, else NULL. */
const Recipe *graph_recipe(const Graph *graph, ValueId v);
/* The input nodes in order. Returns their number; writes the first `capacity` of them. */
uint32_t graph_inputs(const Graph *graph, NodeId *nodes, uint32_t capacity);
/* Whether any node is of `op`; bodies are not looked into. */
bool graph_has_op(const Graph *graph, OpKind op);
/* How often each value is used, by nodes and outputs: [value_count], in `arena`. */
uint32_t *graph_use_counts(const Graph *graph, Arena *arena);
/* Whether an output depends on each node, [node_count], in `arena`; of inputs it is said always. */
bool *graph_live(const Graph *graph, Arena *arena);

/* Checks every invariant; panics with a dump where one is broken. `where` names the culprit. */
void graph_verify(const Graph *graph, const char *where);

/* Text form (grammar in print.c); graph_parse(graph_print(g)) prints the same again. */
void graph_print(const Graph *graph, StringBuilder *out);
/* Parses untrusted text. `file` is for messages. */
MUST_CHECK Status graph_parse(Arena *arena, RecipeTable *recipes, Diag *diag, const char *file,
                              const char *text, Graph **graph);

#endif
