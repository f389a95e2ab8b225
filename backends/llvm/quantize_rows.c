/* quantize_rows: each row as whole numbers, and what one of them stands for.
 *
 *   m = max|x|;  x * (127 / m) + 1.5 * 2^23 has the nearest whole number in its lowest bits
 *
 * Two passes over the row. The maximum is one of bits: those of floats without a sign are in order,
 * and a NaN is above all numbers. A short row stays in registers between the passes. */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"

enum {
  PARTIAL = 4, /* vectors of a turn: so many maxima are under way at once */
  MAX_HELD = 8,
  /* Bits of floats: all but the sign; infinity; 2^-100; and 1.5 * 2^23. */
  BITS_SIZE = 0x7fffffff,
  BITS_INFINITE = 0x7f800000,
  BITS_SMALLEST = 0x0d800000,
};
static const double MAGIC = 12582912, LARGEST = 127;

typedef struct QuantizeRows {
  const View *x, *q, *scale;
  uint32_t channels;
  DType as;
} QuantizeRows;

/* Zeros stand behind the last channel. */
static LLVMValueRef load_vector(KernelEmitter *k, const QuantizeRows *z, Site site) {
  LLVMValueRef x = view_load(k, z->x, site);
  return emit_keep_lanes(k->m, x, site.lanes, LLVMConstNull(k->m->vector));
}

/* -- the maximum ------------------------------------------------------------------------------- */

static LLVMValueRef larger(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  return emit_intrinsic(m, "llvm.smax", (LLVMValueRef[]){a, b}, 2);
}

static LLVMValueRef take_larger(ModuleContext *m, LLVMValueRef most, LLVMValueRef x) {
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, x, m->vector_i32, "");
  return larger(m, most, LLVMBuildAnd(m->builder, bits, emit_splat_i32(m, BITS_SIZE), ""));
}

/* The first `channels` of a long row, whole turns. */
static void largest_of_turns(KernelEmitter *k, const QuantizeRows *z, LLVMValueRef row,
                             uint32_t channels, LLVMValueRef *most) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats;
  Loop loop;
  LoopRange range = {emit_i64(m, 0), emit_i64(m, channels), PARTIAL * width};
  loop_begin_carrying(m, &loop, range, most, PARTIAL);
  Site site = {.row = row, .column = loop.index, .lanes = width};
  for (uint32_t i = 0; i < PARTIAL; ++i) {
    site.column_plus = i * width;
    most[i] = take_larger(m, loop.carried[i], load_vector(k, z, site));
  }
  loop_end(m, &loop, most);
  for (uint32_t i = 0; i < PARTIAL; ++i) most[i] = loop.carried[i];
}

/* The bits of the largest |x| of a row, whose vectors are `held` where that is not NULL. */
static LLVMValueRef largest_of_row(KernelEmitter *k, const QuantizeRows *z, LLVMValueRef row,
                                   const LLVMValueRef *held) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, turn = PARTIAL * width;
  uint32_t looped = held ? 0 : z->channels / turn * turn;
  LLVMValueRef most[PARTIAL];
  for (uint32_t i = 0; i < PARTIAL; ++i) most[i] = LLVMConstNull(m->vector_i32);
  if (looped) largest_of_turns(k, z, row, looped, most);
  for (uint32_t at = looped; at < z->channels; at += width) {
    LLVMValueRef x =
        held ? held[at / width] : load_vector(k, z, columns_site(k, row, z->channels, at));
    most[at / width % PARTIAL] = take_larger(m, most[at / width % PARTIAL], x);
  }
  LLVMValueRef all = larger(m, larger(m, most[0], most[1]), larger(m, most[2], most[3]));
  return emit_intrinsic(m, "llvm.vector.reduce.smax", &all, 1);
}

/* -- the numbers ------------------------------------------------------------------------------- */

/* What the row is multiplied by, in all lanes; its scale is stored. */
static LLVMValueRef find_factor(KernelEmitter *k, const QuantizeRows *z, LLVMValueRef row,
                                LLVMValueRef bits) {
  ModuleContext *m = k->m;
  LLVMValueRef zero = LLVMConstReal(m->f32, 0), one = LLVMConstReal(m->f32, 1);
  LLVMValueRef largest = LLVMConstReal(m->f32, LARGEST);
  LLVMValueRef size = LLVMBuildBitCast(m->builder, bits, m->f32, "");
  LLVMValueRef finite = LLVMBuildICmp(m->builder, LLVMIntULT, bits, emit_i32(m, BITS_INFINITE), "");
  LLVMValueRef counts = LLVMBuildICmp(m->builder, LLVMIntUGE, bits, emit_i32(m, BITS_SMALLEST), "");
  LLVMValueRef usual = LLVMBuildAnd(m->builder, finite, counts, "");
  LLVMValueRef divisor = LLVMBuildSelect(m->builder, usual, size, one, "");
  LLVMValueRef factor = LLVMBuildFDiv(m->builder, largest, divisor, "");
  LLVMValueRef scale = LLVMBuildFDiv(m->builder, divisor, largest, "");
  LLVMValueRef other = LLVMBuildSelect(m->builder, finite, zero, size, "");
  Site site = {.row = row, .column = emit_i64(m, 0)};
  emit_store_f32(m, LLVMBuildSelect(m->builder, usual, scale, other, ""),
                 view_address(k, z->scale, site));
  return emit_broadcast(m, LLVMBuildSelect(m->builder, usual, factor, zero, ""));
}

static void write_vector(KernelEmitter *k, const QuantizeRows *z, Site site, LLVMValueRef x,
                         LLVMValueRef factor) {
  ModuleContext *m = k->m;
  double zero = z->as == DTYPE_U8 ? 128 : 0;
  LLVMTypeRef element = LLVMIntTypeInContext(m->context, 8 * dtype_bytes(z->as));
  LLVMTypeRef type = LLVMVectorType(element, m->target->vector_floats);
  LLVMValueRef sum = emit_fadd(m, emit_fmul(m, x, factor), emit_splat(m, MAGIC + zero));
  LLVMValueRef bits = LLVMBuildBitCast(m->builder, sum, m->vector_i32, "");
  LLVMValueRef numbers = LLVMBuildTrunc(m->builder, bits, type, "");
  LLVMValueRef at = view_address(k, z->q, site);
  LLVMSetAlignment(LLVMBuildStore(m->builder, numbers, at), dtype_bytes(z->as));
}

/* The numbers of a long row, a turn at a time. */
static void emit_long_row(KernelEmitter *k, const QuantizeRows *z, LLVMValueRef row) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, turn = PARTIAL * width;
  uint32_t looped = z->channels / turn * turn;
  LLVMValueRef factor = find_factor(k, z, row, largest_of_row(k, z, row, NULL));
  Loop loop;
  loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, looped), turn);
  Site site = {.row = row, .column = loop.index, .lanes = width};
  for (uint32_t i = 0; i < PARTIAL; ++i) {
    site.column_plus = i * width;
    write_vector(k, z, site, load_vector(k, z, site), factor);
  }
  loop_end(m, &loop, NULL);
  for (uint32_t at = looped; at < z->channels; at += width) {
    site = columns_site(k, row, z->channels, at);
    write_vector(k, z, site, load_vector(k, z, site), factor);
  }
}

static void emit_short_row(KernelEmitter *k, const QuantizeRows *z, LLVMValueRef row) {
  uint32_t width = k->m->target->vector_floats;
  LLVMValueRef held[MAX_HELD] = {0};
  for (uint32_t at = 0; at < z->channels; at += width) {
    held[at / width] = load_vector(k, z, columns_site(k, row, z->channels, at));
  }
  LLVMValueRef factor = find_factor(k, z, row, largest_of_row(k, z, row, held));
  for (uint32_t at = 0; at < z->channels; at += width) {
    write_vector(k, z, columns_site(k, row, z->channels, at), held[at / width], factor);
  }
}

void quantize_rows_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  QuantizeRows z = {.x = &k->views[node->operands[0].index],
                    .q = &k->views[node_result(node, 0).index],
                    .scale = &k->views[node_result(node, 1).index],
                    .channels = value_channels(k, node->operands[0]),
                    .as = node->attrs.QUANTIZE_ROWS.as};
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  if (ceil_div_u32(z.channels, m->target->vector_floats) <= MAX_HELD) {
    emit_short_row(k, &z, rows.index);
  } else {
    emit_long_row(k, &z, rows.index);
  }
  loop_end(m, &rows, NULL);
}
