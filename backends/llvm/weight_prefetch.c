/* Prefetching for later steps, during the products of a kernel.
 *
 * The bytes in question are cut into equal parts, one for each task; a part is spread evenly over
 * the steps of K of all register tiles of the task. A variable in the frame goes from tile to tile:
 * the bytes behind the first of all, with PLAN_PREFETCH_FRACTION bits below the point.
 */
#include "backends/llvm/kernel.h"

void weight_prefetch_begin(KernelEmitter *k, LLVMValueRef task) {
  if (!k->kernel->prefetch_step) return;
  ModuleContext *m = k->m;
  uint64_t bytes = k->kernel->prefetch_bytes;
  uint64_t part = (bytes << PLAN_PREFETCH_FRACTION) / plan_tasks(k->kernel);
  k->later_weights = view_later_weights(k);
  k->prefetched = emit_stack(m, sizeof(uint64_t));
  LLVMValueRef index = LLVMBuildZExt(m->builder, task, m->i64, "");
  LLVMBuildStore(m->builder, emit_mul(m, index, part), k->prefetched);
}

/* Where step `step` of the present tile is: bytes behind later_weights, with the fraction. */
static LLVMValueRef position_at(KernelEmitter *k, LLVMValueRef step) {
  ModuleContext *m = k->m;
  LLVMValueRef start = LLVMBuildLoad2(m->builder, m->i64, k->prefetched, "");
  return emit_add(m, start, emit_mul(m, step, k->kernel->prefetch_step));
}

void weight_prefetch_emit(KernelEmitter *k, LLVMValueRef step, uint32_t steps) {
  if (!k->prefetched) return;
  ModuleContext *m = k->m;
  LLVMValueRef fraction = emit_i64(m, PLAN_PREFETCH_FRACTION);
  LLVMValueRef bytes = LLVMBuildLShr(m->builder, position_at(k, step), fraction, "");
  LLVMValueRef start = emit_address(m, k->later_weights, bytes);
  uint64_t per_turn = (k->kernel->prefetch_step * steps) >> PLAN_PREFETCH_FRACTION;
  uint64_t lines = (per_turn + CACHE_LINE / 2) / CACHE_LINE;
  for (uint64_t line = 0; line == 0 || line < lines; ++line) {
    emit_prefetch(m, emit_address(m, start, emit_i64(m, (int64_t)(CACHE_LINE * line))));
  }
}

void weight_prefetch_next(KernelEmitter *k, LLVMValueRef depth) {
  if (k->prefetched) LLVMBuildStore(k->m->builder, position_at(k, depth), k->prefetched);
}
