/* What this machine can reach with the target's multiply-adds: the best of many short runs. */
#include "driver/peak.h"

#include "driver/clock.h"
#include "ir/macs.h"
#include "support/panic.h"

/* A run takes about half a millisecond: longer than a worker needs to wake. */
enum { RUNS = 60, TASKS_PER_THREAD = 4, MAX_THREADS = 64 };

static Status measure(Native *native, PeakKind kind, double *macs_per_second) {
  CHECK(native->env.threads <= MAX_THREADS);
  _Alignas(8) float sums[MAX_THREADS][LLVM_PEAK_FLOATS] = {{0}};
  uint32_t tasks = TASKS_PER_THREAD * native->env.threads;
  double macs = (double)tasks * (double)llvm_peak_macs(native->plan->target, kind);
  *macs_per_second = 0;
  for (uint32_t i = 0; i < RUNS; ++i) {
    double begin = clock_seconds();
    RETURN_IF_ERROR(native_tasks(native, native->peaks[kind], sums, tasks));
    double rate = macs / (clock_seconds() - begin);
    if (rate > *macs_per_second) *macs_per_second = rate;
  }
  return STATUS_OK;
}

Status peak_measure(Native *native, Work work, Peaks *peaks) {
  *peaks = (Peaks){0};
  RETURN_IF_ERROR(measure(native, PEAK_F32, &peaks->rates[PEAK_F32]));
  if (!work.macs[PEAK_INT8]) return STATUS_OK;
  return measure(native, PEAK_INT8, &peaks->rates[PEAK_INT8]);
}

/* -- work -------------------------------------------------------------------------------------- */

/* Of `macs` in all, `whole` of them in int8. */
static Work split(uint64_t macs, uint64_t whole) {
  return (Work){{[PEAK_F32] = macs > whole ? macs - whole : 0, [PEAK_INT8] = whole}};
}

static uint64_t int8_macs(const Graph *body) {
  uint64_t macs = 0;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (node->op == OP_QUANTIZED_LINEAR) macs += macs_of_node(body, node);
  }
  return macs;
}

Work work_of_step(const Plan *plan, const Step *step) {
  return split(step->macs, int8_macs(plan->kernels[step->kernel].body));
}

Work work_of_call(const Plan *plan, uint64_t macs) {
  uint64_t whole = 0;
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    whole += int8_macs(plan->kernels[plan->steps[s].kernel].body);
  }
  return split(macs, plan->rounds * whole);
}

void work_add(Work *work, Work more) {
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) work->macs[kind] += more.macs[kind];
}

uint64_t work_macs(Work work) {
  return work.macs[PEAK_F32] + work.macs[PEAK_INT8];
}

const char *work_text(Work work) {
  const char *text = "-";
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    if (work.macs[kind]) text = work.macs[kind] == work_macs(work) ? llvm_peak_name(kind) : "both";
  }
  return text;
}

double work_share(Work work, const Peaks *peaks, double seconds) {
  double least = 0;
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    if (work.macs[kind]) least += (double)work.macs[kind] / peaks->rates[kind];
  }
  return least / seconds;
}
