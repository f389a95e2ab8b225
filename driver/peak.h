/* What this machine could reach at most, for `bench`. */
#ifndef ATMC_DRIVER_PEAK_H
#define ATMC_DRIVER_PEAK_H

#include "driver/native.h"

/* Multiply-adds in a second, with the instructions of the model's target, on all its workers: the
 * best of some milliseconds of nothing else. */
MUST_CHECK Status peak_measure(Native *native, double *macs_per_second);

#endif
