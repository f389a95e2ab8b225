/* What this machine could reach at most, for `bench`; and what of it work took. */
#ifndef ATMC_DRIVER_PEAK_H
#define ATMC_DRIVER_PEAK_H

#include "driver/native.h"

/* In a second, with the instructions of the model's target, on all workers: multiply-adds, or
 * values of a function. */
typedef struct Peaks {
  double rates[PEAK_KIND_COUNT]; /* 0: not measured */
} Peaks;

/* Multiply-adds, by what is multiplied, and values of functions. */
typedef struct Work {
  uint64_t counts[PEAK_KIND_COUNT];
} Work;

/* The best of some milliseconds of nothing else: in f32, and for whatever else there is `work`. */
MUST_CHECK Status peak_measure(Native *native, Work work, Peaks *peaks);

/* Of one step. */
Work work_of_step(const Plan *plan, const Step *step);
/* Of a call whose nominal multiply-adds are `macs`. */
Work work_of_call(const Plan *plan, uint64_t macs);
/* Adds `more` to *work. */
void work_add(Work *work, Work more);
/* Multiply-adds of both kinds together. */
uint64_t work_macs(Work work);
/* What there is of it: the name of its kind, "mixed" for several, "-" for none. */
const char *work_text(Work work);
/* The share that the least time for `work`, each of its parts at its own peak, has of `seconds`. */
double work_share(Work work, const Peaks *peaks, double seconds);

#endif
