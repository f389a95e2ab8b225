/* Lays the weights of every FC out as its kernel reads them, in panels of 32 output channels:
 *
 *   linear(x, w [O,K], b)  ->  packed_linear(x, pack(w, 32), b){panel=32, channels=O}
 *
 * One layout for all targets and all resolutions: packed weights are shared between them.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

Status pack_weights(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (!pattern_is_plain_linear(graph, node)) {
      rewrite_copy(&rw, node);
      continue;
    }
    const Recipe *w = graph_recipe(graph, node->operands[1]);
    Builder b = rewrite_builder(&rw, node);
    ValueId packed = build_constant(b, recipe_pack(graph->recipes, w, PLAN_PANEL));
    rewrite_set(&rw, node_result(node, 0),
                build_packed_linear(b, rewrite_get(&rw, node->operands[0]), packed,
                                    rewrite_get(&rw, node_operand(node, 2)), PLAN_PANEL,
                                    (int32_t)w->type.dims[0]));
    matched = true;
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
