/* The layers that --quantize leaves in f32. */
#ifndef ATMC_DRIVER_KEEP_FLOAT_H
#define ATMC_DRIVER_KEEP_FLOAT_H

#include "driver/compilation.h"

/* Fills c->keep_float: the layers of `model` that say "quantize": false (NULL: there is no model),
 * and those of --keep-float. A name there is that of a layer of `graph`, or what stands in front of
 * a dot in some; any other is a usage error. */
MUST_CHECK Status keep_float_resolve(Compilation *c, const Graph *graph, const Model *model);

#endif
