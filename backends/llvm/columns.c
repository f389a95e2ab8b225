/* Loops over the columns of a row, a vector at a time.
 *
 *   columns_all       [0, C) in whole vectors, then what is left of one
 *   columns_of_task   the vectors of the task's panels; what is left behind the last whole vector
 *                     belongs to the task whose panels reach there
 *   columns_copy_run  any number of floats that are side by side in both places
 */
#include "backends/llvm/kernel.h"

enum { MAX_STRAIGHT = 4 }; /* vectors that are copied without a loop */

Site columns_site(KernelEmitter *k, LLVMValueRef row, uint32_t channels, uint32_t first) {
  uint32_t width = k->m->target->vector_floats, rest = channels - first;
  return (Site){.row = row,
                .column = emit_i64(k->m, 0),
                .column_plus = first,
                .lanes = rest < width ? rest : width};
}

void columns_all(KernelEmitter *k, LLVMValueRef row, uint32_t channels, SiteEmitter *emit,
                 void *context) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, full = channels - channels % width;
  Site site = {.row = row, .lanes = width};
  if (full) {
    Loop columns;
    loop_begin(m, &columns, emit_i64(m, 0), emit_i64(m, full), width);
    site.column = columns.index;
    emit(k, site, context);
    loop_end(m, &columns, NULL);
  }
  if (channels > full) {
    site.column = emit_i64(m, full);
    site.lanes = channels - full;
    emit(k, site, context);
  }
}

void columns_of_task(KernelEmitter *k, LLVMValueRef row, uint32_t channels, SiteEmitter *emit,
                     void *context) {
  if (k->kernel->column_blocks == 1) {
    columns_all(k, row, channels, emit, context);
    return;
  }
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, full = channels - channels % width;
  PanelRange panels = kernel_panels(k, channels);
  LLVMValueRef end = emit_mul(m, panels.end, PLAN_PANEL);
  Site site = {.row = row, .lanes = width};
  Loop loop;
  loop_begin(m, &loop, emit_mul(m, panels.begin, PLAN_PANEL), emit_least(m, end, emit_i64(m, full)),
             width);
  site.column = loop.index;
  emit(k, site, context);
  loop_end(m, &loop, NULL);
  if (channels == full) return;
  /* The last vector: in the task whose panels reach behind it. */
  Branch last;
  branch_begin(m, &last, LLVMBuildICmp(m->builder, LLVMIntSGT, end, emit_i64(m, full), ""));
  site.column = emit_i64(m, full);
  site.lanes = channels - full;
  emit(k, site, context);
  branch_end(m, &last);
}

/* One row of a value: from its home to another result. */
typedef struct Repeat {
  const View *from;
  const View *to;
} Repeat;

/* A SiteEmitter; `context` is a Repeat. */
static void copy_vector(KernelEmitter *k, Site site, void *context) {
  const Repeat *repeat = context;
  view_store(k, repeat->to, site, view_load(k, repeat->from, site));
}

void columns_repeat_row(KernelEmitter *k, ValueId value, LLVMValueRef row) {
  for (uint32_t r = 0; r < k->body->output_count; ++r) {
    if (!view_repeats(k, value, r)) continue;
    Repeat repeat = {.from = &k->views[value.index], .to = &k->result_views[r]};
    columns_all(k, row, value_channels(k, value), copy_vector, &repeat);
  }
}

/* Copies `lanes` floats at byte `bytes` of a run, or writes zeros when `from` is NULL. */
static void copy_run_vector(KernelEmitter *k, LLVMValueRef from, LLVMValueRef to,
                            LLVMValueRef bytes, uint32_t lanes) {
  ModuleContext *m = k->m;
  LLVMValueRef x =
      from ? emit_load(m, emit_address(m, from, bytes), lanes) : LLVMConstNull(m->vector);
  emit_store(m, x, emit_address(m, to, bytes), lanes);
}

void columns_copy_run(KernelEmitter *k, LLVMValueRef from, LLVMValueRef to, uint64_t count) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats;
  uint64_t looped = count <= MAX_STRAIGHT * width ? 0 : count / width * width;
  if (looped) {
    Loop loop;
    LLVMValueRef end = emit_i64(m, (int64_t)(4 * looped));
    loop_begin(m, &loop, emit_i64(m, 0), end, 4 * (uint64_t)width);
    copy_run_vector(k, from, to, loop.index, width);
    loop_end(m, &loop, NULL);
  }
  for (uint64_t at = looped; at < count; at += width) {
    uint32_t lanes = count - at < width ? (uint32_t)(count - at) : width;
    copy_run_vector(k, from, to, emit_i64(m, (int64_t)(4 * at)), lanes);
  }
}
