/* The instructions that multiply whole numbers: one way for each DotKind. A row's four is in all
 * lanes; columns stand in fours, as they are packed, in a vector's bytes for a vector's columns.
 *
 *   fours        a register of columns, a sum in each lane:        c0 c1 c2 c3 ..
 *   pairs        a step's two halves one after the other, each as s16 and added to the same sums
 *   long pairs   two of half as many, two sums for each column:    c0 c0 c1 c1 | c2 c2 c3 c3
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

static void columns_of_fours(ModuleContext *m, LLVMValueRef address, uint32_t half,
                             LLVMValueRef *columns) {
  (void)half;
  columns[0] = load(m, m->vector_i32, address, 4 * m->target->vector_floats);
}

/* Two s16 in each lane: half of a four. */
static LLVMValueRef row_of_pairs(ModuleContext *m, const LLVMValueRef *addresses) {
  uint32_t lanes = m->target->vector_floats;
  LLVMTypeRef words = LLVMVectorType(m->i16, 2 * lanes);
  return spread(m, load(m, m->i32, addresses[0], 4), lanes, words);
}

/* The same half of each column's four: its bytes become the upper ones of words, and go down. */
static void columns_of_pairs(ModuleContext *m, LLVMValueRef address, uint32_t half,
                             LLVMValueRef *columns) {
  uint32_t bytes = 4 * m->target->vector_floats;
  LLVMTypeRef type = LLVMVectorType(m->i8, bytes), words = LLVMVectorType(m->i16, bytes / 2);
  int32_t index[MAX_SHUFFLED];
  for (uint32_t i = 0; i < bytes; ++i) {
    index[i] = (int32_t)(i % 2 ? i / 4 * 4 + 2 * half + i % 4 / 2 : bytes);
  }
  LLVMValueRef fours = load(m, type, address, bytes);
  LLVMValueRef upper = emit_shuffle_two(m, fours, LLVMConstNull(type), index, bytes);
  LLVMValueRef eights[MAX_SHUFFLED / 2];
  for (uint32_t i = 0; i < bytes / 2; ++i) eights[i] = LLVMConstInt(m->i16, 8, false);
  columns[0] = LLVMBuildAShr(m->builder, LLVMBuildBitCast(m->builder, upper, words, ""),
                             LLVMConstVector(eights, bytes / 2), "");
}

/* Where half `half` of columns is that were converted. */
static LLVMValueRef widened_half(ModuleContext *m, LLVMValueRef address, uint32_t half) {
  return emit_address(m, address, emit_i64(m, 4 * half * m->target->vector_floats));
}

LLVMValueRef dot_widen(ModuleContext *m, LLVMValueRef from, LLVMValueRef to, uint32_t half) {
  LLVMValueRef columns = NULL;
  columns_of_pairs(m, from, half, &columns);
  LLVMValueRef store = LLVMBuildStore(m->builder, columns, widened_half(m, to, half));
  LLVMSetAlignment(store, 4 * m->target->vector_floats);
  return columns;
}

LLVMValueRef dot_load_widened(ModuleContext *m, LLVMValueRef address, uint32_t half) {
  uint32_t lanes = m->target->vector_floats;
  LLVMTypeRef words = LLVMVectorType(m->i16, 2 * lanes);
  return load(m, words, widened_half(m, address, half), 4 * lanes);
}

/* Four bytes in each half of eight. */
static LLVMValueRef row_of_long_pairs(ModuleContext *m, const LLVMValueRef *addresses) {
  return spread(m, load(m, m->i32, addresses[0], 4), 2, LLVMVectorType(m->i8, 8));
}

/* Two registers, one behind the other, of `bytes` each. */
static void load_two(ModuleContext *m, LLVMValueRef address, uint32_t bytes,
                     LLVMValueRef *columns) {
  for (uint32_t part = 0; part < 2; ++part) {
    LLVMValueRef at = emit_address(m, address, emit_i64(m, bytes * part));
    columns[part] = load(m, LLVMVectorType(m->i8, bytes), at, bytes);
  }
}

static void columns_of_long_pairs(ModuleContext *m, LLVMValueRef address, uint32_t half,
                                  LLVMValueRef *columns) {
  (void)half;
  load_two(m, address, 8, columns);
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

LLVMValueRef dot_load_pair(ModuleContext *m, LLVMValueRef address) {
  return load(m, LLVMVectorType(m->i8, 16), address, 16);
}

/* Eight bytes of two columns each. */
static void columns_of_eights(ModuleContext *m, LLVMValueRef address, uint32_t half,
                              LLVMValueRef *columns) {
  (void)half;
  load_two(m, address, 16, columns);
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

static LLVMValueRef multiply_pairs(ModuleContext *m, LLVMValueRef row, LLVMValueRef columns) {
  static const char *const names[] = {"llvm.x86.sse2.pmadd.wd", "llvm.x86.avx2.pmadd.wd",
                                      "llvm.x86.avx512.pmaddw.d.512"};
  uint32_t lanes = m->target->vector_floats;
  const char *name = names[lanes == 4 ? 0 : lanes == 8 ? 1 : 2];
  return emit_target_intrinsic(m, name, (LLVMValueRef[]){row, columns}, 2);
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

/* -- the kinds --------------------------------------------------------------------------------- */

static const Dot dots[DOT_KIND_COUNT] = {
    [DOT_PAIRS] = {1, 1, row_of_pairs, columns_of_pairs, multiply_pairs, NULL, finish_fours},
    [DOT_FOURS_U8] = {1, 1, row_of_fours, columns_of_fours, NULL, add_fours_u8, finish_fours},
    [DOT_FOURS_S8] = {1, 1, row_of_first_four, columns_of_fours, NULL, add_fours_s8, finish_fours},
    [DOT_LONG_PAIRS] = {1, 2, row_of_long_pairs, columns_of_long_pairs, NULL, add_long_pairs,
                        finish_pairs},
    [DOT_EIGHTS_S8] = {2, 1, row_of_eights, columns_of_eights, NULL, add_eights, finish_eights},
};

const Dot *dot_of_kind(DotKind kind) {
  return &dots[kind];
}

const Dot *dot_of(ModuleContext *m) {
  return dot_of_kind(m->target->dot);
}

/* One or two values, made before anything that follows is loaded or added, by an assembly of no
 * instruction. */
static void make_now(ModuleContext *m, LLVMValueRef *values, uint32_t count) {
  const char *constraints = count == 1 ? "=v,0,~{memory}" : "=v,=v,0,1,~{memory}";
  LLVMTypeRef types[] = {m->vector_i32, m->vector_i32};
  LLVMTypeRef both = LLVMStructTypeInContext(m->context, types, 2, false);
  LLVMTypeRef type = LLVMFunctionType(count == 1 ? types[0] : both, types, count, false);
  LLVMValueRef none = LLVMGetInlineAsm(type, "", 0, constraints, strlen(constraints), true, false,
                                       LLVMInlineAsmDialectATT, false);
  LLVMValueRef made = LLVMBuildCall2(m->builder, type, none, values, count, "");
  for (uint32_t i = 0; i < count; ++i) {
    values[i] = count == 1 ? made : LLVMBuildExtractValue(m->builder, made, i, "");
  }
}

/* A tile takes all registers, and LLVM would load what comes next, or add up products of two halves
 * first, in more than there are. Both products come before both sums: Zen 3 takes 5 % longer where
 * each is added at once. */
static void add_products(ModuleContext *m, LLVMValueRef row,
                         LLVMValueRef (*columns)[DOT_MOST_STEPS], uint32_t count,
                         LLVMValueRef *sums) {
  LLVMValueRef products[2];
  for (uint32_t i = 0; i < count; ++i) {
    products[i] = dot_of(m)->multiply(m, row, columns[i][0]);
  }
  make_now(m, products, count);
  for (uint32_t i = 0; i < count; ++i) sums[i] = emit_add(m, sums[i], products[i]);
  make_now(m, sums, count);
}

void dot_add(ModuleContext *m, const LLVMValueRef *row, LLVMValueRef (*columns)[DOT_MOST_STEPS],
             uint32_t steps, uint32_t count, LLVMValueRef *sums) {
  const Dot *dot = dot_of(m);
  for (uint32_t i = 0; i < count; i += dot->multiply ? 2 : 1) {
    if (dot->multiply) {
      add_products(m, row[0], columns + i, count - i < 2 ? 1 : 2, sums + i);
    } else {
      sums[i] = dot->add(m, sums[i], row, columns[i], steps);
    }
  }
}
