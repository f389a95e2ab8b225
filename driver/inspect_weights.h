/* What is in a weights file. */
#ifndef ATMC_DRIVER_INSPECT_WEIGHTS_H
#define ATMC_DRIVER_INSPECT_WEIGHTS_H

#include "driver/options.h"

/* Prints the format, states, notes and tensors of the file that is the command's argument, as text
 * or as JSON. */
MUST_CHECK Status inspect_weights(const Options *options, Arena *arena, Diag *diag);

#endif
