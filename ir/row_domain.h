/* The rows that the nodes of a graph run over, and how they read them. */
#ifndef ATMC_IR_ROW_DOMAIN_H
#define ATMC_IR_ROW_DOMAIN_H

#include "ir/graph.h"

/* The rows that a node runs over, as a map type [N,H,W,1]: of its result, or of what it reduces. */
Type row_domain(const Graph *graph, const Node *node);
/* Whether row r of `node`'s domain reads row r alone of operand `operand`. */
bool row_domain_reads_by_row(const Node *node, uint32_t operand);
/* The value that `v` is a view of: slices are followed to what they cut from. */
ValueId row_domain_base(const Graph *graph, ValueId v);

#endif
