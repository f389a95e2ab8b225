/* patches (im2col): row (i, j) of the result is the window around it, a vector or zeros outside of
 * the map. Bytes are read as floats around 0.
 *
 * The order of a row is (kh, kw, c), or (c, kh, kw) with channels_first. What lies side by side in
 * the map and in the row is copied as a run:
 *
 *   nhwc, (kh, kw, c)   for each tap: C channels, or what is outside
 *   nchw, (c, kh, kw)   where the whole window is inside, for each (c, kh): kernel_w columns
 *   otherwise           what is outside first, then element by element what is inside
 *
 * Runs of columns are short, so they are rounded up to whole registers: each overwrites what the
 * one before wrote too much. That reads and writes a little more than the window; a window counts
 * as inside only if there is room for it.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { MAX_LINES = 16 }; /* of a window, copied without a loop */

typedef struct Patches {
  Window window;
  View x; /* the whole map */
  View y;
  LLVMValueRef around; /* what is outside, a float for each channel; NULL: zeros */
  int64_t height, width, channels;
  uint64_t step_c, step_h, step_w; /* in a row of the result, in elements */
  uint32_t run;                    /* columns that are copied for kernel_w, rounded up */
  LLVMValueRef top, left;          /* the window's corner; may be outside */
  /* The same of the next block's window, whose new lines are prefetched; NULL: they are not. */
  LLVMValueRef next_top, next_left;
} Patches;

/* The map's element (i, j) at channel c; it may be outside. */
static LLVMValueRef element_address(KernelEmitter *k, const Patches *p, LLVMValueRef i,
                                    LLVMValueRef j, LLVMValueRef c) {
  return view_pixel(k, &p->x, p->width, i, j, c);
}

/* The line of the map that taps (h, ..) read; it may be outside. */
static LLVMValueRef line_of(KernelEmitter *k, const Patches *p, LLVMValueRef h) {
  return emit_add(k->m, p->top, emit_mul(k->m, h, (uint64_t)p->window.dilation_h));
}

/* The column that taps (.., w) read; it may be outside. */
static LLVMValueRef column_of(KernelEmitter *k, const Patches *p, LLVMValueRef w) {
  return emit_add(k->m, p->left, emit_mul(k->m, w, (uint64_t)p->window.dilation_w));
}

/* The map's element of tap (h, w) at channel c; it may be outside. */
static LLVMValueRef map_address(KernelEmitter *k, const Patches *p, LLVMValueRef h, LLVMValueRef w,
                                LLVMValueRef c) {
  return element_address(k, p, line_of(k, p, h), column_of(k, p, w), c);
}

/* Where the result's row has tap (h, w) of channel c. */
static LLVMValueRef row_address(KernelEmitter *k, const Patches *p, LLVMValueRef row,
                                LLVMValueRef h, LLVMValueRef w, LLVMValueRef c) {
  ModuleContext *m = k->m;
  LLVMValueRef column = emit_add(m, emit_mul(m, h, p->step_h), emit_mul(m, w, p->step_w));
  column = emit_add(m, column, emit_mul(m, c, p->step_c));
  return view_address(k, &p->y, (Site){.row = row, .column = column});
}

/* Are `count` positions from `corner` on inside an axis of `size`? */
static LLVMValueRef is_inside(ModuleContext *m, LLVMValueRef corner, int64_t count, int64_t size) {
  LLVMValueRef room = emit_i64(m, size - count + 1);
  if (size < count) return LLVMConstInt(m->i1, 0, false);
  return LLVMBuildICmp(m->builder, LLVMIntULT, corner, room, "");
}

/* i1: a and b. */
static LLVMValueRef both(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return LLVMBuildAnd(m->builder, a, b, "");
}

/* The first case of the head: C channels of a pixel at a time. */
static void copy_channels(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  Loop lines, taps;
  loop_begin(m, &lines, zero, emit_i64(m, p->window.kernel_h), 1);
  loop_begin(m, &taps, zero, emit_i64(m, p->window.kernel_w), 1);
  LLVMValueRef to = row_address(k, p, row, lines.index, taps.index, zero);
  Branch branch;
  branch_begin(m, &branch,
               both(m, is_inside(m, line_of(k, p, lines.index), 1, p->height),
                    is_inside(m, column_of(k, p, taps.index), 1, p->width)));
  LLVMValueRef from = map_address(k, p, lines.index, taps.index, zero);
  columns_convert_run(k, p->x.dtype, from, to, (uint64_t)p->channels);
  branch_else(m, &branch);
  columns_copy_run(k, p->around, to, (uint64_t)p->channels);
  branch_end(m, &branch);
  loop_end(m, &taps, NULL);
  loop_end(m, &lines, NULL);
}

/* The second: kernel_w columns of a plane at a time. The lines of a window are copied without a
 * loop where they are few; the new lines of the next block's window are asked for in between. */
static void copy_columns(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  int64_t straight = p->window.kernel_h <= MAX_LINES ? p->window.kernel_h : 1;
  Loop planes, lines;
  loop_begin(m, &planes, zero, emit_i64(m, p->channels), 1);
  loop_begin(m, &lines, zero, emit_i64(m, p->window.kernel_h), (uint64_t)straight);
  for (int64_t i = 0; i < straight; ++i) {
    LLVMValueRef line = emit_add(m, lines.index, emit_i64(m, i));
    columns_convert_run(k, p->x.dtype, map_address(k, p, line, zero, planes.index),
                        row_address(k, p, row, line, zero, planes.index), p->run);
    bool is_new = i >= p->window.kernel_h - p->window.stride_h;
    if (is_new && p->next_top) {
      uint64_t dilation = (uint64_t)p->window.dilation_h;
      LLVMValueRef next = emit_add(m, p->next_top, emit_mul(m, line, dilation));
      emit_prefetch(m, element_address(k, p, next, p->next_left, planes.index));
    }
  }
  loop_end(m, &lines, NULL);
  loop_end(m, &planes, NULL);
}

/* A row as if all of its window were outside. */
static void fill_row(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0);
  uint64_t taps = (uint64_t)window_taps(&p->window), channels = (uint64_t)p->channels;
  if (!p->around || p->step_c == 1) {
    columns_repeat_run(k, p->around, row_address(k, p, row, zero, zero, zero), channels, taps);
    return;
  }
  Loop planes;
  loop_begin(m, &planes, zero, emit_i64(m, p->channels), 1);
  columns_repeat_run(k, emit_address(m, p->around, emit_mul(m, planes.index, 4)),
                     row_address(k, p, row, zero, zero, planes.index), 1, taps);
  loop_end(m, &planes, NULL);
}

/* The third. */
static void copy_elements(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = emit_i64(m, 0), begin_h, end_h, begin_w, end_w;
  fill_row(k, p, row);
  kernel_taps(k, p->top, window_rows(&p->window), p->height, &begin_h, &end_h);
  kernel_taps(k, p->left, window_columns(&p->window), p->width, &begin_w, &end_w);
  Loop planes, lines, taps;
  loop_begin(m, &planes, zero, emit_i64(m, p->channels), 1);
  loop_begin(m, &lines, begin_h, end_h, 1);
  loop_begin(m, &taps, begin_w, end_w, 1);
  LLVMValueRef from = map_address(k, p, lines.index, taps.index, planes.index);
  emit_store_f32(m, stored_load_centered_one(m, p->x.dtype, from),
                 row_address(k, p, row, lines.index, taps.index, planes.index));
  loop_end(m, &taps, NULL);
  loop_end(m, &lines, NULL);
  loop_end(m, &planes, NULL);
}

/* The corner of row `row`'s window. */
static void find_corner(KernelEmitter *k, const Patches *p, LLVMValueRef row, Type out,
                        LLVMValueRef *top, LLVMValueRef *left) {
  kernel_window(k, row, out, &p->window, top, left);
}

/* Pixels of a line stand side by side in the map, and taps of a line in the row. */
static bool copies_columns(const Patches *p) {
  return p->x.row_bytes == dtype_bytes(p->x.dtype) && p->step_w == 1 && p->window.dilation_w == 1;
}

/* Which of the three it is, is known here, but for windows at the border. */
static void emit_row(KernelEmitter *k, const Patches *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  if (view_is_packed(&p->x) && p->step_c == 1) {
    copy_channels(k, p, row);
  } else if (copies_columns(p)) {
    Branch branch;
    branch_begin(m, &branch,
                 both(m, is_inside(m, p->top, window_extent(window_rows(&p->window)), p->height),
                      is_inside(m, p->left, p->run, p->width)));
    copy_columns(k, p, row);
    branch_else(m, &branch);
    copy_elements(k, p, row);
    branch_end(m, &branch);
  } else {
    copy_elements(k, p, row);
  }
}

/* kernel_w rounded up to whole registers, where the row's last run leaves room for that. */
static uint32_t run_length(const KernelEmitter *k, const Patches *p) {
  uint32_t width = 1, columns = (uint32_t)p->window.kernel_w;
  while (width < columns && width < k->m->target->vector_floats) width *= 2;
  uint32_t run = (uint32_t)round_up_size(columns, width);
  uint64_t row = p->step_c * (uint64_t)p->channels;
  bool room = !p->y.exact && 4 * (row - columns + run) <= p->y.row_bytes;
  return room ? run : columns;
}

void patches_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], y = node_result(node, 0);
  if (k->kernel->places[y.index].kind == PLACE_STRIP) {
    strip_fill(k, node);
    return;
  }
  Type in = graph_type(k->body, x), out = graph_type(k->body, y);
  Patches p = {
      .window = node->attrs.PATCHES.window, .x = view_of_map(k, x), .y = k->views[y.index]};
  if (node->operand_count > 1) p.around = k->views[node->operands[1].index].base;
  p.height = in.dims[1], p.width = in.dims[2], p.channels = in.dims[3];
  bool channels_first = node->attrs.PATCHES.channels_first;
  p.step_w = channels_first ? 1 : (uint64_t)p.channels;
  p.step_h = p.step_w * (uint64_t)p.window.kernel_w;
  p.step_c = channels_first ? p.step_h * (uint64_t)p.window.kernel_h : 1;
  p.run = run_length(k, &p);
  CHECK(p.y.channel_bytes == 4);
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  find_corner(k, &p, rows.index, out, &p.top, &p.left);
  if (copies_columns(&p) && view_reach(k, x) != REACH_NEAR) {
    LLVMValueRef next = emit_add(m, rows.index, k->row_count);
    find_corner(k, &p, next, out, &p.next_top, &p.next_left);
  }
  emit_row(k, &p, rows.index);
  columns_repeat_row(k, y, rows.index);
  loop_end(m, &rows, NULL);
}
