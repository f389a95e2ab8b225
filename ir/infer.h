/* Result types of a node from its operand types and attributes: one function per op. */
#ifndef ATMC_IR_INFER_H
#define ATMC_IR_INFER_H

#include "ir/graph.h"

/* Writes `node`'s result types to `results` (room for the node's results: 1, for a kernel as many
 * as its body's outputs) and their number. Returns NULL, or a message from graph->arena. */
const char *infer_types(const Graph *graph, const Node *node, Type *results, uint32_t *count);

#endif
