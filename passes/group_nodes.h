/* Which nodes share a kernel: the decision behind form_kernels. */
#ifndef ATMC_PASSES_GROUP_NODES_H
#define ATMC_PASSES_GROUP_NODES_H

#include "ir/graph.h"

enum { NO_GROUP = UINT32_MAX };

/* Groups are numbered in an order in which they can run. */
typedef struct NodeGroups {
  uint32_t count;
  const uint32_t *of_node; /* [node_count]; NO_GROUP for inputs, constants and slices */
} NodeGroups;

/* Groups the nodes of a graph whose shapes are known. */
NodeGroups group_nodes(const Graph *graph, Arena *arena);

/* The rows that a node runs over, as a map type [N,H,W,1]: of its result, or of what it reduces. */
Type group_domain(const Graph *graph, const Node *node);

/* Whether row r of `node`'s domain reads row r alone of operand `operand`. */
bool group_reads_by_row(const Node *node, uint32_t operand);

/* The value that `v` is a view of: slices are followed to what they cut from. */
ValueId group_base(const Graph *graph, ValueId v);

#endif
