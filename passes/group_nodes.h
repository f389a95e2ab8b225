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

#endif
