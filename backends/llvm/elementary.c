/* exp, softplus and GELU of vectors, by our own range reduction: no call of libm, the same bits on
 * every target with fused multiply-add. GELU is another where lanes can look up coefficients.
 *
 *   exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln 2 / 2
 *   2^x - 1 = 2^n (2^r - 1) + (2^n - 1), n = round(x): exact to the last digits near 0 too
 *   softplus(x) = max(x, 0) + log1p(exp(-|x|))
 *   gelu(x) = max(x, 0) - t,  t = a Phi(-a) = exp(-a^2 / 2) a / Q(a),  a = |x|
 *
 * 1 / Q is Mills' ratio over sqrt(2 pi): a polynomial whose first coefficients dominate, so it
 * loses less to rounding than a quotient of two; it is fitted to 6e-8 of a float's precision up to
 * a = 3, then loosely up to 6, and is constant beyond. a^2 is kept in two pieces, since its
 * rounding error would be a relative one of exp. Beyond a = 13 t is about 1e-37. A NaN comes
 * through max(x, 0).
 */
#include "backends/llvm/kernel.h"

/* 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits. */
static const double ROUNDER = 12582912.0;
static const double LOG2_E = 1.44269504088896341;
/* ln 2 in two pieces; multiples of the first by small integers are exact. */
static const double LN2_HIGH = 0.693359375, LN2_LOW = -2.12194440054690583e-4;

/* -- exp --------------------------------------------------------------------------------------- */

/* Every other coefficient from the first on; ascending powers of x. */
static LLVMValueRef half_polynomial(ModuleContext *m, LLVMValueRef x, const double *coefficients,
                                    uint32_t count) {
  uint32_t last = (count - 1) / 2 * 2;
  LLVMValueRef sum = constant_factor(m, coefficients[last]);
  for (uint32_t i = last; i > 0; i -= 2) {
    sum = emit_fma(m, sum, x, constant_addend(m, coefficients[i - 2]));
  }
  return sum;
}

/* Ascending powers of x; even and odd ones apart, which halves the chain. */
static LLVMValueRef polynomial(ModuleContext *m, LLVMValueRef x, LLVMValueRef square,
                               const double *coefficients, uint32_t count) {
  LLVMValueRef even = half_polynomial(m, square, coefficients, count);
  LLVMValueRef odd = half_polynomial(m, square, coefficients + 1, count - 1);
  return emit_fma(m, odd, x, even);
}

/* times * exp(scale * (x + low)): scale is 1 or -1/2, scale * x of [-87.3, 88.3], |low| tiny. The
 * result is no subnormal unless the exponential is about 1. Everything is kept divided by `scale`.
 */
static LLVMValueRef times_exp(ModuleContext *m, LLVMValueRef times, double scale, LLVMValueRef x,
                              LLVMValueRef low) {
  enum { POWERS = 5 };
  /* (exp(r) - 1 - r) / r^2 */
  double powers[POWERS] = {0.49999994, 0.166665211, 0.041668281, 0.00836869143, 0.00138195464};
  double power = scale * scale;
  for (uint32_t i = 0; i < POWERS; i++, power *= scale) powers[i] *= power;
  LLVMValueRef shifted =
      emit_fma(m, x, constant_factor(m, LOG2_E * scale), constant_addend(m, ROUNDER));
  LLVMValueRef n = emit_fsub(m, shifted, constant_factor(m, ROUNDER));
  LLVMValueRef high = emit_fma(m, n, constant_factor(m, -LN2_HIGH / scale), x);
  LLVMValueRef r = emit_fadd(m, high, emit_fma(m, n, constant_factor(m, -LN2_LOW / scale), low));
  LLVMValueRef square = emit_fmul(m, r, r);
  LLVMValueRef tail = emit_fmul(m, square, polynomial(m, r, square, powers, POWERS));
  LLVMValueRef minus_one = emit_fma(m, r, constant_factor(m, scale), tail);
  LLVMValueRef value = emit_fma(m, times, minus_one, times);
  LLVMValueRef exponent =
      LLVMBuildShl(m->builder, LLVMBuildBitCast(m->builder, shifted, m->vector_i32, ""),
                   emit_splat_i32(m, 23), "");
  LLVMValueRef mantissa = LLVMBuildBitCast(m->builder, value, m->vector_i32, "");
  return LLVMBuildBitCast(m->builder, emit_add(m, mantissa, exponent), m->vector, "");
}

LLVMValueRef elementary_exp(ModuleContext *m, LLVMValueRef x) {
  LLVMValueRef inside = emit_fmin(m, emit_splat(m, 88.0), emit_fmax(m, emit_splat(m, -87.3), x));
  return times_exp(m, emit_splat(m, 1.0), 1.0, inside, LLVMConstNull(m->vector));
}

LLVMValueRef elementary_exp2_minus_one(ModuleContext *m, LLVMValueRef x) {
  /* (2^r - 1) / r */
  static const double powers[] = {0.693147182,   0.240226492,   0.0555035733,
                                  0.00961823761, 0.00133907353, 0.000154035122};
  enum { POWERS = sizeof powers / sizeof *powers };
  LLVMValueRef rounder = emit_splat(m, ROUNDER);
  x = emit_fmax(m, emit_splat(m, -126.0), x);
  LLVMValueRef shifted = emit_fadd(m, x, rounder);
  LLVMValueRef r = emit_fsub(m, x, emit_fsub(m, shifted, rounder));
  LLVMValueRef sum = emit_splat(m, powers[POWERS - 1]);
  for (uint32_t i = POWERS - 1; i > 0; --i) sum = emit_fma(m, sum, r, emit_splat(m, powers[i - 1]));
  LLVMValueRef exponent =
      LLVMBuildShl(m->builder, LLVMBuildBitCast(m->builder, shifted, m->vector_i32, ""),
                   emit_splat_i32(m, 23), "");
  LLVMValueRef scale = LLVMBuildBitCast(
      m->builder, emit_add(m, exponent, emit_splat_i32(m, 0x3f800000)), m->vector, "");
  return emit_fma(m, scale, emit_fmul(m, sum, r), emit_fsub(m, scale, emit_splat(m, 1.0)));
}

/* log1p(t) = t + t^2 P(t), t in [0, 1]. */
LLVMValueRef elementary_softplus(ModuleContext *m, LLVMValueRef x) {
  static const double powers[] = {-0.499999881,  0.333326906,  -0.249885798,  0.198979318,
                                  -0.161293373,  0.124671251,  -0.0830741078, 0.0419813953,
                                  -0.0136314966, 0.00207295083};
  enum { POWERS = sizeof powers / sizeof *powers };
  LLVMValueRef a = emit_intrinsic(m, "llvm.fabs", &x, 1);
  LLVMValueRef t = elementary_exp(m, LLVMBuildFNeg(m->builder, a, ""));
  LLVMValueRef square = emit_fmul(m, t, t);
  LLVMValueRef tail = emit_fma(m, square, polynomial(m, t, square, powers, POWERS), t);
  return emit_fadd(m, emit_fmax(m, LLVMConstNull(m->vector), x), tail);
}

/* exp(-x) is clamped, so that nothing is divided by infinity: below -88 the result stays at 6e-39.
 */
LLVMValueRef elementary_sigmoid(ModuleContext *m, LLVMValueRef x) {
  LLVMValueRef one = emit_splat(m, 1.0);
  LLVMValueRef below = elementary_exp(m, LLVMBuildFNeg(m->builder, x, ""));
  return LLVMBuildFDiv(m->builder, one, emit_fadd(m, one, below), "");
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
  static const double inverse_mills[] = {
      2.0,           1.59576952,     0.273232222,   -0.0479026176,   -0.000601234904,
      0.00343021844, -0.00117989827, 0.00022137395, -2.34892013e-05, 1.10504538e-06};
  enum { COUNT = sizeof inverse_mills / sizeof *inverse_mills };
  if (m->target->look_up == LOOK_UP_TWO) return gelu_table_emit(m, x);
  if (m->target->look_up != LOOK_UP_NONE) return gelu_pieces_emit(m, x);
  LLVMValueRef a = emit_intrinsic(m, "llvm.fabs", &x, 1);
  LLVMValueRef near = emit_fmin(m, a, constant_factor(m, 6.0));
  LLVMValueRef q = polynomial(m, near, emit_fmul(m, near, near), inverse_mills, COUNT);
  a = emit_fmin(m, a, constant_factor(m, 13.0));
  LLVMValueRef ratio = LLVMBuildFDiv(m->builder, a, q, "");
  LLVMValueRef square = emit_fmul(m, a, a);
  LLVMValueRef tail = times_exp(m, ratio, -0.5, square, square_error(m, a, square));
  return emit_fsub(m, emit_fmax(m, LLVMConstNull(m->vector), x), tail);
}
