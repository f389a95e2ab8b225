/* The graph is taken as quantize-products gets it, and quantized layer by layer. The value of a
 * layer is its last one; the pass keeps the order of nodes and their layers, so that it is found in
 * either graph. */
#include "driver/harm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/interp/comparison.h"
#include "driver/layout.h"
#include "driver/quantized.h"
#include "support/panic.h"

typedef struct Harm {
  Compilation *c;
  Quantized quantized;
  const InterpTensor *inputs;
} Harm;

double harm_decibels(const InterpTensor *expected, const InterpTensor *got, uint32_t count) {
  double least = INFINITY;
  for (uint32_t i = 0; i < count; ++i) {
    DType dtype = expected[i].type.dtype;
    if (dtype_info(dtype)->kind == DTYPE_INTEGER) continue;
    Comparison c = {0};
    comparison_add(&c, dtype, expected[i].data, got[i].data, layout_count(expected[i].type));
    least = fmin(least, comparison_decibels(&c));
  }
  return least;
}

/* The last value of the layer. */
static ValueId value_of(const Graph *graph, const char *layer) {
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    if (node->label && strcmp(node->label, layer) == 0) return node_result(node, 0);
  }
  PANIC("no layer %s", layer);
}

/* Runs `graph`; `outputs` gets those of the model and, behind them, the value of each layer. */
static Status run(const Harm *h, const Graph *graph, const LayerHarm *layers, uint32_t count,
                  Arena *arena, InterpTensor *outputs) {
  Graph tapped = *graph;
  Output *all = ARENA_ARRAY(arena, graph->output_count + count, Output);
  memcpy(all, graph->outputs, graph->output_count * sizeof *all);
  for (uint32_t i = 0; i < count; ++i) {
    all[tapped.output_count++] = (Output){.name = "layer", value_of(graph, layers[i].name), false};
  }
  tapped.outputs = all;
  WeightSource source = weights_source(h->c->weights);
  return interp_run(&tapped, &source, arena, h->c->diag, h->inputs, outputs);
}

static void add_layer(HarmTable *table, Arena *arena, const char *name) {
  for (uint32_t i = 0; i < table->count; ++i) {
    if (strcmp(table->layers[i].name, name) == 0) return;
  }
  LayerHarm layer = {.name = name};
  ARENA_PUSH(arena, table->layers, table->count, table->capacity, layer);
}

/* All layers quantized: which they are, and the model's outputs [output_count] then. */
static Status measure_whole(const Harm *h, HarmTable *table, InterpTensor *outputs) {
  const Graph *graph;
  Arena *arena = h->c->arena;
  RETURN_IF_ERROR(quantized_graph(&h->quantized, NULL, arena, &graph));
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_QUANTIZED_LINEAR) add_layer(table, arena, node->label);
  }
  return run(h, graph, NULL, 0, arena, outputs);
}

/* One layer quantized alone; `value` is its own one in f32. */
static Status measure_layer(const Harm *h, const HarmTable *table, const InterpTensor *value,
                            LayerHarm *layer) {
  const Graph *graph;
  Arena *arena = arena_new();
  uint32_t count = h->quantized.before->output_count;
  InterpTensor *got = ARENA_ARRAY(arena, count + 1, InterpTensor);
  Status status = quantized_graph(&h->quantized, layer->name, arena, &graph);
  if (!status) status = run(h, graph, layer, 1, arena, got);
  if (!status) {
    layer->own = harm_decibels(value, &got[count], 1);
    layer->model = harm_decibels(table->outputs, got, count);
  }
  arena_free(arena);
  return status;
}

static int compare_layers(const void *a, const void *b) {
  double x = ((const LayerHarm *)a)->model, y = ((const LayerHarm *)b)->model;
  return (x > y) - (x < y);
}

Status harm_measure(Compilation *c, const InterpTensor *inputs, HarmTable *table) {
  *table = (HarmTable){0};
  Harm h = {.c = c, .inputs = inputs};
  RETURN_IF_ERROR(quantized_begin(c, &h.quantized));
  const Graph *graph = h.quantized.before;
  uint32_t count = graph->output_count;
  InterpTensor *whole = ARENA_ARRAY(c->arena, count, InterpTensor);
  RETURN_IF_ERROR(measure_whole(&h, table, whole));
  InterpTensor *exact = ARENA_ARRAY(c->arena, count + table->count, InterpTensor);
  RETURN_IF_ERROR(run(&h, graph, table->layers, table->count, c->arena, exact));
  table->outputs = exact;
  table->whole = harm_decibels(exact, whole, count);
  for (uint32_t i = 0; i < table->count; ++i) {
    RETURN_IF_ERROR(measure_layer(&h, table, &exact[count + i], &table->layers[i]));
  }
  if (table->count) qsort(table->layers, table->count, sizeof *table->layers, compare_layers);
  return STATUS_OK;
}
