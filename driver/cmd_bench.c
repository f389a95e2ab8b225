/* atmc bench: how fast a model runs on this machine, on a synthetic image. */
#include <stdio.h>
#include <stdlib.h>

#include "driver/clock.h"
#include "driver/commands.h"
#include "driver/output.h"
#include "driver/profile.h"
#include "driver/summary.h"
#include "driver/trace.h"
#include "driver/units.h"
#include "support/panic.h"

static const double WARM_UP_SECONDS = 0.2, MEASURE_SECONDS = 2;
enum { LEAST_RUNS = 5, MOST_RUNS = 100000, PROFILE_REPEATS = 15 };

typedef struct Measurement {
  double median, least; /* seconds */
  uint32_t runs;
  Work work; /* of a call */
  Peaks peaks;
  double *steps;   /* seconds of each step; NULL without --profile */
  const void **in; /* the tensors that it was measured with */
  void **out;
} Measurement;

/* Times of runs, in seconds. */
typedef struct Samples {
  double *seconds;
  uint32_t count, most; /* there are; there is room for */
} Samples;

/* Fills *samples: runs until `limit` seconds are over, but LEAST_RUNS times at least. */
static Status time_runs(Native *native, const Measurement *m, double limit, Samples *samples) {
  double begin = clock_seconds();
  double last = begin;
  uint32_t *count = &samples->count;
  for (*count = 0; *count < samples->most && (*count < LEAST_RUNS || last - begin < limit);
       ++*count) {
    RETURN_IF_ERROR(native_run(native, m->in, m->out));
    double now = clock_seconds();
    samples->seconds[*count] = now - last;
    last = now;
  }
  return STATUS_OK;
}

/* Behind the results on the standard output. */
static Status write_trace(Compilation *c, Native *native, const Measurement *m) {
  Trace trace;
  RETURN_IF_ERROR(output_finish(c->diag));
  RETURN_IF_ERROR(trace_record(native, m->in, m->out, c->arena, &trace));
  const char *title = arena_printf(c->arena, "%s at %s for %s", c->model->name,
                                   shapes_format(c->variants[0].resolutions[0].shape, c->arena),
                                   c->variants[0].target->name);
  return trace_write(&trace, title, &m->peaks, c->options->trace, c->arena, c->diag);
}

/* Fills all of *m but its work: warms up, then times runs, what the machine can reach and, if
 * asked, each step. */
static Status measure(Compilation *c, Native *native, Measurement *m) {
  native_sample_tensors(c->arena, native->plan, &m->in, &m->out);
  uint32_t asked = (uint32_t)c->options->iterations;
  Samples samples = {.most = MOST_RUNS};
  samples.seconds = ARENA_ARRAY(c->arena, asked > MOST_RUNS ? asked : MOST_RUNS, double);
  RETURN_IF_ERROR(time_runs(native, m, WARM_UP_SECONDS, &samples));
  if (asked) samples.most = asked;
  RETURN_IF_ERROR(time_runs(native, m, asked ? 1e9 : MEASURE_SECONDS, &samples));
  m->runs = samples.count;
  m->median = profile_median(samples.seconds, m->runs);
  m->least = samples.seconds[0];
  RETURN_IF_ERROR(peak_measure(native, m->work, &m->peaks));
  if (!c->options->profile) return STATUS_OK;
  m->steps = ARENA_ARRAY(c->arena, native->plan->step_count, double);
  return profile_measure(native, m->in, m->out, PROFILE_REPEATS, m->steps);
}

/* Everything from the model's text to code and weights in memory. */
static double compile_seconds(const Compilation *c) {
  return c->times.read + c->times.passes + c->times.emit;
}

/* Multiply-adds in a second. */
static double rate(const Measurement *m) {
  return (double)work_macs(m->work) / m->median;
}

/* By the median run. */
static double images_per_second(const Native *native, const Measurement *m) {
  return (double)native->plan->inputs[0].type.dims[0] / m->median;
}

static void print_text(const Compilation *c, const Native *native, const Measurement *m) {
  char macs[UNITS_TEXT_MAX], bytes[UNITS_TEXT_MAX];
  unsigned threads = (unsigned)c->options->threads;
  uint64_t whole = m->work.macs[PEAK_INT8];
  printf("%s at %s for %s, %u thread%s\n", c->model->name,
         shapes_format(c->variants[0].resolutions[0].shape, c->arena), c->variants[0].target->name,
         threads, threads == 1 ? "" : "s");
  printf("  time       median %.3f ms, least %.3f ms of %u runs\n", 1e3 * m->median, 1e3 * m->least,
         m->runs);
  printf("  speed      %.1f G%s/s (%s multiply-adds), %.0f %% of the peak's %.1f", 2e-9 * rate(m),
         whole ? "op" : "FLOP", units_count(work_macs(m->work), macs),
         100 * work_share(m->work, &m->peaks, m->median), 2e-9 * m->peaks.rates[PEAK_F32]);
  if (whole) {
    printf(" in f32 and %.1f in int8 (%s)", 2e-9 * m->peaks.rates[PEAK_INT8],
           units_count(whole, macs));
  }
  printf("\n");
  printf("  rate       %.1f images/s\n", images_per_second(native, m));
  printf("  workspace  %s\n", units_bytes(native->workspace_bytes, bytes));
  printf("  compiled   in %.2f s\n", compile_seconds(c));
  if (m->steps) profile_print(&(Profile){native->plan, m->steps, m->peaks}, c->arena);
}

/* Those that were measured, and the share of them. */
static void add_peaks(cJSON *root, const Measurement *m) {
  cJSON_AddNumberToObject(root, "peak_gflops", 2e-9 * m->peaks.rates[PEAK_F32]);
  if (m->work.macs[PEAK_INT8]) {
    cJSON_AddNumberToObject(root, "int8_peak_gops", 2e-9 * m->peaks.rates[PEAK_INT8]);
  }
  cJSON_AddNumberToObject(root, "peak_share", work_share(m->work, &m->peaks, m->median));
  cJSON_AddStringToObject(root, "peak_of", work_text(m->work));
}

/* The same numbers, times in milliseconds. cJSON has no room for failure (main.c). */
static void print_json(const Compilation *c, const Native *native, const Measurement *m) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "model", c->model->name);
  cJSON_AddStringToObject(root, "shape",
                          shapes_format(c->variants[0].resolutions[0].shape, c->arena));
  cJSON_AddStringToObject(root, "isa", c->variants[0].target->name);
  cJSON_AddNumberToObject(root, "threads", (double)c->options->threads);
  cJSON_AddNumberToObject(root, "median_ms", 1e3 * m->median);
  cJSON_AddNumberToObject(root, "min_ms", 1e3 * m->least);
  cJSON_AddNumberToObject(root, "iterations", m->runs);
  cJSON_AddNumberToObject(root, "macs", (double)work_macs(m->work));
  cJSON_AddNumberToObject(root, "int8_macs", (double)m->work.macs[PEAK_INT8]);
  cJSON_AddNumberToObject(root, "gflops", 2e-9 * rate(m));
  add_peaks(root, m);
  cJSON_AddNumberToObject(root, "images_per_second", images_per_second(native, m));
  cJSON_AddNumberToObject(root, "workspace_bytes", (double)native->workspace_bytes);
  cJSON_AddNumberToObject(root, "compile_ms", 1e3 * compile_seconds(c));
  cJSON_AddNumberToObject(root, "rounds", native->plan->rounds);
  if (m->steps) {
    Profile profile = {native->plan, m->steps, m->peaks};
    cJSON_AddItemToObject(root, "steps", profile_json(&profile));
  }
  char *text = cJSON_Print(root);
  CHECK(text);
  puts(text);
  free(text);
  cJSON_Delete(root);
}

static Status bench_native(Compilation *c, Native *native) {
  Measurement m = {.work = work_of_call(native->plan, c->variants[0].resolutions[0].macs)};
  RETURN_IF_ERROR(measure(c, native, &m));
  if (c->options->json) {
    print_json(c, native, &m);
  } else {
    print_text(c, native, &m);
  }
  return c->options->trace ? write_trace(c, native, &m) : STATUS_OK;
}

static Status bench(Compilation *c) {
  const char *trace = c->options->trace;
  if (trace) RETURN_IF_ERROR(output_check(c->options, c->arena, c->diag, trace));
  return native_with(c, bench_native);
}

Status cmd_bench(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, bench);
}
