/* Result types of a node from its operand types and attributes: one function per op. */
#ifndef ATMC_IR_INFER_H
#define ATMC_IR_INFER_H

#include "ir/graph.h"

/* How many results `node` has: what ops.def says; of a kernel, the outputs of its body. */
uint32_t infer_result_count(const Node *node);
/* Writes `node`'s result types to `results` (room for infer_result_count) and their number. Returns
 * NULL, or a message from graph->arena. */
const char *infer_types(const Graph *graph, const Node *node, Type *results, uint32_t *count);

#endif
