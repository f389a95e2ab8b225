/* How fast a compiled model runs on this machine: for `bench` and `report`. */
#ifndef ATMC_DRIVER_MEASUREMENT_H
#define ATMC_DRIVER_MEASUREMENT_H

#include "driver/peak.h"

typedef struct Measurement {
  double median, least; /* seconds */
  uint32_t runs;
  Work work; /* of a call */
  Peaks peaks;
  double *steps;   /* seconds of each step; NULL: not measured */
  const void **in; /* the tensors that it was measured with */
  void **out;
} Measurement;

/* Runs the only resolution of `c`, which is loaded: first to warm up, then to time it, as often as
 * --iterations says or for two seconds. Measures what the machine can reach and, if `profile`, each
 * step. */
MUST_CHECK Status measurement_take(Compilation *c, Native *native, bool profile, Measurement *m);
/* Multiply-adds in a second. */
double measurement_rate(const Measurement *m);

#endif
