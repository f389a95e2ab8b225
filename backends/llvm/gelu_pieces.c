/* GELU where each lane can read one of eight floats that are in registers (AVX2, NEON).
 *
 *   gelu(x) = max(x, 0) - a Phi(-a),  a = |x|
 *
 * Phi(-a) is a polynomial of degree 7 on each of eight pieces: piece i is around i / SCALE. They
 * are minimax fits, of the relative error up to a = 3 and of an absolute one of 2e-8 / a beyond,
 * rounded to floats; the last piece bends down to where a Phi(-a) is below 1e-7, and is constant
 * from MOST on. A NaN comes through a.
 *
 * Nothing is divided and there is no exponential: 23 operations on NEON, of which eight look up.
 */
#include <string.h>

#include "backends/llvm/kernel.h"
#include "support/panic.h"

enum { PIECES = 8, POWERS = 8, HALF = PIECES / 2 };
/* Pieces per unit, and the largest a: both are constants that an instruction of NEON can hold. */
static const double SCALE = 1.3125, MOST = 5.5;
/* 2^23: adding it rounds to an integer, which then stands in the low bits. */
static const double ROUNDER = 8388608.0;

/* Of powers of h = i - a SCALE, |h| <= 1/2, ascending: those of all pieces i. */
static const double powers[POWERS][PIECES] = {
    {0.5, 0.223058432, 0.0637781471, 0.0111354897, 0.00115331076, 6.96173447e-05, 2.42204283e-06,
     4.48256223e-08},
    {0.303956032, 0.227382511, 0.0951909944, 0.0223011486, 0.00292382203, 0.00021451994,
     8.80798416e-06, 2.1593533e-07},
    {2.85660811e-08, 0.0659975186, 0.0552583374, 0.0194186959, 0.00339457253, 0.000311321841,
     1.53402652e-05, 3.97612212e-07},
    {-0.0294072609, -0.00922853127, 0.0121749807, 0.00911489129, 0.00234440737, 0.000280445907,
     1.6956641e-05, 5.37387564e-07},
    {3.17566514e-06, -0.00772213563, -0.00181380997, 0.00208944432, 0.00103246665, 0.000173370034,
     1.32569467e-05, 5.0758797e-07},
    {0.00257313834, -9.43088962e-05, -0.00147915038, -6.59621364e-05, 0.000276578037,
     7.62538693e-05, 7.77112564e-06, 3.61890045e-07},
    {2.58369964e-05, 0.000572960766, -0.000136625982, -0.000179606155, 2.55809427e-05,
     2.35211828e-05, 3.63776576e-06, 1.91638705e-07},
    {-0.000153319153, 5.60904009e-05, 7.32737462e-05, -3.93330483e-05, -1.37176039e-05,
     4.3298196e-06, 1.22146673e-06, 1.48090976e-07},
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

/* Of lanes that hold ROUNDER + i the bytes of float i: 4 i, 4 i + 1, 4 i + 2 and 4 i + 3. The bits
 * of ROUNDER, multiplied as well, are taken off by what is added. */
static LLVMValueRef bytes_of(ModuleContext *m, LLVMValueRef shifted) {
  enum { FACTOR = 0x04040404, BYTES = 0x03020100 };
  float rounder = (float)ROUNDER, added;
  uint32_t bits;
  memcpy(&bits, &rounder, sizeof bits);
  bits = BYTES - bits * FACTOR;
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

static LLVMValueRef look_up_bytes(ModuleContext *m, uint32_t power, LLVMValueRef bytes) {
  if (m->target->vector_floats == HALF) return look_up_four(m, power, bytes);
  CHECK(m->target->vector_floats == 2 * HALF);
  return emit_concat(m, look_up_four(m, power, emit_half(m, bytes, 0)),
                     look_up_four(m, power, emit_half(m, bytes, 1)));
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
  LLVMValueRef sum = NULL;
  for (uint32_t power = POWERS; power-- > 0;) {
    LLVMValueRef c = by_bytes ? look_up_bytes(m, power, index) : look_up_permuted(m, power, index);
    sum = sum ? emit_fma(m, sum, h, c) : c;
  }
  return emit_fma(m, minus, sum, emit_fmax(m, x, LLVMConstNull(m->vector)));
}
