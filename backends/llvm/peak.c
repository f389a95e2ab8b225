/* PREFIX_peak, a task that does nothing but multiply and add: what the machine can reach with the
 * instructions of the target, for `bench` to compare with.
 *
 *   void PREFIX_peak(float (*sums)[LLVM_PEAK_FLOATS], uint32_t task, uint32_t worker) {
 *     for (turn = 0; turn < TURNS; ++turn) a[i] = a[i] * b + c;    chains of vectors in registers
 *     sums[worker][0 .. lanes) = a[0] + a[1] + ..;                 so that they are used
 *   }
 */
#include "backends/llvm/artifact.h"

enum { TURNS = 1 << 15 };

/* Enough of them to hide the latency of the units, in three quarters of the registers. */
static uint32_t chain_count(const TargetInfo *target) {
  return target->vector_registers * 3 / 4;
}

uint64_t llvm_peak_macs(const TargetInfo *target) {
  return (uint64_t)TURNS * chain_count(target) * target->vector_floats;
}

void peak_emit(ModuleContext *m, const char *symbol) {
  LLVMValueRef function = emit_function(m, symbol, m->kernel_type);
  LLVMValueRef chains[LOOP_MAX_CARRIED];
  uint32_t count = chain_count(m->target);
  for (uint32_t i = 0; i < count; ++i) chains[i] = emit_splat(m, i); /* none equals another */
  Loop turns;
  loop_begin_carrying(m, &turns, (LoopRange){emit_i64(m, 0), emit_i64(m, TURNS), 1}, chains, count);
  LLVMValueRef b = emit_splat(m, 0.75), c = emit_splat(m, 0.5);
  for (uint32_t i = 0; i < count; ++i) chains[i] = emit_fma(m, turns.carried[i], b, c);
  loop_end(m, &turns, chains);
  LLVMValueRef sum = turns.carried[0];
  for (uint32_t i = 1; i < count; ++i) sum = emit_fadd(m, sum, turns.carried[i]);
  LLVMValueRef worker = LLVMBuildZExt(m->builder, LLVMGetParam(function, 2), m->i64, "");
  LLVMValueRef offset = emit_mul(m, worker, LLVM_PEAK_FLOATS * sizeof(float));
  emit_store(m, sum, emit_address(m, LLVMGetParam(function, 0), offset), m->target->vector_floats);
  LLVMBuildRetVoid(m->builder);
}
