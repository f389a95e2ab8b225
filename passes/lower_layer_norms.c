/* Splits LayerNorm so that other passes see its gain and bias:
 *
 *   layer_norm(x, gain, bias)  ->  add(mul(normalize(x), gain), bias)
 *
 * A gain of ones and a bias of zeros leave nothing behind. Gain and bias are constants or any other
 * vector that mul and add take.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

static bool is_fill(const Graph *graph, ValueId v, double value) {
  const Recipe *recipe = graph_recipe(graph, v);
  return recipe && recipe_is_fill(recipe, value);
}

static void split(Rewrite *rw, const Node *node) {
  Builder b = rewrite_builder(rw, node);
  ValueId gain = node->operands[1], bias = node->operands[2];
  ValueId v = build_normalize(b, rewrite_get(rw, node->operands[0]), node->attrs.LAYER_NORM.eps);
  if (!is_fill(rw->from, gain, 1)) v = build_mul(b, v, rewrite_get(rw, gain));
  if (!is_fill(rw->from, bias, 0)) v = build_add(b, v, rewrite_get(rw, bias));
  rewrite_set(rw, node_result(node, 0), v);
}

Status lower_layer_norms(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_LAYER_NORM)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_LAYER_NORM) {
      split(&rw, node);
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
