/* A layer is a run of nodes with the same label. Its parameters are the tensors of the weights file
 * that its constants are made of; one that several layers share counts for the first. */
#include "driver/layers.h"

#include <string.h>

#include "ir/macs.h"
#include "support/panic.h"

/* What a batch norm counted in training, which nothing learnt. */
static bool is_statistic(const char *name) {
  static const char *const ends[] = {".running_mean", ".running_var"};
  size_t length = strlen(name);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
    size_t end = strlen(ends[i]);
    if (length > end && strcmp(name + length - end, ends[i]) == 0) return true;
  }
  return false;
}

/* Elements of the tensors below `recipe` that were not `seen` [by recipe id] yet. */
static uint64_t new_parameters(const Recipe *recipe, bool *seen) {
  if (!recipe || seen[recipe->id]) return 0;
  seen[recipe->id] = true;
  if (recipe->kind == RECIPE_TENSOR) {
    int64_t count;
    CHECK(type_count(recipe->type, &count));
    return is_statistic(recipe->name) ? 0 : (uint64_t)count;
  }
  return new_parameters(recipe->operands[0], seen) + new_parameters(recipe->operands[1], seen);
}

/* Operands are older than what is made of them, so the largest id is that of a constant itself. */
static uint32_t recipe_limit(const Graph *graph) {
  uint32_t limit = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Recipe *recipe = graph->nodes[i].recipe;
    if (recipe && recipe->id >= limit) limit = recipe->id + 1;
  }
  return limit;
}

/* The row of the node's layer: the last one, or another. */
static LayerCost *layer_of(LayerTable *table, Arena *arena, const Node *node) {
  const char *name = node->label ? node->label : "";
  if (table->count && !strcmp(table->items[table->count - 1].name, name)) {
    return &table->items[table->count - 1];
  }
  LayerCost layer = {.name = name};
  ARENA_PUSH(arena, table->items, table->count, table->capacity, layer);
  return &table->items[table->count - 1];
}

uint64_t layers_optional(const Model *model) {
  uint64_t parameters = 0;
  for (uint32_t i = 0; i < model->need_count; ++i) {
    const WeightNeed *need = &model->needs[i];
    int64_t count;
    CHECK(type_count(need->type, &count));
    if (need->optional && !is_statistic(need->name)) parameters += (uint64_t)count;
  }
  return parameters;
}

/* The elements of the node's result. */
static uint64_t elements_of(const Graph *graph, const Node *node) {
  int64_t count;
  CHECK(type_count(graph_type(graph, node_result(node, 0)), &count));
  return (uint64_t)count;
}

/* What the head of layers.h says of scans and norms. B and C of all ways are operand 1. */
static uint64_t scan_operations(const Graph *graph) {
  enum { OF_STATE = 9, OF_SKIP = 1, OF_NORM = 5 };
  uint64_t operations = 0;
  if (!graph_has_op(graph, OP_SELECTIVE_SCAN)) return 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_LAYER_NORM) operations += OF_NORM * elements_of(graph, node);
    if (node->op != OP_SELECTIVE_SCAN) continue;
    uint64_t ways = node->attrs.SELECTIVE_SCAN.ways == 3 ? 2 : 1;
    uint64_t states = (uint64_t)type_channels(graph_type(graph, node->operands[1])) / 2;
    operations += (OF_STATE * states + OF_SKIP * ways) * elements_of(graph, node);
  }
  return operations;
}

LayerTable layers_measure(const Graph *graph, Arena *arena) {
  LayerTable table = {.scan_operations = scan_operations(graph)};
  bool *seen = ARENA_ARRAY(arena, recipe_limit(graph), bool);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_INPUT) continue;
    LayerCost *layer = layer_of(&table, arena, node);
    layer->type = graph_type(graph, node_result(node, 0));
    layer->parameters += new_parameters(node->recipe, seen);
    layer->macs += macs_of_node(graph, node);
  }
  for (uint32_t i = 0; i < table.count; ++i) {
    table.parameters += table.items[i].parameters;
    table.macs += table.items[i].macs;
  }
  return table;
}

/* The row of this name that is the next one from `from` on, around the end. Passes keep the order
 * of layers, and a layer may stand in the table several times. */
static uint32_t find_from(const LayerTable *table, uint32_t from, const char *name) {
  for (uint32_t i = 0; i < table->count; ++i) {
    uint32_t at = (from + i) % table->count;
    if (strcmp(table->items[at].name, name) == 0) return at;
  }
  PANIC("no layer %s", name);
}

void layers_add_quantized(LayerTable *table, const Graph *graph) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_QUANTIZED_LINEAR) continue;
    at = find_from(table, at, node->label ? node->label : "");
    table->items[at].int8_macs += graph->rounds * macs_of_node(graph, node);
  }
}
