/* How fast this machine reads memory, for the second roof of a roofline. */
#ifndef ATMC_DRIVER_BANDWIDTH_H
#define ATMC_DRIVER_BANDWIDTH_H

#include "driver/native.h"

/* Bytes a second that the workers of `native` read together, of far more memory than their caches
 * hold: the best of some runs. */
MUST_CHECK Status bandwidth_measure(Native *native, double *bytes_per_second);

#endif
