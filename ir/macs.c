/* The column `macs` of ops.def, applied: multiply-adds for each element of the result, times its
 * elements. No op is named here. */
#include "ir/macs.h"

/* Behind operand 3 each way has three, where it has a rank. */
static uint64_t macs_of_steps(const Node *node) {
  Attrs attrs = node->attrs;
  return (uint64_t)*op_int(node->op, &attrs, "rank") * ((node->operand_count - 3) / 3);
}

uint64_t macs_of_element(const Graph *graph, const Node *node) {
  OpMacs kind = op_info(node->op)->macs;
  if (kind == MACS_NONE) return 0;
  Type x = graph_type(graph, node->operands[0]), w = graph_type(graph, node->operands[1]);
  int64_t elements;
  switch (kind) {
    case MACS_NONE: return 0;
    case MACS_X_CHANNELS: return (uint64_t)type_channels(x);
    case MACS_W_CHANNELS: return (uint64_t)type_channels(w);
    case MACS_W_ROWS: return (uint64_t)w.dims[0];
    case MACS_W_DEPTH: return (uint64_t)w.dims[1];
    case MACS_X_NINE: return 9 * (uint64_t)type_channels(x);
    case MACS_W_EACH: return type_count(w, &elements) ? (uint64_t)(elements / w.dims[0]) : 0;
    case MACS_STEPS: return macs_of_steps(node);
  }
  return 0;
}

/* 0 while the result's size is not known. */
uint64_t macs_of_node(const Graph *graph, const Node *node) {
  uint64_t each = macs_of_element(graph, node);
  int64_t elements;
  if (!each || !type_count(graph_type(graph, node_result(node, 0)), &elements)) return 0;
  return each * (uint64_t)elements;
}

uint64_t macs_of_graph(const Graph *graph) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) sum += macs_of_node(graph, &graph->nodes[i]);
  return sum;
}

uint64_t macs_of_products(const Graph *graph) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (op_info(node->op)->stage == STAGE_PRODUCT) sum += macs_of_node(graph, node);
  }
  return sum;
}
