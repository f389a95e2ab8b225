/* Turns a mean over H and W into sums over fixed chunks of rows and a sum of those:
 *
 *   mean_hw(x)  ->  mean_chunks(sum_chunks(x){chunks}){rows = H*W}
 *
 * The chunks depend on H*W alone, so that the order of the additions, and with it every bit of the
 * result, is the same for any number of threads. Needs known shapes; leaves open ones alone.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"
#include "passes/pattern.h"

Status chunk_means(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_MEAN_HW)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_MEAN_HW || !type_is_known(graph_type(graph, node->operands[0]))) {
      rewrite_copy(&rw, node);
      continue;
    }
    Type type = graph_type(graph, node->operands[0]);
    int64_t rows = type.dims[1] * type.dims[2];
    Builder b = rewrite_builder(&rw, node);
    ValueId sums = build_sum_chunks(b, rewrite_get(&rw, node->operands[0]),
                                    (int32_t)cost_model_chunks((uint64_t)rows));
    rewrite_set(&rw, node_result(node, 0), build_mean_chunks(b, sums, (int32_t)rows));
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
