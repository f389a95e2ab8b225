/* What form_kernels, the schedule and the cost of a kernel all ask about rows, answered from the
 * flags of ops.def alone. */
#include "ir/row_domain.h"

Type row_domain(const Graph *graph, const Node *node) {
  Type type = graph_type(
      graph, op_has(node->op, OP_LEAVES_DOMAIN) ? node->operands[0] : node->first_result);
  if (type.rank == 4) return type_map(type.dims[0], type.dims[1], type.dims[2], 1);
  return type_map(type.dims[0], 1, 1, 1);
}

bool row_domain_reads_by_row(const Node *node, uint32_t operand) {
  if (operand == 0) return !op_has(node->op, OP_NONLOCAL);
  return operand != 1 || !op_has(node->op, OP_WHOLE_W);
}

ValueId row_domain_base(const Graph *graph, ValueId v) {
  while (op_has(graph_def(graph, v)->op, OP_VIEW)) v = graph_def(graph, v)->operands[0];
  return v;
}
