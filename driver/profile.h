/* The time of each step of a plan, beside its work: for `bench --profile` and `--trace`. */
#ifndef ATMC_DRIVER_PROFILE_H
#define ATMC_DRIVER_PROFILE_H

#include <cjson/cJSON.h>

#include "driver/peak.h"

/* What a step reads and writes at least: each of its tensors once. */
typedef struct Traffic {
  uint64_t weights, maps; /* bytes */
} Traffic;

typedef struct Profile {
  const Plan *plan;
  const double *seconds; /* [step_count], of one round */
  Peaks peaks;
} Profile;

/* Runs the steps one by one, `repeats` times over; `seconds` [step_count] gets the least of each:
 * what else the machine does only adds to it. */
MUST_CHECK Status profile_measure(Native *native, const void *const *in, void *const *out,
                                  uint32_t repeats, double *seconds);
/* A table of the steps, and the sums of these for each kernel and for each layer. */
void profile_print(const Profile *profile, Arena *arena);
/* The steps as an array of objects. */
cJSON *profile_json(const Profile *profile);

/* Of a step that calls it. */
Traffic profile_traffic(const PlanKernel *kernel);
/* A step that took `seconds`: its layers, work, bytes and rates. */
cJSON *profile_step_json(const Plan *plan, const Step *step, double seconds, const Peaks *peaks);

/* The median of `samples` [count], which are sorted. */
double profile_median(double *samples, uint32_t count);

#endif
