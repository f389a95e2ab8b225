/* Drops axial samplings that do nothing:
 *
 *   axial_sample(x, zeros)  ->  x      zeros a constant vector of offsets that are all 0
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* `node` samples every element where it is. */
static bool does_nothing(const Graph *graph, const Node *node) {
  if (node->op != OP_AXIAL_SAMPLE) return false;
  const Recipe *offsets = pattern_vector(graph, node, 1);
  return offsets && recipe_is_fill(offsets, 0);
}

Status simplify_samples(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (does_nothing(graph, node)) {
      rewrite_set(&rw, node_result(node, 0), rewrite_get(&rw, node->operands[0]));
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
