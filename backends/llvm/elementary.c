/* exp and GELU of vectors, by our own range reduction: no call of libm, the same bits on every
 * target with fused multiply-add.
 *
 *   exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2
 *   gelu(x) = max(x, 0) - t,  t = a Phi(-a) = exp(-a^2 / 2) a P(a) / Q(a),  a = min(|x|, 13)
 *
 * a^2 is kept in two pieces, since its rounding error would be a relative one of exp. Beyond 13 the
 * second term is below the smallest float's distance from 0 that anybody sees (1e-37). NaN comes
 * through max(x, 0).
 */
#include "backends/llvm/kernel.h"

/* 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits. */
static const double ROUNDER = 12582912.0;
static const double LOG2_E = 1.44269504088896341;
/* ln 2 in two pieces; multiples of the first by small integers are exact. */
static const double LN2_HIGH = 0.693359375, LN2_LOW = -2.12194440054690583e-4;

/* Ascending powers. */
static LLVMValueRef polynomial(ModuleContext *m, LLVMValueRef x, const double *coefficients,
                               uint32_t count) {
  LLVMValueRef sum = emit_splat(m, coefficients[count - 1]);
  for (uint32_t i = count - 1; i-- > 0;) {
    sum = emit_fma(m, sum, x, emit_splat(m, coefficients[i]));
  }
  return sum;
}

/* exp(x + low) for x of [-87.3, 88.3], |low| tiny; low may be NULL. */
static LLVMValueRef exp_in_range(ModuleContext *m, LLVMValueRef x, LLVMValueRef low) {
  static const double powers[] = {1.0,
                                  1.0,
                                  5.0000001201e-1,
                                  1.6666665459e-1,
                                  4.1665795894e-2,
                                  8.3334519073e-3,
                                  1.3981999507e-3,
                                  1.9875691500e-4};
  LLVMValueRef rounder = emit_splat(m, ROUNDER);
  LLVMValueRef shifted = emit_fma(m, x, emit_splat(m, LOG2_E), rounder);
  LLVMValueRef n = emit_fsub(m, shifted, rounder);
  LLVMValueRef r = emit_fma(m, n, emit_splat(m, -LN2_HIGH), x);
  r = emit_fma(m, n, emit_splat(m, -LN2_LOW), r);
  if (low) r = emit_fadd(m, r, low);
  LLVMValueRef value = polynomial(m, r, powers, sizeof powers / sizeof *powers);
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, shifted, m->vector_i32, "");
  LLVMValueRef exponent = LLVMBuildShl(m->builder, bits, emit_splat_i32(m, 23), "");
  LLVMValueRef mantissa = LLVMBuildBitCast(m->builder, value, m->vector_i32, "");
  return LLVMBuildBitCast(m->builder, emit_add(m, mantissa, exponent), m->vector, "");
}

LLVMValueRef elementary_exp(ModuleContext *m, LLVMValueRef x) {
  LLVMValueRef inside = emit_fmin(m, emit_splat(m, 88.0), emit_fmax(m, emit_splat(m, -87.3), x));
  return exp_in_range(m, inside, NULL);
}

/* a * a - square, exactly. Without fused multiply-add: by halves of 12 bits. */
static LLVMValueRef square_error(ModuleContext *m, LLVMValueRef a, LLVMValueRef square) {
  if (m->target->has_fma) {
    return emit_fma(m, a, a, LLVMBuildFNeg(m->builder, square, ""));
  }
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, a, m->vector_i32, "");
  bits = LLVMBuildAnd(m->builder, bits, emit_splat_i32(m, -4096), "");
  LLVMValueRef high = LLVMBuildBitCast(m->builder, bits, m->vector, "");
  LLVMValueRef low = emit_fsub(m, a, high);
  LLVMValueRef error = emit_fsub(m, emit_fmul(m, high, high), square);
  error = emit_fadd(m, error, emit_fmul(m, emit_fadd(m, high, high), low));
  return emit_fadd(m, error, emit_fmul(m, low, low));
}

LLVMValueRef elementary_gelu(ModuleContext *m, LLVMValueRef x) {
  static const double above[] = {.837644458, .713977993, .292150587, .0631291419, .00617482048};
  static const double below[] = {1.67528892, 2.76464343, 1.95251918,
                                 .747402489, .158260792, .0154775437};
  LLVMValueRef zero = LLVMConstNull(m->vector), half = emit_splat(m, -0.5);
  LLVMValueRef a = emit_intrinsic(m, "llvm.fabs", &x, 1);
  a = emit_fmin(m, a, emit_splat(m, 13.0));
  LLVMValueRef square = emit_fmul(m, a, a);
  LLVMValueRef low = emit_fmul(m, square_error(m, a, square), half);
  LLVMValueRef bell = exp_in_range(m, emit_fmul(m, square, half), low);
  LLVMValueRef p = polynomial(m, a, above, sizeof above / sizeof *above);
  LLVMValueRef q = polynomial(m, a, below, sizeof below / sizeof *below);
  LLVMValueRef ratio = LLVMBuildFDiv(m->builder, emit_fmul(m, a, p), q, "");
  return emit_fsub(m, emit_fmax(m, zero, x), emit_fmul(m, bell, ratio));
}
