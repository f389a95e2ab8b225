/* Elements in memory as floats in registers.
 *
 *   f32   as it is
 *   f16   loaded as i16, then widened: one instruction or two, where TargetInfo.has_half
 *   u8    a caller's bytes, from 0 to 255
 */
#include "backends/llvm/emit.h"
#include "ir/pixels.h"
#include "support/panic.h"

/* How elements of one type become floats: loaded as a vector of `element`, then widened. */
typedef struct Stored {
  LLVMTypeRef element;
  LLVMValueRef (*widen)(ModuleContext *m, LLVMValueRef elements);
} Stored;

static LLVMValueRef keep_floats(ModuleContext *m, LLVMValueRef floats) {
  (void)m;
  return floats;
}

/* The lanes of <vector_floats x i16> `bits`, each a half, as floats. */
static LLVMValueRef widen_halves(ModuleContext *m, LLVMValueRef bits) {
  LLVMTypeRef half = LLVMHalfTypeInContext(m->context);
  LLVMTypeRef halves = LLVMVectorType(half, m->target->vector_floats);
  LLVMValueRef vector = LLVMBuildBitCast(m->builder, bits, halves, "");
  return LLVMBuildFPExt(m->builder, vector, m->vector, "");
}

static LLVMValueRef widen_bytes(ModuleContext *m, LLVMValueRef bytes) {
  return LLVMBuildUIToFP(m->builder, bytes, m->vector, "");
}

/* Values of other types are never operands of code. */
static Stored stored_of(ModuleContext *m, DType dtype) {
  if (dtype == DTYPE_F32) return (Stored){m->f32, keep_floats};
  if (dtype == DTYPE_F16) return (Stored){m->i16, widen_halves};
  CHECK(dtype == DTYPE_U8);
  return (Stored){LLVMInt8TypeInContext(m->context), widen_bytes};
}

/* Lane by lane, so that no other byte is touched; the other lanes are 0. */
LLVMValueRef stored_load_apart(ModuleContext *m, DType dtype, LLVMValueRef address, uint32_t lanes,
                               LLVMValueRef step) {
  Stored stored = stored_of(m, dtype);
  LLVMTypeRef type = LLVMVectorType(stored.element, m->target->vector_floats);
  LLVMValueRef elements = LLVMConstNull(type);
  for (uint32_t i = 0; i < lanes; ++i) {
    LLVMValueRef at = emit_address(m, address, emit_mul(m, step, i));
    LLVMValueRef lane = LLVMBuildLoad2(m->builder, stored.element, at, "");
    LLVMSetAlignment(lane, dtype_bytes(dtype));
    elements = LLVMBuildInsertElement(m->builder, elements, lane, emit_i32(m, (int32_t)i), "");
  }
  return stored.widen(m, elements);
}

LLVMValueRef stored_load(ModuleContext *m, DType dtype, LLVMValueRef address, uint32_t lanes,
                         bool aligned) {
  uint32_t width = m->target->vector_floats, bytes = dtype_bytes(dtype);
  if (dtype == DTYPE_F32) {
    LLVMValueRef vector = emit_load(m, address, lanes);
    if (aligned) LLVMSetAlignment(vector, bytes * width);
    return vector;
  }
  if (lanes < width) return stored_load_apart(m, dtype, address, lanes, emit_i64(m, bytes));
  Stored stored = stored_of(m, dtype);
  LLVMTypeRef type = LLVMVectorType(stored.element, width);
  LLVMValueRef elements = LLVMBuildLoad2(m->builder, type, address, "");
  LLVMSetAlignment(elements, aligned ? bytes * width : bytes);
  return stored.widen(m, elements);
}

LLVMValueRef stored_load_centered(ModuleContext *m, DType dtype, LLVMValueRef address,
                                  uint32_t lanes) {
  LLVMValueRef vector = stored_load(m, dtype, address, lanes, false);
  return dtype == DTYPE_U8 ? emit_fadd(m, vector, emit_splat(m, -PIXELS_MIDDLE)) : vector;
}

LLVMValueRef stored_load_centered_one(ModuleContext *m, DType dtype, LLVMValueRef address) {
  if (dtype == DTYPE_F32) return emit_load_f32(m, address);
  LLVMValueRef vector = stored_load_centered(m, dtype, address, 1);
  return LLVMBuildExtractElement(m->builder, vector, emit_i32(m, 0), "");
}
