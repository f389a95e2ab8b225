/* patches (im2col): row (i, j) of the result is the window around it, zero outside the map.
 *
 * The order of a row is (kh, kw, c), or (c, kh, kw) with channels_first. What lies side by side in
 * the map and in the row is copied as a run:
 *
 *   nhwc, (kh, kw, c)   for each tap: C channels, or zeros
 *   nchw, (c, kh, kw)   where the whole window is inside, for each (c, kh): kernel_w columns
 *   otherwise           element by element
 */
#include "backends/llvm/kernel.h"
#include "support/panic.h"

typedef struct Patches {
  AttrsPATCHES window;
  View x; /* the whole map */
  View y;
  int64_t height, width, channels;
  uint64_t step_c, step_h, step_w; /* in a row of the result, in elements */
  LLVMValueRef top, left;          /* the window's corner; may be outside */
} Patches;

static LLVMValueRef unsigned_less(ModuleContext *m, LLVMValueRef a, int64_t limit) {
  return LLVMBuildICmp(m->builder, LLVMIntULT, a, emit_i64(m, limit), "");
}

static LLVMValueRef both(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildAnd(m->builder, a, b, "");
}

/* The map's element of tap (h, w) at channel c; it may be outside. */
static LLVMValueRef map_address(KernelEmitter *k, const Patches *p, LLVMValueRef h, LLVMValueRef w,
                                LLVMValueRef c) {
  ModuleContext *m = k->m;
  LLVMValueRef line = emit_mul(m, emit_add(m, p->top, h), (uint64_t)p->width);
  Site site = {.row = emit_add(m, line, emit_add(m, p->left, w)), .column = c};
  return view_address(k, &p->x, site);
}

static LLVMValueRef row_address(KernelEmitter *k, const Patches *p, LLVMValueRef row,
                                LLVMValueRef h, LLVMValueRef w, LLVMValueRef c) {
  ModuleContext *m = k->m;
  LLVMValueRef column = emit_add(m, emit_mul(m, h, p->step_h), emit_mul(m, w, p->step_w));
  column = emit_add(m, column, emit_mul(m, c, p->step_c));
  return view_address(k, &p->y, (Site){.row = row, .column = column});
}

/* Is tap (h, w) inside the map? */
static LLVMValueRef tap_inside(ModuleContext *m, const Patches *p, LLVMValueRef h, LLVMValueRef w) {
  return both(m, unsigned_less(m, emit_add(m, p->top, h), p->height),
              unsigned_less(m, emit_add(m, p->left, w), p->width));
}

/* Copies `count` floats, or writes zeros when `from` is NULL. */
static void copy_run(KernelEmitter *k, LLVMValueRef from, LLVMValueRef to, uint32_t count) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, full = count - count % width;
  if (full) {
    Loop loop;
    loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, full), width, NULL, 0);
    LLVMValueRef bytes = emit_mul(m, loop.index, 4);
    LLVMValueRef x =
        from ? emit_load(m, emit_address(m, from, bytes), width) : LLVMConstNull(m->vector);
    emit_store(m, x, emit_address(m, to, bytes), width);
    loop_end(m, &loop, NULL);
  }
  if (count == full) return;
  LLVMValueRef bytes = emit_i64(m, 4 * (int64_t)full);
  LLVMValueRef x =
      from ? emit_load(m, emit_address(m, from, bytes), count - full) : LLVMConstNull(m->vector);
  emit_store(m, x, emit_address(m, to, bytes), count - full);
}

static void copy_channels(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  uint32_t channels = (uint32_t)p->channels;
  Loop lines, taps;
  loop_begin(m, &lines, zero, emit_i64(m, p->window.kernel_h), 1, NULL, 0);
  loop_begin(m, &taps, zero, emit_i64(m, p->window.kernel_w), 1, NULL, 0);
  LLVMValueRef to = row_address(k, p, row, lines.index, taps.index, zero);
  Branch branch;
  branch_begin(m, &branch, tap_inside(m, p, lines.index, taps.index));
  copy_run(k, map_address(k, p, lines.index, taps.index, zero), to, channels);
  branch_else(m, &branch);
  copy_run(k, NULL, to, channels);
  branch_end(m, &branch);
  loop_end(m, &taps, NULL);
  loop_end(m, &lines, NULL);
}

static void copy_columns(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  Loop planes, lines;
  loop_begin(m, &planes, zero, emit_i64(m, p->channels), 1, NULL, 0);
  loop_begin(m, &lines, zero, emit_i64(m, p->window.kernel_h), 1, NULL, 0);
  copy_run(k, map_address(k, p, lines.index, zero, planes.index),
           row_address(k, p, row, lines.index, zero, planes.index), (uint32_t)p->window.kernel_w);
  loop_end(m, &lines, NULL);
  loop_end(m, &planes, NULL);
}

static void copy_elements(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  Loop planes, lines, taps;
  loop_begin(m, &planes, zero, emit_i64(m, p->channels), 1, NULL, 0);
  loop_begin(m, &lines, zero, emit_i64(m, p->window.kernel_h), 1, NULL, 0);
  loop_begin(m, &taps, zero, emit_i64(m, p->window.kernel_w), 1, NULL, 0);
  LLVMValueRef to = row_address(k, p, row, lines.index, taps.index, planes.index);
  Branch branch;
  branch_begin(m, &branch, tap_inside(m, p, lines.index, taps.index));
  LLVMValueRef from = map_address(k, p, lines.index, taps.index, planes.index);
  emit_store_f32(m, emit_load_f32(m, from), to);
  branch_else(m, &branch);
  emit_store_f32(m, LLVMConstReal(m->f32, 0.0), to);
  branch_end(m, &branch);
  loop_end(m, &taps, NULL);
  loop_end(m, &lines, NULL);
  loop_end(m, &planes, NULL);
}

static LLVMValueRef window_inside(ModuleContext *m, const Patches *p) {
  LLVMValueRef zero = emit_i64(m, 0);
  LLVMValueRef last_h = emit_i64(m, p->window.kernel_h - 1);
  LLVMValueRef last_w = emit_i64(m, p->window.kernel_w - 1);
  return both(m, tap_inside(m, p, zero, zero), tap_inside(m, p, last_h, last_w));
}

static void emit_row(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  bool dense = p->y.channel_bytes == 4;
  if (dense && p->x.channel_bytes == 4 && p->step_c == 1) {
    copy_channels(k, p, row);
  } else if (dense && p->x.row_bytes == 4 && p->step_w == 1) {
    Branch branch;
    branch_begin(m, &branch, window_inside(m, p));
    copy_columns(k, p, row);
    branch_else(m, &branch);
    copy_elements(k, p, row);
    branch_end(m, &branch);
  } else {
    copy_elements(k, p, row);
  }
}

void patches_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], y = node_result(node, 0);
  Type in = graph_type(k->body, x), out = graph_type(k->body, y);
  Patches p = {.window = node->attrs.PATCHES, .x = view_of_map(k, x), .y = k->views[y.index]};
  p.height = in.dims[1], p.width = in.dims[2], p.channels = in.dims[3];
  bool channels_first = p.window.channels_first;
  p.step_w = channels_first ? 1 : (uint64_t)p.channels;
  p.step_h = p.step_w * (uint64_t)p.window.kernel_w;
  p.step_c = channels_first ? p.step_h * (uint64_t)p.window.kernel_h : 1;
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1, NULL, 0);
  kernel_window(k, rows.index, out, p.window.stride_h, p.window.pad_h, p.window.stride_w,
                p.window.pad_w, &p.top, &p.left);
  emit_row(k, &p, rows.index);
  view_repeat_row(k, y, rows.index);
  loop_end(m, &rows, NULL);
}
