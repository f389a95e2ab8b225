/* The instructions that multiply whole numbers: one way for each DotKind. A row's four is in all
 * lanes; columns stand in fours, as they are packed, in a vector's bytes for a vector's columns.
 *
 *   fours        a register of columns, a sum in each lane:        c0 c1 c2 c3 ..
 *   pairs        two of half as many, two sums for each column:    c0 c0 c1 c1 .. | c2 c2 c3 c3 ..
 *   eights       columns stand in eights; so do two rows, r and s, in one register, and each two
 *                columns have sums with both:                      r0 r1 s0 s1 | r2 r3 s2 s3
 *
 * Sums are of s32, without saturation; the same for all ways. */
#include <string.h>

#include "backends/llvm/product.h"
#include "support/panic.h"

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
static LLVMValueRef row_of_fours(ModuleContext *m, const LLVMValueRef *addresses) {
  return spread(m, load(m, m->i32, addresses[0], 4), m->target->vector_floats, m->vector_i32);
}

/* The same, as the first lane of 16 bytes, which sdot takes for all lanes. */
static LLVMValueRef row_of_first_four(ModuleContext *m, const LLVMValueRef *addresses) {
  static const int32_t first[MAX_LANES] = {0};
  LLVMValueRef fours = load(m, m->vector_i32, addresses[0], 4);
  return emit_shuffle(m, fours, first, m->target->vector_floats);
}

static void columns_of_fours(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  columns[0] = load(m, m->vector_i32, address, 4 * m->target->vector_floats);
}

/* Four s16 in each two lanes. */
static LLVMValueRef row_of_pairs(ModuleContext *m, const LLVMValueRef *addresses) {
  uint32_t lanes = m->target->vector_floats;
  LLVMTypeRef words = LLVMVectorType(m->i16, 2 * lanes);
  return spread(m, load(m, m->i64, addresses[0], 8), lanes / 2, words);
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

/* Where half `half` of the columns is that were converted. */
static LLVMValueRef widened_half(ModuleContext *m, LLVMValueRef address, uint32_t half) {
  return emit_address(m, address, emit_i64(m, 4 * half * m->target->vector_floats));
}

void dot_widen(ModuleContext *m, LLVMValueRef from, LLVMValueRef to) {
  LLVMValueRef columns[DOT_MOST_PARTS];
  columns_of_pairs(m, from, columns);
  for (uint32_t half = 0; half < 2; ++half) {
    LLVMValueRef store = LLVMBuildStore(m->builder, columns[half], widened_half(m, to, half));
    LLVMSetAlignment(store, 4 * m->target->vector_floats);
  }
}

void dot_load_widened(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  uint32_t lanes = m->target->vector_floats;
  LLVMTypeRef words = LLVMVectorType(m->i16, 2 * lanes);
  for (uint32_t half = 0; half < 2; ++half) {
    columns[half] = load(m, words, widened_half(m, address, half), 4 * lanes);
  }
}

/* Four bytes in each half of eight. */
static LLVMValueRef row_of_long_pairs(ModuleContext *m, const LLVMValueRef *addresses) {
  return spread(m, load(m, m->i32, addresses[0], 4), 2, LLVMVectorType(m->i8, 8));
}

static void columns_of_long_pairs(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  for (uint32_t half = 0; half < 2; ++half) {
    LLVMValueRef at = emit_address(m, address, emit_i64(m, 8 * half));
    columns[half] = load(m, LLVMVectorType(m->i8, 8), at, 8);
  }
}

/* Eight bytes of each row. */
static LLVMValueRef row_of_eights(ModuleContext *m, const LLVMValueRef *addresses) {
  LLVMValueRef rows = LLVMGetUndef(LLVMVectorType(m->i64, 2));
  for (uint32_t r = 0; r < 2; ++r) {
    LLVMValueRef eight = load(m, m->i64, addresses[r], 8);
    rows = LLVMBuildInsertElement(m->builder, rows, eight, emit_i32(m, r), "");
  }
  return LLVMBuildBitCast(m->builder, rows, LLVMVectorType(m->i8, 16), "");
}

/* Eight bytes of two columns each. */
static void columns_of_eights(ModuleContext *m, LLVMValueRef address, LLVMValueRef *columns) {
  for (uint32_t half = 0; half < 2; ++half) {
    LLVMValueRef at = emit_address(m, address, emit_i64(m, 16 * half));
    columns[half] = load(m, LLVMVectorType(m->i8, 16), at, 16);
  }
}

/* -- products ---------------------------------------------------------------------------------- */

/* An intrinsic that exists for several types: its result's, and its last argument's where that is
 * not NULL. */
static LLVMValueRef neon(ModuleContext *m, const char *name, LLVMTypeRef types[2],
                         LLVMValueRef *args, uint32_t count) {
  unsigned id = LLVMLookupIntrinsicID(name, strlen(name)), type_count = types[1] ? 2 : 1;
  CHECK(id != 0);
  LLVMValueRef function = LLVMGetIntrinsicDeclaration(m->module, id, types, type_count);
  LLVMTypeRef type = LLVMIntrinsicGetType(m->context, id, types, type_count);
  return LLVMBuildCall2(m->builder, type, function, args, count, "");
}

static LLVMValueRef add_fours_u8(ModuleContext *m, LLVMValueRef sums, const LLVMValueRef *row,
                                 const LLVMValueRef *columns, uint32_t steps) {
  (void)steps;
  const char *name = m->target->vector_floats == 16 ? "llvm.x86.avx512.vpdpbusd.512"
                                                    : "llvm.x86.avx512.vpdpbusd.256";
  return emit_target_intrinsic(m, name, (LLVMValueRef[]){sums, row[0], columns[0]}, 3);
}

static LLVMValueRef add_fours_s8(ModuleContext *m, LLVMValueRef sums, const LLVMValueRef *row,
                                 const LLVMValueRef *columns, uint32_t steps) {
  (void)steps;
  LLVMTypeRef bytes = LLVMVectorType(m->i8, 16);
  LLVMValueRef args[] = {sums, LLVMBuildBitCast(m->builder, columns[0], bytes, ""),
                         LLVMBuildBitCast(m->builder, row[0], bytes, "")};
  return neon(m, "llvm.aarch64.neon.sdot", (LLVMTypeRef[]){m->vector_i32, bytes}, args, 3);
}

static LLVMValueRef add_eights(ModuleContext *m, LLVMValueRef sums, const LLVMValueRef *row,
                               const LLVMValueRef *columns, uint32_t steps) {
  (void)steps;
  LLVMValueRef args[] = {sums, row[0], columns[0]};
  LLVMTypeRef types[] = {m->vector_i32, LLVMTypeOf(row[0])};
  return neon(m, "llvm.aarch64.neon.smmla", types, args, 3);
}

static LLVMValueRef add_pairs(ModuleContext *m, LLVMValueRef sums, const LLVMValueRef *row,
                              const LLVMValueRef *columns, uint32_t steps) {
  (void)steps;
  static const char *const names[] = {"llvm.x86.sse2.pmadd.wd", "llvm.x86.avx2.pmadd.wd",
                                      "llvm.x86.avx512.pmaddw.d.512"};
  uint32_t lanes = m->target->vector_floats;
  const char *name = names[lanes == 4 ? 0 : lanes == 8 ? 1 : 2];
  LLVMValueRef args[] = {row[0], columns[0]};
  return emit_add(m, sums, emit_target_intrinsic(m, name, args, 2));
}

/* Two products of numbers up to 127 are a number of 16 bits: 2 * 127 * 127 = 32258. */
static LLVMValueRef add_long_pairs(ModuleContext *m, LLVMValueRef sums, const LLVMValueRef *row,
                                   const LLVMValueRef *columns, uint32_t steps) {
  LLVMTypeRef words = LLVMVectorType(m->i16, 8);
  LLVMValueRef products = NULL;
  for (uint32_t s = 0; s < steps; ++s) {
    LLVMValueRef args[] = {row[s], columns[s]};
    LLVMValueRef own = neon(m, "llvm.aarch64.neon.smull", (LLVMTypeRef[]){words, NULL}, args, 2);
    products = products ? emit_add(m, products, own) : own;
  }
  LLVMTypeRef types[] = {m->vector_i32, words};
  return emit_add(m, sums, neon(m, "llvm.aarch64.neon.saddlp", types, &products, 1));
}

/* -- sums -------------------------------------------------------------------------------------- */

static LLVMValueRef finish_fours(ModuleContext *m, const LLVMValueRef *sums, uint32_t row) {
  (void)m, (void)row;
  return sums[0];
}

static LLVMValueRef finish_pairs(ModuleContext *m, const LLVMValueRef *sums, uint32_t row) {
  (void)row;
  LLVMValueRef even = emit_every_second(m, sums[0], sums[1], 0);
  return emit_add(m, even, emit_every_second(m, sums[0], sums[1], 1));
}

static LLVMValueRef finish_eights(ModuleContext *m, const LLVMValueRef *sums, uint32_t row) {
  int32_t at = 2 * (int32_t)row, index[] = {at, at + 1, at + 4, at + 5};
  return emit_shuffle_two(m, sums[0], sums[1], index, 4);
}

static const Dot dots[DOT_KIND_COUNT] = {
    [DOT_PAIRS] = {1, 1, row_of_pairs, columns_of_pairs, add_pairs, finish_pairs},
    [DOT_FOURS_U8] = {1, 1, row_of_fours, columns_of_fours, add_fours_u8, finish_fours},
    [DOT_FOURS_S8] = {1, 1, row_of_first_four, columns_of_fours, add_fours_s8, finish_fours},
    [DOT_LONG_PAIRS] = {1, 2, row_of_long_pairs, columns_of_long_pairs, add_long_pairs,
                        finish_pairs},
    [DOT_EIGHTS_S8] = {2, 1, row_of_eights, columns_of_eights, add_eights, finish_eights},
};

const Dot *dot_of_kind(DotKind kind) {
  return &dots[kind];
}

const Dot *dot_of(ModuleContext *m) {
  return dot_of_kind(m->target->dot);
}
