/* What this machine can reach with the target's instructions: the best of many short runs. */
#include "driver/peak.h"

#include "driver/clock.h"
#include "ir/graph.h"
#include "ir/macs.h"
#include "support/panic.h"

/* A run takes about half a millisecond: longer than a worker needs to wake. */
enum { RUNS = 60, TASKS_PER_THREAD = 4 };

static Status measure(Native *native, PeakKind kind, double *per_second) {
  uint32_t tasks = TASKS_PER_THREAD * native->threads;
  double count = (double)tasks * (double)llvm_peak_count(native->plan->target, kind);
  *per_second = 0;
  for (uint32_t i = 0; i < RUNS; ++i) {
    double begin = clock_seconds();
    RETURN_IF_ERROR(native_spin(native, kind, tasks));
    double rate = count / (clock_seconds() - begin);
    if (rate > *per_second) *per_second = rate;
  }
  return STATUS_OK;
}

Status peak_measure(Native *native, Work work, Peaks *peaks) {
  *peaks = (Peaks){0};
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    if (kind != PEAK_F32 && !work.counts[kind]) continue;
    RETURN_IF_ERROR(measure(native, (PeakKind)kind, &peaks->rates[kind]));
  }
  return STATUS_OK;
}

/* -- work -------------------------------------------------------------------------------------- */

static uint64_t count_elements(const Graph *body, const Node *node) {
  int64_t elements;
  CHECK(type_count(graph_type(body, node_result(node, 0)), &elements));
  return (uint64_t)elements;
}

/* One for each state; p has B and C of each. */
static uint64_t count_decays(const Graph *body, const Node *node) {
  enum { P = 1 };
  return count_elements(body, node) * (uint64_t)type_channels(graph_type(body, node->operands[P])) /
         2;
}

/* Those that it makes itself. */
static uint64_t count_steps(const Graph *body, const Node *node) {
  int32_t rank = node->attrs.SELECTIVE_SCAN.rank;
  return rank ? macs_of_node(body, node) / (uint64_t)rank : 0;
}

/* What is work of another kind than multiply-adds in f32. */
typedef struct OpWork {
  OpKind op;
  PeakKind kind;
  uint64_t (*count)(const Graph *body, const Node *node);
} OpWork;

static const OpWork op_works[] = {{OP_QUANTIZED_LINEAR, PEAK_INT8, macs_of_node},
                                  {OP_SELECTIVE_SCAN, PEAK_EXP, count_decays},
                                  {OP_SELECTIVE_SCAN, PEAK_SOFTPLUS, count_steps},
                                  {OP_SOFTPLUS, PEAK_SOFTPLUS, count_elements}};

/* Adds all of a step, but for multiply-adds in f32, `times` times. */
static void add_ops(const Plan *plan, const Step *step, uint64_t times, Work *work) {
  const Graph *body = plan->kernels[step->kernel].body;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    for (uint32_t w = 0; w < sizeof op_works / sizeof *op_works; ++w) {
      if (op_works[w].op != body->nodes[i].op) continue;
      work->counts[op_works[w].kind] += times * op_works[w].count(body, &body->nodes[i]);
    }
  }
}

/* Of `macs` multiply-adds in all those of f32. */
static void set_f32(Work *work, uint64_t macs) {
  uint64_t whole = work->counts[PEAK_INT8];
  work->counts[PEAK_F32] = macs > whole ? macs - whole : 0;
}

Work work_of_step(const Plan *plan, const Step *step) {
  Work work = {0};
  add_ops(plan, step, 1, &work);
  set_f32(&work, step->macs);
  return work;
}

Work work_of_call(const Plan *plan, uint64_t macs) {
  Work work = {0};
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    add_ops(plan, &plan->steps[s], plan->rounds, &work);
  }
  set_f32(&work, macs);
  return work;
}

void work_add(Work *work, Work more) {
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) work->counts[kind] += more.counts[kind];
}

uint64_t work_macs(Work work) {
  return work.counts[PEAK_F32] + work.counts[PEAK_INT8];
}

const char *work_text(Work work) {
  const char *text = "-";
  uint32_t kinds = 0;
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    if (!work.counts[kind]) continue;
    text = llvm_peak_name((PeakKind)kind);
    ++kinds;
  }
  return kinds > 1 ? "mixed" : text;
}

double work_share(Work work, const Peaks *peaks, double seconds) {
  double least = 0;
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    if (work.counts[kind]) least += (double)work.counts[kind] / peaks->rates[kind];
  }
  return least / seconds;
}
