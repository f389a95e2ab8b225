/* GELU where two registers are a table of 32 floats that any lane can read (AVX-512).
 *
 *   gelu(x) = max(x, 0) - t(|x|),  t(a) = a Phi(-a)
 *
 * t is a polynomial of degree 5 on each of 32 pieces: piece i is around i / SCALE; the last one,
 * from a = 5.55 on, where t is below 1e-7, is 0. On piece 0 the polynomial has no constant term, so
 * small values keep their relative precision. The coefficients interpolate t at Chebyshev's nodes.
 * A NaN comes through max(x, 0).
 */
#include <math.h>

#include "backends/llvm/kernel.h"

enum { PIECES = 32, POWERS = 6, LANES = 16 };
static const double SCALE = 5.5; /* pieces per unit */
static const double PI = 3.14159265358979323846;
/* 1.5 * 2^23: adding it rounds to an integer, which then stands in the low bits. */
static const double ROUNDER = 12582912.0;

/* t(a), with Phi(-a) = erfc(a / sqrt 2) / 2. */
static double tail(double a) {
  return 0.5 * a * erfc(a / sqrt(2.0));
}

/* The polynomial of degree `count` - 1 through `values` at cos((j + 1/2) pi / count) / 2: ascending
 * powers. */
static void interpolate(const double *values, uint32_t count, double *powers) {
  double before[POWERS] = {0}, basis[POWERS] = {1}; /* Chebyshev polynomials k - 1 and k of 2h */
  for (uint32_t p = 0; p < count; ++p) powers[p] = 0;
  for (uint32_t k = 0; k < count; ++k) {
    double weight = 0, next[POWERS];
    for (uint32_t j = 0; j < count; ++j) weight += values[j] * cos(k * (j + 0.5) * PI / count);
    weight *= (k ? 2.0 : 1.0) / count;
    for (uint32_t p = 0; p < count; ++p) {
      powers[p] += weight * basis[p];
      next[p] = (p ? (k ? 4.0 : 2.0) * basis[p - 1] : 0.0) - before[p];
    }
    for (uint32_t p = 0; p < count; ++p) {
      before[p] = basis[p];
      basis[p] = next[p];
    }
  }
}

/* The coefficients of piece `piece` in h = a * SCALE - piece, |h| <= 1/2. */
static void fit_piece(uint32_t piece, double *powers) {
  bool first = piece == 0;
  uint32_t count = first ? POWERS - 1 : POWERS;
  double values[POWERS];
  for (uint32_t j = 0; j < count; ++j) {
    double h = cos((j + 0.5) * PI / count) / 2;
    double value = tail((piece + h) / SCALE);
    values[j] = first ? value / h : value;
  }
  interpolate(values, count, first ? powers + 1 : powers);
  if (first) powers[0] = 0;
  if (piece == PIECES - 1) {
    for (uint32_t p = 0; p < POWERS; ++p) powers[p] = 0;
  }
}

/* Coefficient `power` of the piece that each lane of `index` names in its low bits. */
static LLVMValueRef look_up(ModuleContext *m, double table[PIECES][POWERS], uint32_t power,
                            LLVMValueRef index) {
  LLVMValueRef halves[2], lanes[LANES];
  for (uint32_t half = 0; half < 2; ++half) {
    for (uint32_t i = 0; i < LANES; ++i) {
      lanes[i] = LLVMConstReal(m->f32, table[half * LANES + i][power]);
    }
    halves[half] = LLVMConstVector(lanes, LANES);
  }
  LLVMValueRef args[] = {halves[0], index, halves[1]};
  return emit_target_intrinsic(m, "llvm.x86.avx512.vpermi2var.ps.512", args, 3);
}

LLVMValueRef gelu_table_emit(ModuleContext *m, LLVMValueRef x) {
  LLVMValueRef scale = emit_splat(m, SCALE), rounder = emit_splat(m, ROUNDER);
  LLVMValueRef a = emit_intrinsic(m, "llvm.fabs", &x, 1);
  a = emit_fmin(m, a, emit_splat(m, (PIECES - 1) / SCALE));
  LLVMValueRef shifted = emit_fma(m, a, scale, rounder);
  LLVMValueRef piece = emit_fsub(m, shifted, rounder);
  LLVMValueRef h = emit_fma(m, a, scale, LLVMBuildFNeg(m->builder, piece, ""));
  LLVMValueRef index = LLVMBuildBitCast(m->builder, shifted, m->vector_i32, "");
  double table[PIECES][POWERS];
  for (uint32_t i = 0; i < PIECES; ++i) fit_piece(i, table[i]);
  LLVMValueRef t = look_up(m, table, POWERS - 1, index);
  for (uint32_t power = POWERS - 1; power-- > 0;) {
    t = emit_fma(m, t, h, look_up(m, table, power, index));
  }
  return emit_fsub(m, emit_fmax(m, LLVMConstNull(m->vector), x), t);
}
