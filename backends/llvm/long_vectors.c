/* Long functions of several vectors at once. As one vector of twice or four times the lanes they
 * make one chain of instructions, each of which LLVM splits into one for each register:
 *
 *   f(a), then f(b)    a1 a2 a3 .. b1 b2 b3 ..    a core has to look far ahead to find b1
 *   f(a, b)            a1 b1 a2 b2 a3 b3 ..       neighbours do not wait for each other
 */
#include "backends/llvm/kernel.h"

ModuleContext long_widen(const ModuleContext *m, uint32_t count, TargetInfo *target) {
  *target = *m->target;
  target->vector_floats *= count;
  return emit_for_target(m, target);
}

LLVMValueRef long_join(ModuleContext *m, LLVMValueRef *vectors, uint32_t count) {
  for (; count > 1; count /= 2) {
    for (uint32_t i = 0; i < count / 2; ++i) {
      vectors[i] = emit_concat(m, vectors[2 * i], vectors[2 * i + 1]);
    }
  }
  return vectors[0];
}

void long_split(ModuleContext *m, LLVMValueRef joined, LLVMValueRef *vectors, uint32_t count) {
  vectors[0] = joined;
  for (uint32_t n = 1; n < count; n *= 2) {
    for (uint32_t i = n; i-- > 0;) {
      LLVMValueRef both = vectors[i];
      vectors[2 * i] = emit_half(m, both, 0);
      vectors[2 * i + 1] = emit_half(m, both, 1);
    }
  }
}

void long_evaluate(ModuleContext *m, LLVMValueRef (*evaluate)(ModuleContext *m, LLVMValueRef x),
                   LLVMValueRef *vectors, uint32_t count) {
  for (uint32_t done = 0, each = target_long_vectors(m->target); done < count; done += each) {
    while (each > count - done) each /= 2;
    TargetInfo target;
    ModuleContext wide = long_widen(m, each, &target);
    LLVMValueRef joined = evaluate(&wide, long_join(m, vectors + done, each));
    long_split(m, joined, vectors + done, each);
  }
}
