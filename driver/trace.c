/* Events as in the "Trace Event Format": complete ones ("X") with a begin and a duration in
 * microseconds, and metadata ("M") that name the process and its threads. */
#include "driver/trace.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "driver/clock.h"
#include "driver/output.h"
#include "driver/profile.h"
#include "support/panic.h"

enum { CALLS = 5, PROCESS = 1, STEPS_TRACK = 0, FIRST_WORKER_TRACK = 1 };

/* -- recording --------------------------------------------------------------------------------- */

/* Room for the times of one call. */
static StepTrace *new_steps(Arena *arena, const Plan *plan) {
  StepTrace *steps = ARENA_ARRAY(arena, plan->step_count, StepTrace);
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    uint32_t tasks = plan_tasks(&plan->kernels[plan->steps[s].kernel]);
    steps[s].tasks = ARENA_ARRAY(arena, tasks, TaskTime);
  }
  return steps;
}

/* Seconds from the first step's begin to the last one's end. */
static double length(const Plan *plan, const StepTrace *steps) {
  return steps[plan->step_count - 1].end - steps[0].begin;
}

Status trace_record(Native *native, const void *const *in, void *const *out, Arena *arena,
                    Trace *trace) {
  const Plan *plan = native->plan;
  StepTrace *best = new_steps(arena, plan), *next = new_steps(arena, plan);
  for (uint32_t call = 0; call < CALLS; ++call) {
    for (uint32_t s = 0; s < plan->step_count; ++s) {
      next[s].begin = clock_seconds();
      RETURN_IF_ERROR(native_step(native, &plan->steps[s], in, out, next[s].tasks));
      next[s].end = clock_seconds();
    }
    if (call > 0 && length(plan, next) >= length(plan, best)) continue;
    StepTrace *other = best;
    best = next;
    next = other;
  }
  *trace = (Trace){plan, best};
  return STATUS_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* Events belong to a track (a thread, in the format's words): one of steps, and one of each worker.
 */
static cJSON *add_event(cJSON *events, const char *phase, const char *name, uint32_t track) {
  cJSON *event = cJSON_CreateObject();
  cJSON_AddStringToObject(event, "ph", phase);
  cJSON_AddStringToObject(event, "name", name);
  cJSON_AddNumberToObject(event, "pid", PROCESS);
  cJSON_AddNumberToObject(event, "tid", track);
  cJSON_AddItemToArray(events, event);
  return event;
}

/* Metadata: what a track is called. */
static void add_name(cJSON *events, const char *kind, const char *name, uint32_t track) {
  cJSON *args = cJSON_AddObjectToObject(add_event(events, "M", kind, track), "args");
  cJSON_AddStringToObject(args, "name", name);
}

/* `begin` and `end` in seconds from the begin of the trace. */
static cJSON *add_span(cJSON *events, const char *category, const char *name, uint32_t track,
                       double begin, double end) {
  cJSON *event = add_event(events, "X", name, track);
  cJSON_AddStringToObject(event, "cat", category);
  cJSON_AddNumberToObject(event, "ts", 1e6 * begin);
  cJSON_AddNumberToObject(event, "dur", 1e6 * (end - begin));
  return event;
}

/* A span on the track of steps, and one for each task on its worker's. */
static void add_step(cJSON *events, const Trace *trace, uint32_t index, const Peaks *peaks) {
  const Plan *plan = trace->plan;
  const Step *step = &plan->steps[index];
  const StepTrace *times = &trace->steps[index];
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  double zero = trace->steps[0].begin;
  cJSON *event =
      add_span(events, "step", kernel->name, STEPS_TRACK, times->begin - zero, times->end - zero);
  cJSON_AddItemToObject(event, "args",
                        profile_step_json(plan, step, times->end - times->begin, peaks));
  for (uint32_t t = 0; t < plan_tasks(kernel); ++t) {
    const TaskTime *task = &times->tasks[t];
    event = add_span(events, "task", kernel->name, FIRST_WORKER_TRACK + task->worker,
                     task->begin - zero, task->end - zero);
    cJSON *args = cJSON_AddObjectToObject(event, "args");
    cJSON_AddNumberToObject(args, "step", index);
    cJSON_AddNumberToObject(args, "task", t);
  }
}

/* One more than the highest worker that ran a task. */
static uint32_t worker_count(const Trace *trace) {
  uint32_t count = 0;
  for (uint32_t s = 0; s < trace->plan->step_count; ++s) {
    uint32_t tasks = plan_tasks(&trace->plan->kernels[trace->plan->steps[s].kernel]);
    for (uint32_t t = 0; t < tasks; ++t) {
      uint32_t worker = trace->steps[s].tasks[t].worker;
      if (worker >= count) count = worker + 1;
    }
  }
  return count;
}

static void add_names(cJSON *events, const Trace *trace, const char *title, Arena *arena) {
  const Plan *plan = trace->plan;
  if (plan->rounds > 1) title = arena_printf(arena, "%s, one of %u rounds", title, plan->rounds);
  add_name(events, "process_name", title, STEPS_TRACK);
  add_name(events, "thread_name", "steps", STEPS_TRACK);
  for (uint32_t w = 0; w < worker_count(trace); ++w) {
    add_name(events, "thread_name", arena_printf(arena, "worker %u", w), FIRST_WORKER_TRACK + w);
  }
}

Status trace_write(const Trace *trace, const char *title, const Peaks *peaks, const char *path,
                   Arena *arena, Diag *diag) {
  cJSON *root = cJSON_CreateObject();
  cJSON *events = cJSON_AddArrayToObject(root, "traceEvents");
  cJSON_AddStringToObject(root, "displayTimeUnit", "ms");
  add_names(events, trace, title, arena);
  for (uint32_t s = 0; s < trace->plan->step_count; ++s) add_step(events, trace, s, peaks);
  char *text = cJSON_PrintUnformatted(root);
  CHECK(text);
  Status status = output_text(arena, diag, path, text);
  free(text);
  cJSON_Delete(root);
  return status;
}
