/* Small questions that several passes ask about a graph. */
#ifndef ATMC_PASSES_PATTERN_H
#define ATMC_PASSES_PATTERN_H

#include "ir/graph.h"

/* The recipe of operand `i` when it is a constant vector [C], else NULL. */
static inline const Recipe *pattern_vector(const Graph *graph, const Node *node, uint32_t i) {
  ValueId v = node_operand(node, i);
  const Recipe *recipe = value_is_none(v) ? NULL : graph_recipe(graph, v);
  return recipe && recipe->type.rank == 1 ? recipe : NULL;
}

/* [value] whether it is no output of `graph`, in `arena`. */
static inline bool *pattern_inner_values(const Graph *graph, Arena *arena) {
  bool *inner = ARENA_ARRAY(arena, graph->value_count, bool);
  for (uint32_t i = 0; i < graph->value_count; ++i) inner[i] = true;
  for (uint32_t i = 0; i < graph->output_count; ++i) inner[graph->outputs[i].value.index] = false;
  return inner;
}

/* add or mul whose operand 1 is a constant [C]. */
static inline bool pattern_is_affine(const Graph *graph, const Node *node) {
  return (node->op == OP_ADD || node->op == OP_MUL) && pattern_vector(graph, node, 1) != NULL;
}

/* Into how many parts the kernel of `node` must cut its columns; 0: it is cut by rows. */
static inline int32_t pattern_column_blocks(const Node *node) {
  Attrs attrs = node->attrs;
  const int32_t *blocks = op_int(node->op, &attrs, "column_blocks");
  return blocks ? *blocks : 0;
}

/* A linear whose weights are a constant matrix, and whose bias, if any, is constant too. */
static inline bool pattern_is_plain_linear(const Graph *graph, const Node *node) {
  if (node->op != OP_LINEAR) return false;
  const Recipe *w = graph_recipe(graph, node->operands[1]);
  if (!w || w->type.rank != 2) return false;
  return node->operand_count < 3 || pattern_vector(graph, node, 2) != NULL;
}

/* A convolution as lower-convolutions leaves it: the patches of a map of floats, with zeros around
 * it, that `node`, a plain linear, multiplies, with all channels of a tap together; or NULL. */
static inline const Node *pattern_convolved(const Graph *graph, const Node *node) {
  if (!pattern_is_plain_linear(graph, node)) return NULL;
  const Node *patches = graph_def(graph, node->operands[0]);
  if (patches->op != OP_PATCHES || patches->attrs.PATCHES.channels_first) return NULL;
  bool bytes = graph_type(graph, patches->operands[0]).dtype != DTYPE_F32;
  return bytes || patches->operand_count > 1 ? NULL : patches;
}

#endif
