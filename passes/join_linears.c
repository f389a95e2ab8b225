/* Joins FCs that read the same rows into one product:
 *
 *   y1 = linear(x, w1, b1)        y = linear(x, concat(w1, w2), concat(b1, b2))
 *   y2 = linear(x, w2, b2)   ->   y1 = slice(y, 0, O1)
 *                                 y2 = slice(y, O1, O2)
 *
 * Only FCs whose results are read from memory in any case join: slices of a product are views of
 * memory, so that an FC that ends in registers (a gain, a residual, GELU) would be stored and read
 * again for nothing, and an output of the model would have to be copied.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { NO_NODE = UINT32_MAX };

/* [value]: used by a pointwise op or as an output, directly or through slices. */
static bool *find_register_uses(const Graph *graph, Arena *arena) {
  bool *used = ARENA_ARRAY(arena, graph->value_count, bool);
  for (uint32_t i = 0; i < graph->output_count; ++i) used[graph->outputs[i].value.index] = true;
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    bool in_registers =
        op_has(node->op, OP_POINTWISE) || (node->op == OP_SLICE && used[node->first_result.index]);
    for (uint32_t k = 0; in_registers && k < node->operand_count; ++k) {
      used[node->operands[k].index] = true;
    }
  }
  return used;
}

/* [node]: the next FC that joins this one, or NO_NODE; `is_later` marks all but the first. */
static uint32_t *find_chains(const Graph *graph, Arena *arena, bool *is_later, bool *matched) {
  const bool *in_registers = find_register_uses(graph, arena);
  uint32_t *next = ARENA_ARRAY(arena, graph->node_count, uint32_t);
  uint32_t *last = ARENA_ARRAY(arena, graph->value_count, uint32_t);
  for (uint32_t i = 0; i < graph->value_count; ++i) last[i] = NO_NODE;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    next[i] = NO_NODE;
    if (!pattern_is_plain_linear(graph, node) || in_registers[node->first_result.index]) continue;
    uint32_t *previous = &last[node->operands[0].index];
    if (*previous != NO_NODE) {
      next[*previous] = i;
      is_later[i] = true;
      *matched = true;
    }
    *previous = i;
  }
  return next;
}

/* An FC without a bias has zeros, since another of the chain may have one. */
static const Recipe *bias_of(const Graph *graph, const Node *node) {
  const Recipe *bias = pattern_vector(graph, node, 2);
  if (bias) return bias;
  int64_t channels = graph_recipe(graph, node->operands[1])->type.dims[0];
  return recipe_fill(graph->recipes, 0, type_vector(channels));
}

/* Makes one product of the chain that begins with node `first`, and a slice for each member. */
static void join(Rewrite *rw, const uint32_t *next, uint32_t first) {
  const Graph *from = rw->from;
  const Node *node = &from->nodes[first];
  const Recipe *w = NULL, *bias = NULL;
  for (uint32_t i = first; i != NO_NODE; i = next[i]) {
    const Recipe *more = graph_recipe(from, from->nodes[i].operands[1]);
    w = w ? recipe_concat(from->recipes, w, more) : more;
    bias = bias ? recipe_concat(from->recipes, bias, bias_of(from, &from->nodes[i]))
                : bias_of(from, &from->nodes[i]);
  }
  Builder b = rewrite_builder(rw, node);
  ValueId biases = recipe_is_fill(bias, 0) ? VALUE_NONE : build_constant(b, bias);
  ValueId all = build_linear(b, rewrite_get(rw, node->operands[0]), build_constant(b, w), biases);
  int64_t begin = 0;
  for (uint32_t i = first; i != NO_NODE; i = next[i]) {
    int64_t count = type_channels(graph_type(from, from->nodes[i].first_result));
    rewrite_set(
        rw, from->nodes[i].first_result,
        build_slice(rewrite_builder(rw, &from->nodes[i]), all, (int32_t)begin, (int32_t)count));
    begin += count;
  }
}

Status join_linears(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  bool *is_later = ARENA_ARRAY(context->arena, graph->node_count, bool);
  const uint32_t *next = find_chains(graph, context->arena, is_later, &matched);
  *result = graph;
  if (!matched) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (is_later[i]) continue;
    if (next[i] != NO_NODE) {
      join(&rw, next, i);
    } else {
      rewrite_copy(&rw, &graph->nodes[i]);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
