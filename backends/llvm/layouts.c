/* Ops that move elements and compute nothing. Rows of the result are written run by run:
 *
 *   reshape     runs of gcd(C of the map, C of the result) elements, which no row end interrupts
 *   transpose   the channels, where they stay the last dimension; else single elements
 *   shuffle     single elements
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"

/* Copies `count` elements from (row, column) of a view to another; both have channels side by side,
 * or only one element is copied. */
static void copy_run(KernelEmitter *k, const View *from, Site source, const View *to, Site target,
                     uint32_t count) {
  ModuleContext *m = k->m;
  LLVMValueRef out = view_address(k, to, target), in = view_address(k, from, source);
  uint32_t width = m->target->vector_floats, full = count - count % width;
  if (full) {
    Loop loop;
    loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, full), width);
    LLVMValueRef bytes = emit_mul(m, loop.index, 4);
    emit_store(m, emit_load(m, emit_address(m, in, bytes), width), emit_address(m, out, bytes),
               width);
    loop_end(m, &loop, NULL);
  }
  if (count == full) return;
  LLVMValueRef bytes = emit_i64(m, 4 * (int64_t)full);
  uint32_t rest = count - full;
  emit_store(m, emit_load(m, emit_address(m, in, bytes), rest), emit_address(m, out, bytes), rest);
}

/* Element e of the image stays element e: row e / C, channel e % C, with the C of either side. */
void reshape_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], y = node_result(node, 0);
  View from = view_of_map(k, x);
  uint32_t in = value_channels(k, x), out = value_channels(k, y),
           run = greatest_divisor_u32(in, out);
  Loop rows, runs;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  LLVMValueRef first = emit_mul(m, emit_add(m, k->first_row, rows.index), out);
  loop_begin(m, &runs, emit_i64(m, 0), emit_i64(m, out), run);
  LLVMValueRef at = emit_add(m, first, runs.index), channels = emit_i64(m, in);
  Site source = {.row = LLVMBuildUDiv(m->builder, at, channels, ""),
                 .column = LLVMBuildURem(m->builder, at, channels, "")};
  copy_run(k, &from, source, &k->views[y.index], (Site){.row = rows.index, .column = runs.index},
           run);
  loop_end(m, &runs, NULL);
  columns_repeat_row(k, y, rows.index);
  loop_end(m, &rows, NULL);
}

/* -- transpose --------------------------------------------------------------------------------- */

/* The place in `x` of an element of the transposed map; `at` are its H, W and C there. */
static Site transposed(KernelEmitter *k, const AttrsTRANSPOSE *a, Type map, LLVMValueRef at[3]) {
  ModuleContext *m = k->m;
  LLVMValueRef place[4];
  place[a->first] = at[0];
  place[a->second] = at[1];
  place[a->third] = at[2];
  LLVMValueRef line = emit_mul(m, place[1], (uint64_t)map.dims[2]);
  return (Site){.row = emit_add(m, line, place[2]), .column = place[3]};
}

void transpose_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  const AttrsTRANSPOSE *a = &node->attrs.TRANSPOSE;
  ValueId x = node->operands[0], y = node_result(node, 0);
  Type map = graph_type(k->body, x), type = graph_type(k->body, y);
  View from = view_of_map(k, x);
  uint32_t channels = (uint32_t)type.dims[3], run = a->third == 3 ? channels : 1;
  Loop rows, runs;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  LLVMValueRef row = emit_add(m, k->first_row, rows.index), width = emit_i64(m, type.dims[2]);
  LLVMValueRef at[3] = {LLVMBuildUDiv(m->builder, row, width, ""),
                        LLVMBuildURem(m->builder, row, width, "")};
  loop_begin(m, &runs, emit_i64(m, 0), emit_i64(m, channels), run);
  at[2] = runs.index;
  copy_run(k, &from, transposed(k, a, map, at), &k->views[y.index],
           (Site){.row = rows.index, .column = runs.index}, run);
  loop_end(m, &runs, NULL);
  columns_repeat_row(k, y, rows.index);
  loop_end(m, &rows, NULL);
}

/* -- shuffle ----------------------------------------------------------------------------------- */

/* Channel g * each + i becomes channel i * groups + g. */
void shuffle_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], y = node_result(node, 0);
  uint32_t groups = (uint32_t)node->attrs.SHUFFLE.groups, each = value_channels(k, x) / groups;
  Loop rows, outer, inner;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  loop_begin(m, &outer, emit_i64(m, 0), emit_i64(m, each), 1);
  loop_begin(m, &inner, emit_i64(m, 0), emit_i64(m, groups), 1);
  Site source = {.row = rows.index,
                 .column = emit_add(m, emit_mul(m, inner.index, each), outer.index)};
  Site target = {.row = rows.index,
                 .column = emit_add(m, emit_mul(m, outer.index, groups), inner.index)};
  copy_run(k, &k->views[x.index], source, &k->views[y.index], target, 1);
  loop_end(m, &inner, NULL);
  loop_end(m, &outer, NULL);
  columns_repeat_row(k, y, rows.index);
  loop_end(m, &rows, NULL);
}
