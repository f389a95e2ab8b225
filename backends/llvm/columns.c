/* Loops over the columns of a row, a vector at a time.
 *
 *   columns_all       [0, C) in whole vectors, then what is left of one
 *   columns_of_task   the vectors of the task's panels; what is left behind the last whole vector
 *                     belongs to the task whose panels reach there
 *   columns_copy_run  any number of floats that are side by side in both places
 *   columns_convert_run   the same of elements that become floats
 *   columns_repeat_run    the same floats again and again
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

/* Converts `lanes` elements at byte `bytes` of a run of `dtype`, or writes zeros where `from` is
 * NULL. */
static void convert_vector(KernelEmitter *k, DType dtype, LLVMValueRef from, LLVMValueRef to,
                           LLVMValueRef bytes, uint32_t lanes) {
  ModuleContext *m = k->m;
  LLVMValueRef x = from ? stored_load_centered(m, dtype, emit_address(m, from, bytes), lanes)
                        : LLVMConstNull(m->vector);
  emit_store(m, x, emit_address(m, to, emit_mul(m, bytes, 4 / dtype_bytes(dtype))), lanes);
}

/* What is left behind `looped` elements. What is converted has a whole last vector, where the run
 * has one: part of it is written twice. */
static void convert_rest(KernelEmitter *k, DType dtype, LLVMValueRef from, LLVMValueRef to,
                         uint64_t looped, uint64_t count) {
  uint32_t width = k->m->target->vector_floats, bytes = dtype_bytes(dtype);
  for (uint64_t at = looped; at < count; at += width) {
    uint32_t lanes = count - at < width ? (uint32_t)(count - at) : width;
    bool moved = lanes < width && dtype != DTYPE_F32 && count >= width;
    uint64_t begin = moved ? count - width : at;
    LLVMValueRef first = emit_i64(k->m, (int64_t)(bytes * begin));
    convert_vector(k, dtype, from, to, first, moved ? width : lanes);
  }
}

void columns_convert_run(KernelEmitter *k, DType dtype, LLVMValueRef from, LLVMValueRef to,
                         uint64_t count) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, bytes = dtype_bytes(dtype);
  uint64_t looped = count <= MAX_STRAIGHT * width ? 0 : count / width * width;
  if (looped) {
    Loop loop;
    LLVMValueRef end = emit_i64(m, (int64_t)(bytes * looped));
    loop_begin(m, &loop, emit_i64(m, 0), end, bytes * (uint64_t)width);
    convert_vector(k, dtype, from, to, loop.index, width);
    loop_end(m, &loop, NULL);
  }
  convert_rest(k, dtype, from, to, looped, count);
}

void columns_copy_run(KernelEmitter *k, LLVMValueRef from, LLVMValueRef to, uint64_t count) {
  columns_convert_run(k, DTYPE_F32, from, to, count);
}

void columns_repeat_run(KernelEmitter *k, LLVMValueRef run, LLVMValueRef to, uint64_t length,
                        uint64_t count) {
  if (!run || count == 0) {
    columns_copy_run(k, NULL, to, length * count);
    return;
  }
  ModuleContext *m = k->m;
  Loop runs;
  loop_begin(m, &runs, emit_i64(m, 0), emit_i64(m, (int64_t)count), 1);
  columns_copy_run(k, run, emit_address(m, to, emit_mul(m, runs.index, 4 * length)), length);
  loop_end(m, &runs, NULL);
}
