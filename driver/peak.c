/* What this machine can reach with the target's multiply-adds: the best of many short runs. */
#include "driver/peak.h"

#include "driver/clock.h"
#include "support/panic.h"

/* A run takes about half a millisecond: longer than a worker needs to wake. */
enum { RUNS = 60, TASKS_PER_THREAD = 4, MAX_THREADS = 64 };

Status peak_measure(Native *native, double *macs_per_second) {
  CHECK(native->env.threads <= MAX_THREADS);
  float sums[MAX_THREADS][LLVM_PEAK_FLOATS];
  uint32_t tasks = TASKS_PER_THREAD * native->env.threads;
  double macs = (double)tasks * (double)llvm_peak_macs(native->plan->target);
  *macs_per_second = 0;
  for (uint32_t i = 0; i < RUNS; ++i) {
    double begin = clock_seconds();
    RETURN_IF_ERROR(native_tasks(native, native->peak, sums, tasks));
    double rate = macs / (clock_seconds() - begin);
    if (rate > *macs_per_second) *macs_per_second = rate;
  }
  return STATUS_OK;
}
