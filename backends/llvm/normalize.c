/* STAGE_NORMALIZE: (x - mean) / sqrt(var + eps) of each row, then the pointwise ops behind.
 *
 * Two passes over the row: the mean first, then the squared differences from it; lanes behind the
 * last channel count as nothing.
 */
#include "backends/llvm/kernel.h"

typedef struct Normalize {
  const Stage *stage;
  const View *x;
  LLVMValueRef mean, scale; /* vectors */
} Normalize;

/* One vector's share of a sum over the row. */
typedef LLVMValueRef Term(KernelEmitter *k, const Normalize *n, LLVMValueRef x);

static LLVMValueRef term_value(KernelEmitter *k, const Normalize *n, LLVMValueRef x) {
  (void)k, (void)n;
  return x;
}

static LLVMValueRef term_square(KernelEmitter *k, const Normalize *n, LLVMValueRef x) {
  LLVMValueRef difference = emit_fsub(k->m, x, n->mean);
  return emit_fmul(k->m, difference, difference);
}

static LLVMValueRef add_term(KernelEmitter *k, const Normalize *n, Site site, Term *term,
                             LLVMValueRef sum) {
  LLVMValueRef x = view_load(k, n->x, site);
  LLVMValueRef value =
      emit_keep_lanes(k->m, term(k, n, x), site.lanes, LLVMConstNull(k->m->vector));
  return emit_fadd(k->m, sum, value);
}

/* The sum of a row's terms: UNROLL partial sums over its vectors, added in order. */
static LLVMValueRef sum_row(KernelEmitter *k, const Normalize *n, LLVMValueRef row,
                            uint32_t channels, Term *term) {
  enum { UNROLL = 4 };
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, turn = UNROLL * width;
  uint32_t full = channels - channels % turn;
  LLVMValueRef sums[UNROLL];
  for (uint32_t i = 0; i < UNROLL; i++) sums[i] = LLVMConstNull(m->vector);
  Site site = {.row = row, .lanes = width};
  if (full) {
    Loop loop;
    loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, full), turn, sums, UNROLL);
    site.column = loop.index;
    for (uint32_t i = 0; i < UNROLL; i++) {
      site.column_plus = i * width;
      sums[i] = add_term(k, n, site, term, loop.carried[i]);
    }
    loop_end(m, &loop, sums);
    for (uint32_t i = 0; i < UNROLL; i++) sums[i] = loop.carried[i];
  }
  site.column = emit_i64(m, full);
  for (uint32_t at = full; at < channels; at += width) {
    site.column_plus = at - full;
    site.lanes = channels - at < width ? channels - at : width;
    LLVMValueRef *sum = &sums[(at - full) / width];
    *sum = add_term(k, n, site, term, *sum);
  }
  LLVMValueRef sum = emit_fadd(m, emit_fadd(m, sums[0], sums[1]), emit_fadd(m, sums[2], sums[3]));
  return emit_lane_sum(m, sum);
}

static void write_vector(KernelEmitter *k, Site site, void *context) {
  const Normalize *n = context;
  LLVMValueRef centered = emit_fsub(k->m, view_load(k, n->x, site), n->mean);
  pointwise_emit(k, n->stage, site, emit_fmul(k->m, centered, n->scale));
}

void normalize_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  uint32_t channels = value_channels(k, node->operands[0]);
  Normalize n = {.stage = stage, .x = &k->views[node->operands[0].index]};
  LLVMValueRef count = LLVMConstReal(m->f32, channels);
  LLVMValueRef eps = LLVMConstReal(m->f32, node->attrs.NORMALIZE.eps);
  LLVMValueRef one = LLVMConstReal(m->f32, 1.0);
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1, NULL, 0);
  LLVMValueRef sum = sum_row(k, &n, rows.index, channels, term_value);
  n.mean = emit_broadcast(m, LLVMBuildFDiv(m->builder, sum, count, ""));
  LLVMValueRef squares = sum_row(k, &n, rows.index, channels, term_square);
  LLVMValueRef variance = emit_fadd(m, LLVMBuildFDiv(m->builder, squares, count, ""), eps);
  LLVMValueRef deviation = emit_intrinsic(m, "llvm.sqrt", &variance, 1);
  n.scale = emit_broadcast(m, LLVMBuildFDiv(m->builder, one, deviation, ""));
  pointwise_columns(k, rows.index, channels, write_vector, &n);
  loop_end(m, &rows, NULL);
}
