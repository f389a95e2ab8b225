/* A graph made, and questions about one; mutation is graph_append.c's. */
#include "ir/graph.h"

Graph *graph_new(Arena *arena, RecipeTable *recipes, const char *name) {
  Graph *graph = ARENA_NEW(arena, Graph);
  graph->arena = arena;
  graph->recipes = recipes;
  graph->name = arena_strdup(arena, name ? name : "");
  graph->rounds = 1;
  return graph;
}

Graph *graph_new_like(const Graph *other, Arena *arena) {
  Graph *graph = graph_new(arena, other->recipes, other->name);
  graph->rounds = other->rounds;
  return graph;
}

const Recipe *graph_recipe(const Graph *graph, ValueId v) {
  return value_is_none(v) ? NULL : graph_def(graph, v)->recipe;
}

/* Counts all, and writes as many as there is room for. */
uint32_t graph_inputs(const Graph *graph, NodeId *nodes, uint32_t capacity) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (graph->nodes[i].op != OP_INPUT) continue;
    if (count < capacity) nodes[count] = (NodeId){i};
    ++count;
  }
  return count;
}

bool graph_has_op(const Graph *graph, OpKind op) {
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (graph->nodes[i].op == op) return true;
  }
  return false;
}

/* An output is a use; a node that reads a value twice uses it twice. */
uint32_t *graph_use_counts(const Graph *graph, Arena *arena) {
  uint32_t *counts = ARENA_ARRAY(arena, graph->value_count, uint32_t);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    for (uint32_t j = 0; j < node->operand_count; ++j) ++counts[node->operands[j].index];
  }
  for (uint32_t i = 0; i < graph->output_count; ++i) ++counts[graph->outputs[i].value.index];
  return counts;
}

bool *graph_live(const Graph *graph, Arena *arena) {
  bool *live = ARENA_ARRAY(arena, graph->node_count, bool);
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    live[graph->values[graph->outputs[i].value.index].node.index] = true;
  }
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_INPUT) live[i] = true;
    for (uint32_t j = 0; live[i] && j < node->operand_count; ++j) {
      live[graph->values[node->operands[j].index].node.index] = true;
    }
  }
  return live;
}
