/* The whole route of `atmc compile`. */
#ifndef ATMC_DRIVER_COMPILE_H
#define ATMC_DRIVER_COMPILE_H

#include "driver/compilation.h"

/* Reads the model, runs the passes, plans for each of `shapes`, emits and writes the outputs. */
MUST_CHECK Status compile_files(Compilation *c, const ShapeList *shapes);

#endif
