#include "driver/macs.h"

#include "support/panic.h"

static uint64_t element_count(Type type) {
  int64_t count;
  CHECK(type_count(type, &count));
  return (uint64_t)count;
}

/* Of the products that make one element of the result. */
static uint64_t per_element(const Graph *graph, const Node *node) {
  switch (node->op) {
    case OP_CONV2D: {
      Type w = graph_type(graph, node->operands[1]);
      return element_count(w) / (uint64_t)w.dims[0];
    }
    case OP_LINEAR: return (uint64_t)type_channels(graph_type(graph, node->operands[0]));
    case OP_MIX_ROWS: return (uint64_t)type_channels(graph_type(graph, node->operands[1]));
    case OP_DEPTHWISE: return (uint64_t)graph_type(graph, node->operands[1]).dims[0];
    default: return 0;
  }
}

uint64_t macs_of_node(const Graph *graph, const Node *node) {
  uint64_t each = per_element(graph, node);
  return each ? each * element_count(graph_type(graph, node_result(node, 0))) : 0;
}

uint64_t macs_of_graph(const Graph *graph) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) sum += macs_of_node(graph, &graph->nodes[i]);
  return sum;
}
