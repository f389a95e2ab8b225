/* The time of each step of a plan: for `bench --profile`. */
#ifndef ATMC_DRIVER_PROFILE_H
#define ATMC_DRIVER_PROFILE_H

#include <cjson/cJSON.h>

#include "driver/native.h"

/* Runs the steps one by one, `rounds` times over; `seconds` [step_count] gets the least of each:
 * what else the machine does only adds to it. */
MUST_CHECK Status profile_measure(Native *native, const float *const *in, float *const *out,
                                  uint32_t rounds, double *seconds);
/* A table of the steps, and one of the kernels with the sums of their steps. */
void profile_print(const Plan *plan, const double *seconds, Arena *arena);
cJSON *profile_json(const Plan *plan, const double *seconds);

/* The median of `samples` [count], which are sorted. */
double profile_median(double *samples, uint32_t count);

#endif
