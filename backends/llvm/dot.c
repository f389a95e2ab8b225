/* The instructions that multiply whole numbers: one way for each DotKind. A row's four is in all
 * lanes; columns stand in fours, as they are packed, in a vector's bytes for a vector's columns.
 *
 *   fours        a register of columns, a sum in each lane:        c0 c1 c2 c3 ..
 *   pairs        two of half as many, two sums for each column:    c0 c0 c1 c1 .. | c2 c2 c3 c3 ..
 *
 * Sums are of s32, without saturation; the same for all ways. */
#include "backends/llvm/product.h"
#include "support/panic.h"

typedef struct Dot {
  LLVMValueRef (*row)(ModuleContext *m, LLVMValueRef address);
  void (*columns)(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns);
  LLVMValueRef (*add)(ModuleContext *m, LLVMValueRef sums, LLVMValueRef row, LLVMValueRef columns);
} Dot;

/* -- rows and columns -------------------------------------------------------------------------- */

static LLVMValueRef load(ModuleContext *m, LLVMTypeRef type, LLVMValueRef address, uint32_t align) {
  LLVMValueRef value = LLVMBuildLoad2(m->builder, type, address, "");
  LLVMSetAlignment(value, align);
  return value;
}

/* `scalar` in `count` lanes, taken as `type`. */
static LLVMValueRef spread(ModuleContext *m, LLVMValueRef scalar, uint32_t count,
                           LLVMTypeRef type) {
  LLVMValueRef vector = LLVMGetUndef(LLVMVectorType(LLVMTypeOf(scalar), count));
  vector = LLVMBuildInsertElement(m->builder, vector, scalar, emit_i32(m, 0), "");
  int32_t index[MAX_LANES] = {0};
  return LLVMBuildBitCast(m->builder, emit_shuffle(m, vector, index, count), type, "");
}

/* Four bytes in each lane. */
static LLVMValueRef row_of_fours(ModuleContext *m, LLVMValueRef address) {
  return spread(m, load(m, m->i32, address, 4), m->target->vector_floats, m->vector_i32);
}

static void columns_of_fours(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  columns[0] = load(m, m->vector_i32, address, 4 * m->target->vector_floats);
}

/* Four s16 in each two lanes. */
static LLVMValueRef row_of_pairs(ModuleContext *m, LLVMValueRef address) {
  uint32_t lanes = m->target->vector_floats;
  return spread(m, load(m, m->i64, address, 8), lanes / 2, LLVMVectorType(m->i16, 2 * lanes));
}

/* Half of the columns each, as s16. */
static void columns_of_pairs(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  uint32_t bytes = 2 * m->target->vector_floats;
  LLVMTypeRef words = LLVMVectorType(m->i16, bytes);
  for (uint32_t half = 0; half < 2; ++half) {
    LLVMValueRef at = emit_address(m, address, emit_i64(m, half * bytes));
    columns[half] = load(m, LLVMVectorType(m->i8, bytes), at, bytes);
    columns[half] = LLVMBuildSExt(m->builder, columns[half], words, "");
  }
}

/* Four bytes in each half of eight. */
static LLVMValueRef row_of_long_pairs(ModuleContext *m, LLVMValueRef address) {
  return spread(m, load(m, m->i32, address, 4), 2, LLVMVectorType(m->i8, 8));
}

static void columns_of_long_pairs(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  for (uint32_t half = 0; half < 2; ++half) {
    LLVMValueRef at = emit_address(m, address, emit_i64(m, half * 8));
    columns[half] = load(m, LLVMVectorType(m->i8, 8), at, 8);
  }
}

/* -- products ---------------------------------------------------------------------------------- */

static LLVMValueRef add_fours_u8(ModuleContext *m, LLVMValueRef sums, LLVMValueRef row,
                                 LLVMValueRef columns) {
  const char *name = m->target->vector_floats == 16 ? "llvm.x86.avx512.vpdpbusd.512"
                                                    : "llvm.x86.avx512.vpdpbusd.256";
  return emit_target_intrinsic(m, name, (LLVMValueRef[]){sums, row, columns}, 3);
}

static LLVMValueRef add_fours_s8(ModuleContext *m, LLVMValueRef sums, LLVMValueRef row,
                                 LLVMValueRef columns) {
  LLVMTypeRef bytes = LLVMVectorType(m->i8, 4 * m->target->vector_floats);
  LLVMValueRef args[] = {sums, LLVMBuildBitCast(m->builder, columns, bytes, ""),
                         LLVMBuildBitCast(m->builder, row, bytes, "")};
  return emit_target_intrinsic(m, "llvm.aarch64.neon.sdot.v4i32.v16i8", args, 3);
}

static LLVMValueRef add_pairs(ModuleContext *m, LLVMValueRef sums, LLVMValueRef row,
                              LLVMValueRef columns) {
  static const char *const names[] = {"llvm.x86.sse2.pmadd.wd", "llvm.x86.avx2.pmadd.wd",
                                      "llvm.x86.avx512.pmaddw.d.512"};
  uint32_t lanes = m->target->vector_floats;
  const char *name = names[lanes == 4 ? 0 : lanes == 8 ? 1 : 2];
  LLVMValueRef pairs = emit_target_intrinsic(m, name, (LLVMValueRef[]){row, columns}, 2);
  return emit_add(m, sums, pairs);
}

static LLVMValueRef add_long_pairs(ModuleContext *m, LLVMValueRef sums, LLVMValueRef row,
                                   LLVMValueRef columns) {
  LLVMValueRef products =
      emit_target_intrinsic(m, "llvm.aarch64.neon.smull.v8i16", (LLVMValueRef[]){row, columns}, 2);
  LLVMValueRef pairs =
      emit_target_intrinsic(m, "llvm.aarch64.neon.saddlp.v4i32.v8i16", &products, 1);
  return emit_add(m, sums, pairs);
}

static const Dot dots[DOT_KIND_COUNT] = {
    [DOT_PAIRS] = {row_of_pairs, columns_of_pairs, add_pairs},
    [DOT_FOURS_U8] = {row_of_fours, columns_of_fours, add_fours_u8},
    [DOT_FOURS_S8] = {row_of_fours, columns_of_fours, add_fours_s8},
    [DOT_LONG_PAIRS] = {row_of_long_pairs, columns_of_long_pairs, add_long_pairs},
};

LLVMValueRef dot_row(ModuleContext *m, LLVMValueRef address) {
  return dots[m->target->dot].row(m, address);
}

void dot_columns(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  dots[m->target->dot].columns(m, address, columns);
}

LLVMValueRef dot_add(ModuleContext *m, LLVMValueRef sums, LLVMValueRef row, LLVMValueRef columns) {
  return dots[m->target->dot].add(m, sums, row, columns);
}

LLVMValueRef dot_finish(ModuleContext *m, const LLVMValueRef *sums) {
  LLVMValueRef halves[2];
  for (uint32_t odd = 0; odd < 2; ++odd) {
    int32_t index[MAX_LANES];
    for (uint32_t i = 0; i < m->target->vector_floats; ++i) index[i] = (int32_t)(2 * i + odd);
    halves[odd] = emit_shuffle_two(m, sums[0], sums[1], index, m->target->vector_floats);
  }
  return emit_add(m, halves[0], halves[1]);
}
