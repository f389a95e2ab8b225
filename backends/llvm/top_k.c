/* top_k: for each of the k places, one pass over the vector:
 *
 *   for j < k:
 *     best = none
 *     for i < C:  x = v[i], -infinity for NaN
 *       if x comes behind (bound, last), and there is no best or x > best:  best = x, at = i
 *     values[j] = bound = best, indices[j] = last = at
 *
 * Nothing is marked as taken: what came before is larger than `bound`, or as large and not behind
 * `last`. So no scratch is needed, and time is k * C.
 */
#include <math.h>

#include "backends/llvm/kernel.h"

typedef struct Best {
  LLVMValueRef value, index; /* f32, i64 */
} Best;

/* Stores `scalar` at `column` of each result of the kernel that is `value`. */
static void store(KernelEmitter *k, ValueId value, LLVMValueRef column, LLVMValueRef scalar) {
  Site site = {.row = emit_i64(k->m, 0), .column = column};
  for (uint32_t r = 0; r < k->kernel->result_count; ++r) {
    if (!value_equal(k->body->outputs[r].value, value)) continue;
    LLVMValueRef at = view_address(k, &k->result_views[r], site);
    LLVMSetAlignment(LLVMBuildStore(k->m->builder, scalar, at), 4);
  }
}

/* Element `index` of the vector, as it is compared. */
static LLVMValueRef element(KernelEmitter *k, const View *v, LLVMValueRef index) {
  ModuleContext *m = k->m;
  Site site = {.row = emit_i64(m, 0), .column = index};
  LLVMValueRef x = emit_load_f32(m, view_address(k, v, site));
  LLVMValueRef is_nan = LLVMBuildFCmp(m->builder, LLVMRealUNO, x, x, "");
  return LLVMBuildSelect(m->builder, is_nan, LLVMConstReal(m->f32, -INFINITY), x, "");
}

/* Whether `x` at `index` comes behind `before`. */
static LLVMValueRef is_left(ModuleContext *m, LLVMValueRef x, LLVMValueRef index, Best before) {
  LLVMValueRef below = LLVMBuildFCmp(m->builder, LLVMRealOLT, x, before.value, "");
  LLVMValueRef equal = LLVMBuildFCmp(m->builder, LLVMRealOEQ, x, before.value, "");
  LLVMValueRef behind = LLVMBuildICmp(m->builder, LLVMIntSGT, index, before.index, "");
  return LLVMBuildOr(m->builder, below, LLVMBuildAnd(m->builder, equal, behind, ""), "");
}

/* The largest element behind `before`, the first of equal ones. There is one: k is at most C. */
static Best find_next(KernelEmitter *k, const View *v, uint32_t channels, Best before) {
  ModuleContext *m = k->m;
  LLVMValueRef none[] = {LLVMConstReal(m->f32, -INFINITY), emit_i64(m, -1)};
  Loop loop;
  loop_begin_carrying(m, &loop, (LoopRange){emit_i64(m, 0), emit_i64(m, channels), 1}, none, 2);
  LLVMValueRef best = loop.carried[0], at = loop.carried[1], x = element(k, v, loop.index);
  LLVMValueRef larger = LLVMBuildFCmp(m->builder, LLVMRealOGT, x, best, "");
  LLVMValueRef first = LLVMBuildICmp(m->builder, LLVMIntSLT, at, emit_i64(m, 0), "");
  LLVMValueRef takes = LLVMBuildAnd(m->builder, is_left(m, x, loop.index, before),
                                    LLVMBuildOr(m->builder, larger, first, ""), "");
  LLVMValueRef next[] = {LLVMBuildSelect(m->builder, takes, x, best, ""),
                         LLVMBuildSelect(m->builder, takes, loop.index, at, "")};
  loop_end(m, &loop, next);
  return (Best){loop.carried[0], loop.carried[1]};
}

void top_k_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  View v = view_of_map(k, x);
  LLVMValueRef start[] = {LLVMConstReal(m->f32, INFINITY), emit_i64(m, -1)};
  Loop places;
  loop_begin_carrying(m, &places, (LoopRange){emit_i64(m, 0), emit_i64(m, node->attrs.TOP_K.k), 1},
                      start, 2);
  Best before = {places.carried[0], places.carried[1]};
  Best best = find_next(k, &v, value_channels(k, x), before);
  store(k, node_result(node, 0), places.index, best.value);
  store(k, node_result(node, 1), places.index, LLVMBuildTrunc(m->builder, best.index, m->i32, ""));
  LLVMValueRef next[] = {best.value, best.index};
  loop_end(m, &places, next);
}
