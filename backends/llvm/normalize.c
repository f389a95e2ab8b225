/* STAGE_NORMALIZE: (x - mean) / sqrt(var + eps) of each row, then the pointwise ops behind.
 *
 * All is computed of x - first, where `first` is the row's first channel: the mean of numbers that
 * are large beside their spread would lose the spread. So a row of one number gives 0.
 *
 * Two passes over the row: the mean first, then the squared differences from it; lanes behind the
 * last channel count as nothing. PARTIAL sums are under way at once, vector v in sum v mod PARTIAL.
 * A short row stays in registers between the passes; of a long one, loops go over whole turns of
 * PARTIAL vectors.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"

enum { PARTIAL = 4, MAX_HELD = 8 }; /* sums at once; vectors of a short row  */

typedef struct Normalize {
  const Stage *stage;
  const View *x;
  uint32_t channels;
  double eps;
  LLVMValueRef first, mean, scale; /* vectors, of the present row; the mean is that of x - first */
} Normalize;

/* x - first, at one site. */
static LLVMValueRef load_shifted(KernelEmitter *k, const Normalize *n, Site site) {
  return emit_fsub(k->m, view_load(k, n->x, site), n->first);
}

/* Adds one vector of x - first to a sum over the row. */
typedef LLVMValueRef Adder(KernelEmitter *k, const Normalize *n, LLVMValueRef sum, LLVMValueRef x,
                           uint32_t lanes);

/* sum + x, of the first `lanes` lanes. */
static LLVMValueRef add_value(KernelEmitter *k, const Normalize *n, LLVMValueRef sum,
                              LLVMValueRef x, uint32_t lanes) {
  (void)n;
  return emit_fadd(k->m, sum, emit_keep_lanes(k->m, x, lanes, LLVMConstNull(k->m->vector)));
}

/* sum + (x - mean)^2, of the first `lanes` lanes: masked behind the subtraction, since 0 - mean is
 * not 0. */
static LLVMValueRef add_square(KernelEmitter *k, const Normalize *n, LLVMValueRef sum,
                               LLVMValueRef x, uint32_t lanes) {
  LLVMValueRef difference = emit_fsub(k->m, x, n->mean);
  difference = emit_keep_lanes(k->m, difference, lanes, LLVMConstNull(k->m->vector));
  return emit_fma(k->m, difference, difference, sum);
}

/* -- sums over a row --------------------------------------------------------------------------- */

/* The whole turns of a long row. */
static void sum_turns(KernelEmitter *k, const Normalize *n, LLVMValueRef row, uint32_t channels,
                      Adder *add, LLVMValueRef *sums) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats;
  Loop loop;
  loop_begin_carrying(m, &loop, (LoopRange){emit_i64(m, 0), emit_i64(m, channels), PARTIAL * width},
                      sums, PARTIAL);
  Site site = {.row = row, .column = loop.index, .lanes = width};
  for (uint32_t i = 0; i < PARTIAL; ++i) {
    site.column_plus = i * width;
    sums[i] = add(k, n, loop.carried[i], load_shifted(k, n, site), width);
  }
  loop_end(m, &loop, sums);
  for (uint32_t i = 0; i < PARTIAL; ++i) sums[i] = loop.carried[i];
}

/* The sum over a row, whose vectors are `held` where that is not NULL. */
static LLVMValueRef sum_row(KernelEmitter *k, const Normalize *n, LLVMValueRef row,
                            const LLVMValueRef *held, Adder *add) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, turn = PARTIAL * width;
  uint32_t looped = held ? 0 : n->channels / turn * turn;
  LLVMValueRef sums[PARTIAL];
  for (uint32_t i = 0; i < PARTIAL; ++i) sums[i] = LLVMConstNull(m->vector);
  if (looped) sum_turns(k, n, row, looped, add, sums);
  for (uint32_t at = looped; at < n->channels; at += width) {
    Site site = columns_site(k, row, n->channels, at);
    LLVMValueRef x = held ? held[at / width] : load_shifted(k, n, site);
    LLVMValueRef *sum = &sums[at / width % PARTIAL];
    *sum = add(k, n, *sum, x, site.lanes);
  }
  LLVMValueRef sum = emit_fadd(m, emit_fadd(m, sums[0], sums[1]), emit_fadd(m, sums[2], sums[3]));
  return emit_lane_sum(m, sum);
}

/* Sets mean and scale = 1 / sqrt(var + eps), both in all lanes. */
static void find_statistics(KernelEmitter *k, Normalize *n, LLVMValueRef row,
                            const LLVMValueRef *held) {
  ModuleContext *m = k->m;
  LLVMValueRef one_channel = LLVMConstReal(m->f32, 1.0 / n->channels);
  LLVMValueRef eps = LLVMConstReal(m->f32, n->eps);
  n->mean = emit_broadcast(m, emit_fmul(m, sum_row(k, n, row, held, add_value), one_channel));
  LLVMValueRef squares = sum_row(k, n, row, held, add_square);
  LLVMValueRef variance = emit_fadd(m, emit_fmul(m, squares, one_channel), eps);
  LLVMValueRef deviation = emit_intrinsic(m, "llvm.sqrt", &variance, 1);
  LLVMValueRef one = LLVMConstReal(m->f32, 1.0);
  n->scale = emit_broadcast(m, LLVMBuildFDiv(m->builder, one, deviation, ""));
}

/* -- the stage --------------------------------------------------------------------------------- */

/* (x - mean) * scale, of an x that is shifted as the mean is, and the pointwise ops behind. */
static void write_vector(KernelEmitter *k, const Normalize *n, Site site, LLVMValueRef x) {
  LLVMValueRef centered = emit_fsub(k->m, x, n->mean);
  pointwise_emit(k, n->stage, site, emit_fmul(k->m, centered, n->scale));
}

/* A SiteEmitter of the last pass over a long row. */
static void read_and_write(KernelEmitter *k, Site site, void *context) {
  const Normalize *n = context;
  write_vector(k, n, site, load_shifted(k, n, site));
}

/* A row of at most MAX_HELD vectors: loaded once. */
static void emit_short_row(KernelEmitter *k, Normalize *n, LLVMValueRef row) {
  uint32_t width = k->m->target->vector_floats;
  LLVMValueRef held[MAX_HELD];
  for (uint32_t at = 0; at < n->channels; at += width) {
    held[at / width] = load_shifted(k, n, columns_site(k, row, n->channels, at));
  }
  find_statistics(k, n, row, held);
  for (uint32_t at = 0; at < n->channels; at += width) {
    write_vector(k, n, columns_site(k, row, n->channels, at), held[at / width]);
  }
}

/* The row's first channel, in all lanes. */
static LLVMValueRef first_channel(KernelEmitter *k, const Normalize *n, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef vector = view_load(k, n->x, columns_site(k, row, n->channels, 0));
  LLVMValueRef first =
      LLVMBuildExtractElement(m->builder, vector, LLVMConstInt(m->i32, 0, false), "");
  return emit_broadcast(m, first);
}

void normalize_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Normalize n = {.stage = stage,
                 .x = &k->views[node->operands[0].index],
                 .channels = value_channels(k, node->operands[0]),
                 .eps = node->attrs.NORMALIZE.eps};
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  n.first = first_channel(k, &n, rows.index);
  if (ceil_div_u32(n.channels, m->target->vector_floats) <= MAX_HELD) {
    emit_short_row(k, &n, rows.index);
  } else {
    find_statistics(k, &n, rows.index, NULL);
    columns_all(k, rows.index, n.channels, read_and_write, &n);
  }
  loop_end(m, &rows, NULL);
}
