/* Nominal multiply-adds: those of convolutions and FCs, by the column of ops.def. Normalization,
 * interpolation, GELU and softmax count nothing. */
#ifndef ATMC_IR_MACS_H
#define ATMC_IR_MACS_H

#include "ir/graph.h"

/* For each element of the result of `node`. */
uint64_t macs_of_element(const Graph *graph, const Node *node);
/* Of one node: 0 while its result cannot be counted. */
uint64_t macs_of_node(const Graph *graph, const Node *node);
/* Of all nodes, those inside of kernels aside. */
uint64_t macs_of_graph(const Graph *graph);
/* Of the products (STAGE_PRODUCT) among them. */
uint64_t macs_of_products(const Graph *graph);

#endif
