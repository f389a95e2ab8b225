/* Elements in memory as floats in registers.
 *
 *   f32   as it is
 *   f16   loaded as i16, then widened: one instruction or two, where TargetInfo.has_half
 */
#include "backends/llvm/emit.h"

/* The lanes of <vector_floats x i16> `bits`, each a half, as floats. */
static LLVMValueRef widen_halves(ModuleContext *m, LLVMValueRef bits) {
  LLVMTypeRef half = LLVMHalfTypeInContext(m->context);
  LLVMTypeRef halves = LLVMVectorType(half, m->target->vector_floats);
  LLVMValueRef vector = LLVMBuildBitCast(m->builder, bits, halves, "");
  return LLVMBuildFPExt(m->builder, vector, m->vector, "");
}

/* What emit_load says of lanes; `aligned` is said for whole vectors alone. */
static LLVMValueRef load_f32(ModuleContext *m, LLVMValueRef address, uint32_t lanes, bool aligned) {
  LLVMValueRef vector = emit_load(m, address, lanes);
  if (aligned) LLVMSetAlignment(vector, 4 * m->target->vector_floats);
  return vector;
}

/* Part of a vector lane by lane, so that no byte behind it is touched; the other lanes are 0. */
static LLVMValueRef load_f16(ModuleContext *m, LLVMValueRef address, uint32_t lanes, bool aligned) {
  uint32_t width = m->target->vector_floats;
  LLVMTypeRef type = LLVMVectorType(m->i16, width);
  if (lanes >= width) {
    LLVMValueRef bits = LLVMBuildLoad2(m->builder, type, address, "");
    LLVMSetAlignment(bits, aligned ? 2 * width : 2);
    return widen_halves(m, bits);
  }
  LLVMValueRef bits = LLVMConstNull(type);
  for (uint32_t i = 0; i < lanes; ++i) {
    LLVMValueRef at = emit_address(m, address, emit_i64(m, 2 * i));
    LLVMValueRef lane = LLVMBuildLoad2(m->builder, m->i16, at, "");
    LLVMSetAlignment(lane, 2);
    bits = LLVMBuildInsertElement(m->builder, bits, lane, emit_i32(m, (int32_t)i), "");
  }
  return widen_halves(m, bits);
}

/* What stored_load does for one element type. */
typedef LLVMValueRef LoadFunction(ModuleContext *m, LLVMValueRef address, uint32_t lanes,
                                  bool aligned);

/* NULL: values of this type are never operands of code. */
static LoadFunction *const loads[DTYPE_COUNT] = {
    [DTYPE_F32] = load_f32,
    [DTYPE_F16] = load_f16,
};

LLVMValueRef stored_load(ModuleContext *m, DType dtype, LLVMValueRef address, uint32_t lanes,
                         bool aligned) {
  return loads[dtype](m, address, lanes, aligned);
}
