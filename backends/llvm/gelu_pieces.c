/* GELU where each lane can read one of eight floats that are in registers (AVX2, NEON).
 *
 *   gelu(x) = max(x, 0) - a Phi(-a),  a = |x|
 *
 * Phi(-a) is a polynomial of degree 7 on each of eight pieces: piece i is around i / SCALE. They
 * are minimax fits, of the relative error up to a = 3 and of an absolute one of 2e-8 / a beyond,
 * rounded to floats; the last piece is constant from MOST on, where a Phi(-a) is below 1e-7. A NaN
 * comes through a.
 *
 * Nothing is divided and there is no exponential: 23 operations on NEON, of which six look up.
 */
#include <string.h>

#include "backends/llvm/kernel.h"
#include "support/panic.h"

enum { PIECES = 8, POWERS = 8, HALF = PIECES / 2 };
/* Pieces per unit, for which halves were found that fit, and the largest a. */
static const double SCALE = 1.26725, MOST = 5.75;
/* 2^23: adding it rounds to an integer, which then stands in the low bits. */
static const double ROUNDER = 8388608.0;

/* Of powers of h = i - a SCALE, |h| <= 1/2, ascending: those of all pieces i. The lower half of
 * the bits of the last is the upper half of the one before, which has no others, and so it is with
 * the fifth and the fourth: one look-up finds both, and what is behind them fits what they are. */
static const double powers[POWERS][PIECES] = {
    {0.5, 0.215023771, 0.0572574623, 0.00895845145, 0.00079853402, 3.98089032e-05, 1.09704331e-06,
     1.65901941e-08},
    {0.314809471, 0.230585113, 0.0906112269, 0.0191028938, 0.00216065766, 0.00013111069,
     4.26815177e-06, 7.45474011e-08},
    {1.0829622e-07, 0.0717916861, 0.0564233959, 0.0178429447, 0.00269084191, 0.00020406027,
     7.97763005e-06, 1.62430581e-07},
    {-0.0326707177, -0.0090289712, 0.0140179805, 0.00912815798, 0.00200960669, 0.000198192836,
     9.49000878e-06, 2.28457708e-07},
    {5.54323196e-06, -0.00885009766, -0.00149536133, 0.00241088867, 0.000972747803, 0.000133514404,
     7.9870224e-06, 2.32830644e-07},
    {0.00307027856, -0.000260800618, -0.00167640345, 4.7738773e-05, 0.000297982217, 6.44792744e-05,
     5.1026027e-06, 1.77142198e-07},
    {3.55243683e-05, 0.000679016113, -0.000204086304, -0.000184059143, 3.93390656e-05,
     2.14576721e-05, 2.71201134e-06, 1.08964741e-07},
    {-0.000194758482, 8.11707141e-05, 8.09306948e-05, -5.02404328e-05, -9.13258282e-06,
     5.04307718e-06, 9.99955546e-07, 8.39134628e-08},
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

/* Powers that are the lower halves of the ones behind them. */
static bool is_half(uint32_t power) {
  return power == POWERS - 2 || power == POWERS - 4;
}

/* `behind`: what was looked up of the power behind, if there is one. */
static LLVMValueRef look_up_bytes(ModuleContext *m, uint32_t power, LLVMValueRef bytes,
                                  LLVMValueRef behind) {
  if (!is_half(power)) return look_up_any(m, power, bytes);
  for (uint32_t i = 0; i < PIECES; ++i) {
    CHECK(bits_of(powers[power][i]) == bits_of(powers[power + 1][i]) << 16);
  }
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, behind, m->vector_i32, "");
  bits = LLVMBuildShl(m->builder, bits, emit_splat_i32(m, 16), "");
  return LLVMBuildBitCast(m->builder, bits, m->vector, "");
}

/* -- both -------------------------------------------------------------------------------------- */

/* min(MOST, |x|), and NaN of NaN. Two numbers above 0 have one minimum, which NEON has an
 * instruction for; LLVM does not know that of a loaded one. */
static LLVMValueRef least_magnitude(ModuleContext *m, LLVMValueRef x) {
  LLVMValueRef a = emit_intrinsic(m, "llvm.fabs", &x, 1), most = constant_factor(m, MOST);
  if (!m->target->number_min) return emit_fmin(m, most, a);
  return emit_intrinsic(m, "llvm.minimum", (LLVMValueRef[]){most, a}, 2);
}

LLVMValueRef gelu_pieces_emit(ModuleContext *m, LLVMValueRef x) {
  bool by_bytes = m->target->look_up == LOOK_UP_BYTES;
  LLVMValueRef scale = constant_factor(m, SCALE);
  LLVMValueRef a = least_magnitude(m, x);
  LLVMValueRef shifted = emit_fma(m, a, scale, constant_addend(m, ROUNDER));
  LLVMValueRef piece = emit_fsub(m, shifted, constant_factor(m, ROUNDER));
  LLVMValueRef minus = LLVMBuildFNeg(m->builder, a, "");
  LLVMValueRef h = emit_fma(m, minus, scale, piece);
  LLVMValueRef index = LLVMBuildBitCast(m->builder, shifted, m->vector_i32, "");
  if (by_bytes) index = bytes_of(m, index);
  LLVMValueRef sum = NULL, c = NULL;
  for (uint32_t power = POWERS; power-- > 0;) {
    c = by_bytes ? look_up_bytes(m, power, index, c) : look_up_permuted(m, power, index);
    sum = sum ? emit_fma(m, sum, h, c) : c;
  }
  return emit_fma(m, minus, sum, emit_fmax(m, x, LLVMConstNull(m->vector)));
}
