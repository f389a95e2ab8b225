/* Appending with a label, a position and, for the frontend, a place for the message of a misfit. */
#include "ir/builder.h"

/* A misfit is kept once, and its first operand stands in for the result: so a layer's building goes
 * on, and its caller looks at `misfit` when it is over. */
ValueId builder_append(Builder b, Node node) {
  node.label = b.label;
  node.position = b.position.file ? &b.position : NULL;
  NodeId id;
  const char *message = NULL;
  if (b.misfit && node.operand_count) {
    message = graph_try_append(b.graph, &node, &id);
  } else {
    id = graph_append(b.graph, &node);
  }
  if (!message) return node_result(graph_node(b.graph, id), 0);
  if (!*b.misfit) *b.misfit = message;
  return node.operands[0];
}
