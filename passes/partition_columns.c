/* Lets products on small maps be cut by columns:
 *
 *   packed_linear(x, w, b)  ->  packed_linear(x, w, b){column_blocks}
 *
 * and its relatives of whole numbers likewise,
 *
 * where cost_model.c says so. A map of 7x7 is one block of rows: a second thread has nothing to do,
 * or would read all weights a second time. Each block of columns reads its own part of the weights
 * instead. form-kernels keeps such products in kernels of their own, because each reads all columns
 * of its operand. What an element is summed up from stays the same.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"

/* Into how many blocks of columns product `node` is cut; 0: not at all, as where the panels are not
 * of full width or the shape is not known. */
static uint32_t column_blocks(const Graph *graph, const Node *node) {
  Attrs attrs = node->attrs;
  const int32_t *panel = op_int(node->op, &attrs, "panel");
  if (!panel || *panel != PLAN_PANEL) return 0;
  Type type = graph_type(graph, node->first_result);
  Type x = graph_type(graph, node->operands[0]);
  if (!type_is_known(type)) return 0;
  int64_t rows = type.rank == 4 ? type.dims[1] * type.dims[2] : 1;
  return cost_model_column_blocks((uint64_t)rows, (uint64_t)type_channels(x),
                                  (uint64_t)type_channels(type));
}

Status partition_columns(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    Node node = graph->nodes[i];
    uint32_t blocks = column_blocks(graph, &node);
    if (blocks) *op_int(node.op, &node.attrs, "column_blocks") = (int32_t)blocks;
    rewrite_copy(&rw, &node);
    matched |= blocks > 0;
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
