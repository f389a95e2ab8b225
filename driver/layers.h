/* The layers of a model at one resolution, with what each costs: for `inspect`. */
#ifndef ATMC_DRIVER_LAYERS_H
#define ATMC_DRIVER_LAYERS_H

#include "frontend/frontend.h"

typedef struct LayerCost {
  const char *name; /* the label of its nodes */
  Type type;        /* of its last value */
  uint64_t parameters;
  uint64_t macs;
  uint64_t int8_macs; /* of them, those of whole numbers */
} LayerCost;

typedef struct LayerTable {
  LayerCost *items;
  uint32_t count, capacity;
  uint64_t parameters, macs; /* sums */
  /* Of a model with scans, as VMamba's authors count: 9 for each step, channel and state and 1 for
   * each step and channel of a walk, and 5 for each element of a layer norm. 0: it has none. */
  uint64_t scan_operations;
} LayerTable;

/* Parameters that training alone uses: no layer of the table has them. */
uint64_t layers_optional(const Model *model);
/* Of a model's graph before any pass, with all types known. */
LayerTable layers_measure(const Graph *graph, Arena *arena);
/* Fills the int8_macs of its table, from what quantize-products made. */
void layers_add_quantized(LayerTable *table, const Graph *graph);

#endif
