/* PLACE_STRIP: instead of the patches of a block, the lines of the map that their windows touch.
 *
 *   for channel (where the patches' channels come first; else once, with all of them)
 *     for line of the strip, from pad_top above the block's first window on
 *       the map's line, as floats, between what is around the map; outside of it that alone
 *
 * so that products find each tap of each window without a question (product_source.c).
 *
 * One line of a strip, W + padding columns of C channels (channels last):
 *
 * | around  |            columns of the map             | around |
 * |<-left-->|<----------------inside------------------->|<behind>|   pitch_bytes to the next line
 */
#include "backends/llvm/kernel.h"
#include "support/panic.h"

typedef struct Strip {
  const AttrsPATCHES *patches;
  View x; /* the whole map */
  Type map;
  LLVMValueRef base, around;     /* what is outside, a float for each channel; NULL: zeros */
  uint64_t pitch_bytes, pixel;   /* of a line; floats that stand side by side */
  uint64_t left, inside, behind; /* columns before the map, of it, and behind it */
} Strip;

static Strip strip_of(KernelEmitter *k, const Node *patches) {
  ValueId x = patches->operands[0], y = node_result(patches, 0);
  Strip s = {.patches = &patches->attrs.PATCHES, .x = view_of_map(k, x)};
  s.map = graph_type(k->body, x);
  s.base = k->views[y.index].base;
  if (patches->operand_count > 1) s.around = k->views[patches->operands[1].index].base;
  s.pitch_bytes = 4 * (uint64_t)k->kernel->places[y.index].pitch;
  s.pixel = s.patches->channels_first ? 1 : (uint64_t)s.map.dims[3];
  uint64_t floats = plan_strip_floats(s.patches, s.map, graph_type(k->body, y));
  uint64_t width = floats / s.pixel, columns = (uint64_t)s.map.dims[2];
  s.left = (uint64_t)s.patches->window.pad_left;
  CHECK(s.left < width);
  s.inside = width - s.left < columns ? width - s.left : columns;
  s.behind = width - s.left - s.inside;
  return s;
}

uint64_t strip_plane_bytes(const KernelEmitter *k, const Node *patches) {
  ValueId y = node_result(patches, 0);
  uint64_t line = (uint64_t)graph_type(k->body, y).dims[2];
  uint64_t lines = k->row_counts[k->row_count_kinds - 1] / line;
  return 4 * (uint64_t)k->kernel->places[y.index].pitch *
         plan_strip_lines(&patches->attrs.PATCHES, lines);
}

/* `floats` floats behind `address`. */
static LLVMValueRef behind(KernelEmitter *k, LLVMValueRef address, uint64_t floats) {
  return emit_address(k->m, address, emit_i64(k->m, (int64_t)(4 * floats)));
}

/* The map's columns of one line, as floats that stand side by side. */
static void copy_columns(KernelEmitter *k, const Strip *s, LLVMValueRef from, LLVMValueRef to) {
  ModuleContext *m = k->m;
  DType dtype = s->x.dtype;
  if (s->x.row_bytes == dtype_bytes(dtype) * s->pixel) {
    columns_convert_run(k, dtype, from, to, s->inside * s->pixel);
    return;
  }
  Loop columns;
  loop_begin(m, &columns, emit_i64(m, 0), emit_i64(m, (int64_t)s->inside), 1);
  columns_convert_run(k, dtype, emit_address(m, from, emit_mul(m, columns.index, s->x.row_bytes)),
                      emit_address(m, to, emit_mul(m, columns.index, 4 * s->pixel)), s->pixel);
  loop_end(m, &columns, NULL);
}

/* `columns` columns outside of the map, at channel `c`. */
static void fill_columns(KernelEmitter *k, const Strip *s, LLVMValueRef c, LLVMValueRef to,
                         uint64_t columns) {
  LLVMValueRef around = s->around ? emit_address(k->m, s->around, emit_mul(k->m, c, 4)) : NULL;
  columns_repeat_run(k, around, to, s->pixel, columns);
}

/* Line `i` of the map, which may be outside, at channel `c`. */
static void fill_line(KernelEmitter *k, const Strip *s, LLVMValueRef i, LLVMValueRef c,
                      LLVMValueRef to) {
  ModuleContext *m = k->m;
  LLVMValueRef height = emit_i64(m, s->map.dims[1]);
  Branch inside;
  branch_begin(m, &inside, LLVMBuildICmp(m->builder, LLVMIntULT, i, height, ""));
  LLVMValueRef from = view_pixel(k, &s->x, s->map.dims[2], i, emit_i64(m, 0), c);
  fill_columns(k, s, c, to, s->left);
  copy_columns(k, s, from, behind(k, to, s->left * s->pixel));
  fill_columns(k, s, c, behind(k, to, (s->left + s->inside) * s->pixel), s->behind);
  branch_else(m, &inside);
  fill_columns(k, s, c, to, s->left + s->inside + s->behind);
  branch_end(m, &inside);
}

void strip_fill(KernelEmitter *k, const Node *patches) {
  ModuleContext *m = k->m;
  Strip s = strip_of(k, patches);
  const Window *w = &s.patches->window;
  Type out = graph_type(k->body, node_result(patches, 0));
  LLVMValueRef top, left, width = emit_i64(m, out.dims[2]);
  kernel_window(k, emit_i64(m, 0), out, w, &top, &left);
  LLVMValueRef count = LLVMBuildUDiv(m->builder, k->row_count, width, "");
  count = emit_add(m, emit_mul(m, count, (uint64_t)w->stride_h),
                   emit_i64(m, window_extent(window_rows(w)) - w->stride_h)); /* plan_strip_lines */
  Loop planes, lines;
  int64_t plane_count = s.patches->channels_first ? s.map.dims[3] : 1;
  loop_begin(m, &planes, emit_i64(m, 0), emit_i64(m, plane_count), 1);
  LLVMValueRef plane = emit_mul(m, planes.index, strip_plane_bytes(k, patches));
  loop_begin(m, &lines, emit_i64(m, 0), count, 1);
  LLVMValueRef bytes = emit_add(m, plane, emit_mul(m, lines.index, s.pitch_bytes));
  fill_line(k, &s, emit_add(m, top, lines.index), planes.index, emit_address(m, s.base, bytes));
  loop_end(m, &lines, NULL);
  loop_end(m, &planes, NULL);
}
