/* atmc bench: how fast a model runs on this machine, on a synthetic image. */
#include <stdio.h>
#include <stdlib.h>

#include "driver/commands.h"
#include "driver/measurement.h"
#include "driver/output.h"
#include "driver/profile.h"
#include "driver/report/model.h"
#include "driver/summary.h"
#include "driver/trace.h"
#include "driver/units.h"
#include "support/panic.h"

/* Behind the results on the standard output, and behind all that could still run out of memory. */
static Status write_trace(Compilation *c, Native *native, const Measurement *m) {
  Trace trace;
  RETURN_IF_ERROR(output_finish(c->diag));
  RETURN_IF_ERROR(trace_record(native, m->in, m->out, c->arena, &trace));
  const char *title = arena_printf(c->arena, "%s at %s for %s", c->model->name,
                                   shapes_format(c->variants[0].resolutions[0].shape, c->arena),
                                   c->variants[0].target->name);
  native_close(native, STATUS_OK);
  return trace_write(&trace, title, &m->peaks, c->options->trace, c->arena, c->diag);
}

/* Everything from the model's text to code and weights in memory. */
static double compile_seconds(const Compilation *c) {
  return c->times.read + c->times.passes + c->times.emit;
}

/* By the median run. */
static double images_per_second(const Native *native, const Measurement *m) {
  return (double)native->plan->inputs[0].type.dims[0] / m->median;
}

/* The functions that count as work, which are part of the share. */
static void print_functions(const Measurement *m) {
  static const PeakKind functions[] = {PEAK_EXP, PEAK_SOFTPLUS};
  const char *before = "  functions  ";
  char count[UNITS_TEXT_MAX];
  for (uint32_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    PeakKind kind = functions[i];
    if (!m->work.counts[kind]) continue;
    printf("%s%s of %s at %.2f G/s at most", before, units_count(m->work.counts[kind], count),
           llvm_peak_name(kind), 1e-9 * m->peaks.rates[kind]);
    before = ", ";
  }
  if (*before == ',') printf(": counted in the share\n");
}

static void print_text(const Compilation *c, const Native *native, const Measurement *m) {
  char macs[UNITS_TEXT_MAX], bytes[UNITS_TEXT_MAX];
  unsigned threads = (unsigned)c->options->threads;
  uint64_t whole = m->work.counts[PEAK_INT8];
  printf("%s at %s for %s, %u thread%s\n", c->model->name,
         shapes_format(c->variants[0].resolutions[0].shape, c->arena), c->variants[0].target->name,
         threads, threads == 1 ? "" : "s");
  printf("  time       median %.3f ms, least %.3f ms of %u runs\n", 1e3 * m->median, 1e3 * m->least,
         m->runs);
  printf("  speed      %.1f G%s/s (%s multiply-adds), %.0f %% of the peak's %.1f",
         2e-9 * measurement_rate(m), whole ? "op" : "FLOP", units_count(work_macs(m->work), macs),
         100 * work_share(m->work, &m->peaks, m->median), 2e-9 * m->peaks.rates[PEAK_F32]);
  if (whole) {
    printf(" in f32 and %.1f in int8 (%s)", 2e-9 * m->peaks.rates[PEAK_INT8],
           units_count(whole, macs));
  }
  printf("\n");
  print_functions(m);
  printf("  rate       %.1f images/s\n", images_per_second(native, m));
  printf("  workspace  %s\n", units_bytes(native->workspace_bytes, bytes));
  printf("  compiled   in %.2f s\n", compile_seconds(c));
  if (m->steps) profile_print(&(Profile){native->plan, m->steps, m->peaks}, c->arena);
}

/* Those that were measured, and the share of them. */
static void add_peaks(cJSON *root, const Measurement *m) {
  cJSON_AddNumberToObject(root, "peak_gflops", 2e-9 * m->peaks.rates[PEAK_F32]);
  if (m->work.counts[PEAK_INT8]) {
    cJSON_AddNumberToObject(root, "int8_peak_gops", 2e-9 * m->peaks.rates[PEAK_INT8]);
  }
  if (m->work.counts[PEAK_EXP]) {
    cJSON_AddNumberToObject(root, "exp_peak_gops", 1e-9 * m->peaks.rates[PEAK_EXP]);
  }
  if (m->work.counts[PEAK_SOFTPLUS]) {
    cJSON_AddNumberToObject(root, "softplus_peak_gops", 1e-9 * m->peaks.rates[PEAK_SOFTPLUS]);
  }
  cJSON_AddNumberToObject(root, "peak_share", work_share(m->work, &m->peaks, m->median));
  cJSON_AddStringToObject(root, "peak_of", work_text(m->work));
}

/* The same numbers, times in milliseconds. cJSON has no room for failure (main.c). */
static void print_json(const Compilation *c, const Native *native, const Measurement *m) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "kind", "bench");
  cJSON_AddNumberToObject(root, "schema", REPORT_SCHEMA);
  cJSON_AddStringToObject(root, "model", c->model->name);
  cJSON_AddStringToObject(root, "shape",
                          shapes_format(c->variants[0].resolutions[0].shape, c->arena));
  cJSON_AddStringToObject(root, "isa", c->variants[0].target->name);
  cJSON_AddNumberToObject(root, "threads", (double)c->options->threads);
  cJSON_AddNumberToObject(root, "median_ms", 1e3 * m->median);
  cJSON_AddNumberToObject(root, "min_ms", 1e3 * m->least);
  cJSON_AddNumberToObject(root, "iterations", m->runs);
  cJSON_AddNumberToObject(root, "macs", (double)work_macs(m->work));
  cJSON_AddNumberToObject(root, "int8_macs", (double)m->work.counts[PEAK_INT8]);
  cJSON_AddNumberToObject(root, "gflops", 2e-9 * measurement_rate(m));
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
  Measurement m;
  RETURN_IF_ERROR(measurement_take(c, native, c->options->profile, &m));
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
