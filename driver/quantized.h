/* The model's graph in front of quantize-products and behind it, where nodes still say of which
 * layers they are: for `verify` and `inspect`. */
#ifndef ATMC_DRIVER_QUANTIZED_H
#define ATMC_DRIVER_QUANTIZED_H

#include "driver/compilation.h"

typedef struct Quantized {
  PassContext context;
  const Graph *before; /* what the pass gets */
} Quantized;

/* Runs all passes in front of it, for the first instruction set and resolution. */
MUST_CHECK Status quantized_begin(Compilation *c, Quantized *quantized);
/* What it makes of that graph, in `arena`; of one layer alone where `only` is not NULL. */
MUST_CHECK Status quantized_graph(const Quantized *quantized, const char *only, Arena *arena,
                                  const Graph **graph);

#endif
