/* Nominal multiply-adds: those of convolutions and FCs as the model states them, before any pass.
 * LayerNorm, interpolation, GELU and softmax count nothing. */
#ifndef ATMC_DRIVER_MACS_H
#define ATMC_DRIVER_MACS_H

#include "ir/graph.h"

/* Of one node of a graph whose types are known. */
uint64_t macs_of_node(const Graph *graph, const Node *node);
uint64_t macs_of_graph(const Graph *graph);

#endif
