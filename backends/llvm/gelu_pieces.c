/* GELU where each lane can read one of eight floats that are in registers (AVX2, NEON).
 *
 *   gelu(x) = max(x, 0) - a Phi(-a),  a = |x|
 *
 * Phi(-a) is a polynomial of degree 7 on each of eight pieces: piece i is around i / SCALE. They
 * are minimax fits, of the relative error up to a = 3 and of an absolute one of 2e-8 / a beyond,
 * rounded to floats; the last piece bends down to where a Phi(-a) is below 1e-7, and is constant
 * from MOST on. A NaN comes through a.
 *
 * Nothing is divided and there is no exponential: 23 operations on NEON, of which seven look up.
 */
#include <string.h>

#include "backends/llvm/kernel.h"
#include "support/panic.h"

enum { PIECES = 8, POWERS = 8, HALF = PIECES / 2 };
/* Pieces per unit, and the largest a: both are constants that an instruction of NEON can hold. */
static const double SCALE = 1.3125, MOST = 5.5;
/* 2^23: adding it rounds to an integer, which then stands in the low bits. */
static const double ROUNDER = 8388608.0;

/* Of powers of h = i - a SCALE, |h| <= 1/2, ascending: those of all pieces i. The lower half of
 * the bits of the last is the upper half of the one before, which has no others: the least of their
 * bits matter to none, and one look-up finds both. */
static const double powers[POWERS][PIECES] = {
    {0.5, 0.223058417, 0.0637781471, 0.0111354897, 0.00115331076, 6.96173665e-05, 2.42204396e-06,
     4.1952287e-08},
    {0.303956032, 0.227382496, 0.0951909944, 0.0223011486, 0.0029238218, 0.000214519954,
     8.80798598e-06, 2.14907047e-07},
    {3.76251705e-08, 0.0659976453, 0.055258356, 0.0194187034, 0.00339456764, 0.000311320415,
     1.5340207e-05, 4.11159334e-07},
    {-0.029407151, -0.00922869332, 0.0121749705, 0.00911489036, 0.00234443531, 0.000280445762,
     1.69567393e-05, 5.37385063e-07},
    {3.69806639e-06, -0.00772334775, -0.00181419298, 0.00208933977, 0.00103247678, 0.000173384309,
     1.32576197e-05, 5.07685002e-07},
    {0.00257437024, -9.37676086e-05, -0.00147934502, -6.60326114e-05, 0.000276407198, 7.6254677e-05,
     7.77019795e-06, 3.61813278e-07},
    {2.7179718e-05, 0.000576019287, -0.000135421753, -0.000179290771, 2.56299973e-05, 2.348423e-05,
     3.63588333e-06, 1.90921128e-07},
    {-0.000152796099, 5.58440479e-05, 7.42544507e-05, -3.90347413e-05, -1.34836509e-05,
     4.32782917e-06, 1.22348001e-06, 1.49201881e-07},
};

/* The table of one power as a constant, from piece `first` on. */
static LLVMValueRef pieces(ModuleContext *m, uint32_t power, uint32_t first, uint32_t count) {
  LLVMValueRef lanes[PIECES];
  for (uint32_t i = 0; i < count; ++i) {
    lanes[i] = LLVMConstReal(m->f32, powers[power][first + i]);
  }
  return LLVMConstVector(lanes, count);
}

/* -- vpermps ----------------------------------------------------------------------------------- */

/* Eight lanes. */
static LLVMValueRef look_up_eight(ModuleContext *m, uint32_t power, LLVMValueRef index) {
  LLVMValueRef args[] = {pieces(m, power, 0, PIECES), index};
  return emit_target_intrinsic(m, "llvm.x86.avx2.permps", args, 2);
}

static LLVMValueRef look_up_permuted(ModuleContext *m, uint32_t power, LLVMValueRef index) {
  if (LLVMGetVectorSize(LLVMTypeOf(index)) == PIECES) return look_up_eight(m, power, index);
  return emit_concat(m, look_up_permuted(m, power, emit_half(m, index, 0)),
                     look_up_permuted(m, power, emit_half(m, index, 1)));
}

/* -- tbl --------------------------------------------------------------------------------------- */

static uint32_t bits_of(double value) {
  float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  return bits;
}

/* Of lanes that hold ROUNDER + i the bytes of float i: 4 i, 4 i + 1, 4 i + 2 and 4 i + 3. The bits
 * of ROUNDER, multiplied as well, are taken off by what is added. */
static LLVMValueRef bytes_of(ModuleContext *m, LLVMValueRef shifted) {
  enum { FACTOR = 0x04040404, BYTES = 0x03020100 };
  float added;
  uint32_t bits = BYTES - bits_of(ROUNDER) * FACTOR;
  memcpy(&added, &bits, sizeof added);
  LLVMValueRef plus =
      LLVMBuildBitCast(m->builder, constant_addend(m, (double)added), m->vector_i32, "");
  LLVMValueRef product = LLVMBuildMul(m->builder, shifted, emit_splat_i32(m, FACTOR), "");
  return emit_add(m, product, plus);
}

/* Four lanes. */
static LLVMValueRef look_up_four(ModuleContext *m, uint32_t power, LLVMValueRef bytes) {
  LLVMTypeRef type = LLVMVectorType(LLVMInt8TypeInContext(m->context), 4 * HALF);
  LLVMValueRef args[] = {LLVMConstBitCast(pieces(m, power, 0, HALF), type),
                         LLVMConstBitCast(pieces(m, power, HALF, HALF), type),
                         LLVMBuildBitCast(m->builder, bytes, type, "")};
  unsigned id = LLVMLookupIntrinsicID("llvm.aarch64.neon.tbl2", 22);
  LLVMValueRef function = LLVMGetIntrinsicDeclaration(m->module, id, &type, 1);
  LLVMTypeRef signature = LLVMIntrinsicGetType(m->context, id, &type, 1);
  LLVMValueRef found = LLVMBuildCall2(m->builder, signature, function, args, 3, "");
  return LLVMBuildBitCast(m->builder, found, LLVMVectorType(m->f32, HALF), "");
}

static LLVMValueRef look_up_any(ModuleContext *m, uint32_t power, LLVMValueRef bytes) {
  if (m->target->vector_floats == HALF) return look_up_four(m, power, bytes);
  CHECK(m->target->vector_floats == 2 * HALF);
  return emit_concat(m, look_up_four(m, power, emit_half(m, bytes, 0)),
                     look_up_four(m, power, emit_half(m, bytes, 1)));
}

/* `*last`: what was found of the last power, which is the first to be looked up. */
static LLVMValueRef look_up_bytes(ModuleContext *m, uint32_t power, LLVMValueRef bytes,
                                  LLVMValueRef *last) {
  if (power != POWERS - 2) {
    LLVMValueRef found = look_up_any(m, power, bytes);
    if (power == POWERS - 1) *last = found;
    return found;
  }
  for (uint32_t i = 0; i < PIECES; ++i) {
    CHECK(bits_of(powers[power][i]) == bits_of(powers[power + 1][i]) << 16);
  }
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, *last, m->vector_i32, "");
  bits = LLVMBuildShl(m->builder, bits, emit_splat_i32(m, 16), "");
  return LLVMBuildBitCast(m->builder, bits, m->vector, "");
}

/* -- both -------------------------------------------------------------------------------------- */

LLVMValueRef gelu_pieces_emit(ModuleContext *m, LLVMValueRef x) {
  bool by_bytes = m->target->look_up == LOOK_UP_BYTES;
  LLVMValueRef scale = emit_splat(m, SCALE);
  LLVMValueRef a = emit_intrinsic(m, "llvm.fabs", &x, 1);
  a = emit_fmin(m, emit_splat(m, MOST), a);
  LLVMValueRef shifted = emit_fma(m, a, scale, constant_addend(m, ROUNDER));
  LLVMValueRef piece = emit_fsub(m, shifted, constant_factor(m, ROUNDER));
  LLVMValueRef minus = LLVMBuildFNeg(m->builder, a, "");
  LLVMValueRef h = emit_fma(m, minus, scale, piece);
  LLVMValueRef index = LLVMBuildBitCast(m->builder, shifted, m->vector_i32, "");
  if (by_bytes) index = bytes_of(m, index);
  LLVMValueRef sum = NULL, last = NULL;
  for (uint32_t power = POWERS; power-- > 0;) {
    LLVMValueRef c =
        by_bytes ? look_up_bytes(m, power, index, &last) : look_up_permuted(m, power, index);
    sum = sum ? emit_fma(m, sum, h, c) : c;
  }
  return emit_fma(m, minus, sum, emit_fmax(m, x, LLVMConstNull(m->vector)));
}
