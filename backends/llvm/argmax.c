/* argmax: of each row, the channel of the largest element, of equal ones the first.
 *
 *   for row:
 *     best = -infinity, at = (0, 1, 2, ..)                 one of each lane
 *     for vector of channels:  where x > best:  best = x, at = channel
 *     result[row] = the least of `at` where best is the largest of all lanes
 *
 * A NaN is above nothing. Lanes behind the last channel keep the infinity, and their numbers are
 * above that of lane 0.
 */
#include <math.h>

#include "backends/llvm/kernel.h"

/* The best of each lane so far: a vector, and a vector of i32. */
typedef struct Lanes {
  LLVMValueRef best, at;
} Lanes;

/* (first, first + 1, ..), i32. */
static LLVMValueRef channels_from(ModuleContext *m, LLVMValueRef first) {
  LLVMValueRef steps[MAX_LANES];
  uint32_t lanes = m->target->vector_floats;
  for (uint32_t i = 0; i < lanes; ++i) steps[i] = emit_i32(m, (int32_t)i);
  LLVMValueRef vector = LLVMConstVector(steps, lanes);
  if (LLVMIsNull(first)) return vector;
  LLVMValueRef base = LLVMBuildTrunc(m->builder, first, m->i32, "");
  return emit_add(m, emit_broadcast(m, base), vector);
}

/* `lanes` with the vector at `site` taken into account. */
static Lanes take(KernelEmitter *k, const View *x, Site site, Lanes lanes) {
  ModuleContext *m = k->m;
  LLVMValueRef value = view_load(k, x, site);
  LLVMValueRef above = LLVMBuildFCmp(m->builder, LLVMRealOGT, value, lanes.best, "");
  above = emit_keep_lanes(m, above, site.lanes, LLVMConstNull(LLVMTypeOf(above)));
  LLVMValueRef channels = channels_from(m, site.column);
  return (Lanes){LLVMBuildSelect(m->builder, above, value, lanes.best, ""),
                 LLVMBuildSelect(m->builder, above, channels, lanes.at, "")};
}

/* The best lanes of row `row`. */
static Lanes find_lanes(KernelEmitter *k, const View *x, LLVMValueRef row, uint32_t channels) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, full = channels - channels % width;
  Lanes lanes = {emit_splat(m, -INFINITY), channels_from(m, emit_i64(m, 0))};
  Site site = {.row = row, .lanes = width};
  if (full) {
    Loop loop;
    loop_begin_carrying(m, &loop, (LoopRange){emit_i64(m, 0), emit_i64(m, full), width},
                        (LLVMValueRef[]){lanes.best, lanes.at}, 2);
    site.column = loop.index;
    lanes = take(k, x, site, (Lanes){loop.carried[0], loop.carried[1]});
    loop_end(m, &loop, (LLVMValueRef[]){lanes.best, lanes.at});
    lanes = (Lanes){loop.carried[0], loop.carried[1]};
  }
  if (channels == full) return lanes;
  site.column = emit_i64(m, full);
  site.lanes = channels - full;
  return take(k, x, site, lanes);
}

/* The answer: i32. No lane holds a NaN. */
static LLVMValueRef find_first(ModuleContext *m, Lanes lanes) {
  LLVMValueRef most = LLVMConstAllOnes(LLVMTypeOf(lanes.at));
  LLVMValueRef top = emit_lane_max(m, lanes.best);
  LLVMValueRef is_top =
      LLVMBuildFCmp(m->builder, LLVMRealOEQ, lanes.best, emit_broadcast(m, top), "");
  LLVMValueRef at = LLVMBuildSelect(m->builder, is_top, lanes.at, most, "");
  return emit_intrinsic(m, "llvm.vector.reduce.umin", &at, 1);
}

/* Stores `number` as row `row` of `value`, wherever it lives. */
static void store_number(KernelEmitter *k, ValueId value, LLVMValueRef row, LLVMValueRef number) {
  ModuleContext *m = k->m;
  const View *home = &k->views[value.index];
  Site site = {.row = row, .column = emit_i64(m, 0)};
  uint32_t bytes = dtype_bytes(home->dtype);
  LLVMTypeRef type = LLVMIntTypeInContext(m->context, 8 * bytes);
  number = LLVMBuildIntCast2(m->builder, number, type, false, "");
  LLVMSetAlignment(LLVMBuildStore(m->builder, number, view_address(k, home, site)), bytes);
  for (uint32_t r = 0; r < k->body->output_count; ++r) {
    if (!view_repeats(k, value, r)) continue;
    LLVMValueRef at = view_address(k, &k->result_views[r], site);
    LLVMSetAlignment(LLVMBuildStore(m->builder, number, at), bytes);
  }
}

void argmax_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  Lanes lanes = find_lanes(k, &k->views[x.index], rows.index, value_channels(k, x));
  store_number(k, node_result(node, 0), rows.index, find_first(k->m, lanes));
  loop_end(k->m, &rows, NULL);
}
