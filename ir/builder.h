/* One function per op, build_name, that appends a node and returns its (first) result: its
 * parameters are the last column of ops.def. `label` and `position` of the new nodes are those of
 * the builder. A misfit panics; or, where the builder has `misfit`, the first one's message goes
 * there, and an operand stands in for each result that is missing. */
#ifndef ATMC_IR_BUILDER_H
#define ATMC_IR_BUILDER_H

#include "ir/graph.h"

typedef struct Builder {
  Graph *graph;
  const char *label;
  Position position;
  const char **misfit; /* NULL: what does not fit is our bug */
} Builder;

/* Appends `node` with the builder's label and position; absent operands are VALUE_NONE at the
 * end. */
ValueId builder_append(Builder b, Node node);

#define OP(NAME, name, min, max, results, stage, macs, word, flags, attributes, parameters) \
  ValueId build_##name parameters;
#include "ir/ops.def"

#endif
