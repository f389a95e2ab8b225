/* What only a run can tell. */
#include <math.h>

#include "driver/bandwidth.h"
#include "driver/gather.h"
#include "driver/kernel_check.h"
#include "driver/trace.h"
#include "support/panic.h"

/* -- times ------------------------------------------------------------------------------------- */

static void add_times(const Native *native, const Measurement *m, ReportColumn *column) {
  column->median_ms = 1e3 * m->median;
  column->min_ms = 1e3 * m->least;
  column->iterations = m->runs;
  column->gflops = 2e-9 * measurement_rate(m);
  column->peak_gflops = 2e-9 * m->peaks.rates[PEAK_F32];
  column->int8_peak_gops = 2e-9 * m->peaks.rates[PEAK_INT8];
  column->peak_share = work_share(m->work, &m->peaks, m->median);
  column->images_per_second = (double)native->plan->inputs[0].type.dims[0] / m->median;
  CHECK(column->steps.count == native->plan->step_count);
  for (uint32_t s = 0; s < column->steps.count; ++s) {
    ReportStep *step = &column->steps.items[s];
    Work work = work_of_step(native->plan, &native->plan->steps[s]);
    step->ms = 1e3 * m->steps[s];
    step->gflops = 2e-9 * (double)work_macs(work) / m->steps[s];
    step->peak_share = work_share(work, &m->peaks, m->steps[s]);
  }
}

/* -- timeline ---------------------------------------------------------------------------------- */

/* The worker's last span where it is of the same step; else a new one. */
static ReportSpan *span_of(ReportColumn *column, Arena *arena, uint32_t first, uint32_t worker,
                           uint32_t step) {
  for (uint32_t i = column->spans.count; i-- > first;) {
    if (column->spans.items[i].worker == worker) return &column->spans.items[i];
  }
  ReportSpan span = {.worker = worker, .step = step, .begin_ms = INFINITY};
  REPORT_PUSH(arena, column->spans, span);
  return &column->spans.items[column->spans.count - 1];
}

static void add_spans(const Trace *trace, Arena *arena, ReportColumn *column) {
  double zero = trace->steps[0].begin;
  for (uint32_t s = 0; s < trace->plan->step_count; ++s) {
    uint32_t first = column->spans.count;
    uint32_t tasks = plan_tasks(&trace->plan->kernels[trace->plan->steps[s].kernel]);
    for (uint32_t t = 0; t < tasks; ++t) {
      const TaskTime *time = &trace->steps[s].tasks[t];
      ReportSpan *span = span_of(column, arena, first, time->worker, s);
      double begin = 1e3 * (time->begin - zero), end = 1e3 * (time->end - zero);
      if (begin < span->begin_ms) span->begin_ms = begin;
      if (end > span->end_ms) span->end_ms = end;
      ++span->tasks;
    }
  }
}

/* -- accuracy ---------------------------------------------------------------------------------- */

static void add_check(const Comparison *comparison, const char *kernel, const char *label,
                      Arena *arena, ReportColumn *column) {
  ReportCheck check = {.kernel = kernel,
                       .label = label,
                       .largest = comparison->largest,
                       .error = comparison->error,
                       .relative = comparison_relative(comparison),
                       .bound = comparison_bound(comparison),
                       .quantized = comparison->quantized,
                       .decibels = comparison->quantized ? comparison_decibels(comparison) : 0,
                       .holds = comparison_holds(comparison)};
  REPORT_PUSH(arena, column->checks, check);
}

static Status check_steps(Compilation *c, Native *native, const Measurement *m,
                          ReportColumn *column) {
  const Plan *plan = native->plan;
  KernelCheck check;
  progress_step(&c->progress, "comparing with the interpreter");
  Status status = kernel_check_begin(&check, c, native, m->in, m->out);
  for (uint32_t s = 0; s < plan->step_count && !status; ++s) {
    Comparison comparison;
    status = kernel_check_step(&check, s, &comparison);
    if (status) break;
    add_check(&comparison, plan->kernels[plan->steps[s].kernel].name, plan->steps[s].label,
              c->arena, column);
    progress_share(&c->progress, (double)(s + 1) / plan->step_count);
  }
  kernel_check_end(&check);
  progress_end(&c->progress);
  return status;
}

Status gather_machine(Compilation *c, Native *native, ReportColumn *column) {
  Measurement m;
  Trace trace;
  double bandwidth = 0;
  RETURN_IF_ERROR(measurement_take(c, native, true, &m));
  add_times(native, &m, column);
  RETURN_IF_ERROR(trace_record(native, m.in, m.out, c->arena, &trace));
  add_spans(&trace, c->arena, column);
  RETURN_IF_ERROR(bandwidth_measure(native, &bandwidth));
  column->bandwidth_gbs = 1e-9 * bandwidth;
  return check_steps(c, native, &m, column);
}
