/* The timeline of one call (of a batch in rounds: the first), for `bench --trace`: a file that
 * chrome://tracing and Perfetto load. */
#ifndef ATMC_DRIVER_TRACE_H
#define ATMC_DRIVER_TRACE_H

#include "driver/peak.h"

typedef struct StepTrace {
  double begin, end; /* clock_seconds */
  TaskTime *tasks;   /* [plan_tasks] */
} StepTrace;

typedef struct Trace {
  const Plan *plan;
  StepTrace *steps; /* [step_count], of the first round */
} Trace;

/* Runs the steps one after the other, some times over, and keeps the shortest run. */
MUST_CHECK Status trace_record(Native *native, const void *const *in, void *const *out,
                               Arena *arena, Trace *trace);
/* Writes it in Chrome's JSON format: a track of the steps, and one of the tasks of each worker.
 * `title` names the whole. */
MUST_CHECK Status trace_write(const Trace *trace, const char *title, const Peaks *peaks,
                              const char *path, Arena *arena, Diag *diag);

#endif
