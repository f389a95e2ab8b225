/* STAGE_NORMALIZE: (x - mean) / sqrt(var + eps) of each row, then the pointwise ops behind.
 *
 * All is computed of x - first, where `first` is the row's first channel: the mean of numbers that
 * are large beside their spread would lose the spread. So a row of one number gives 0.
 *
 * Two passes over the row: the mean first, then the squared differences from it; lanes behind the
 * last channel count as nothing. PARTIAL sums are under way at once, vector v in sum v mod PARTIAL.
 * A short row stays in registers between the passes; of a long one, loops go over whole turns of
 * PARTIAL vectors.
 *
 * A row is a chain: its sum, its mean, its squares, a root and a quotient. Where there are
 * registers for them (TargetInfo.normalized_rows), some rows go through it side by side.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { PARTIAL = 4, MAX_HELD = 8, MAX_ROWS = 3 }; /* sums at once; vectors of a short row; rows */

/* A row under way. */
typedef struct Row {
  LLVMValueRef first, mean, scale; /* vectors; the mean is that of x - first */
  LLVMValueRef held[MAX_HELD];     /* x - first, of a short row */
  LLVMValueRef sums[PARTIAL];      /* NULL: nothing yet */
} Row;

typedef struct Normalize {
  const Stage *stage;
  const View *x;
  uint32_t channels;
  double eps;
  bool is_short;
  LLVMValueRef begin; /* the first of the present rows, */
  uint32_t count;     /* how many they are, */
  Row rows[MAX_ROWS]; /* and they */
} Normalize;

/* `site`, which is one of the first of the present rows, in row `row` of them. */
static Site site_in(Site site, uint32_t row) {
  site.row_plus += row;
  return site;
}

/* x - first, at a site of the first row, in row `row`. */
static LLVMValueRef load_shifted(KernelEmitter *k, const Normalize *n, Site site, uint32_t row) {
  return emit_fsub(k->m, view_load(k, n->x, site_in(site, row)), n->rows[row].first);
}

/* Adds one vector of x - first to a sum over the row, of its first `lanes` lanes; the sum may be
 * NULL, of nothing. */
typedef LLVMValueRef Adder(KernelEmitter *k, const Row *row, LLVMValueRef sum, LLVMValueRef x,
                           uint32_t lanes);

/* sum + x. */
static LLVMValueRef add_value(KernelEmitter *k, const Row *row, LLVMValueRef sum, LLVMValueRef x,
                              uint32_t lanes) {
  (void)row;
  x = emit_keep_lanes(k->m, x, lanes, LLVMConstNull(k->m->vector));
  return sum ? emit_fadd(k->m, sum, x) : x;
}

/* sum + (x - mean)^2: masked behind the subtraction, since 0 - mean is not 0. */
static LLVMValueRef add_square(KernelEmitter *k, const Row *row, LLVMValueRef sum, LLVMValueRef x,
                               uint32_t lanes) {
  LLVMValueRef difference = emit_fsub(k->m, x, row->mean);
  difference = emit_keep_lanes(k->m, difference, lanes, LLVMConstNull(k->m->vector));
  return sum ? emit_fma(k->m, difference, difference, sum)
             : emit_fmul(k->m, difference, difference);
}

/* -- sums over rows ---------------------------------------------------------------------------- */

/* The whole turns of long rows. */
static void sum_turns(KernelEmitter *k, Normalize *n, uint32_t channels, Adder *add) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, count = n->count * PARTIAL;
  LLVMValueRef sums[MAX_ROWS * PARTIAL];
  for (uint32_t i = 0; i < count; ++i) sums[i] = LLVMConstNull(m->vector);
  Loop loop;
  loop_begin_carrying(m, &loop, (LoopRange){emit_i64(m, 0), emit_i64(m, channels), PARTIAL * width},
                      sums, count);
  Site site = {.row = n->begin, .column = loop.index, .lanes = width};
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t row = i / PARTIAL;
    site.column_plus = i % PARTIAL * width;
    sums[i] = add(k, &n->rows[row], loop.carried[i], load_shifted(k, n, site, row), width);
  }
  loop_end(m, &loop, sums);
  for (uint32_t i = 0; i < count; ++i) n->rows[i / PARTIAL].sums[i % PARTIAL] = loop.carried[i];
}

/* Of all partial sums. */
static LLVMValueRef total(ModuleContext *m, const LLVMValueRef sums[PARTIAL]) {
  LLVMValueRef pairs[2];
  for (uint32_t i = 0; i < 2; ++i) {
    LLVMValueRef a = sums[2 * i], b = sums[2 * i + 1];
    pairs[i] = a && b ? emit_fadd(m, a, b) : a;
  }
  return emit_lane_sum(m, pairs[1] ? emit_fadd(m, pairs[0], pairs[1]) : pairs[0]);
}

/* The sums over the present rows: totals. */
static void sum_rows(KernelEmitter *k, Normalize *n, Adder *add, LLVMValueRef totals[MAX_ROWS]) {
  uint32_t width = k->m->target->vector_floats, turn = PARTIAL * width;
  uint32_t looped = n->is_short ? 0 : n->channels / turn * turn;
  for (uint32_t r = 0; r < n->count; ++r) {
    for (uint32_t i = 0; i < PARTIAL; ++i) n->rows[r].sums[i] = NULL;
  }
  if (looped) sum_turns(k, n, looped, add);
  for (uint32_t at = looped; at < n->channels; at += width) {
    Site site = columns_site(k, n->begin, n->channels, at);
    for (uint32_t r = 0; r < n->count; ++r) {
      Row *row = &n->rows[r];
      LLVMValueRef x = n->is_short ? row->held[at / width] : load_shifted(k, n, site, r);
      LLVMValueRef *sum = &row->sums[at / width % PARTIAL];
      *sum = add(k, row, *sum, x, site.lanes);
    }
  }
  for (uint32_t r = 0; r < n->count; ++r) totals[r] = total(k->m, n->rows[r].sums);
}

/* Sets mean and scale = 1 / sqrt(var + eps) of the present rows, both in all lanes. */
static void find_statistics(KernelEmitter *k, Normalize *n) {
  ModuleContext *m = k->m;
  LLVMValueRef one_channel = LLVMConstReal(m->f32, 1.0 / n->channels);
  LLVMValueRef eps = LLVMConstReal(m->f32, n->eps), totals[MAX_ROWS];
  sum_rows(k, n, add_value, totals);
  for (uint32_t r = 0; r < n->count; ++r) {
    n->rows[r].mean = emit_broadcast(m, emit_fmul(m, totals[r], one_channel));
  }
  sum_rows(k, n, add_square, totals);
  for (uint32_t r = 0; r < n->count; ++r) {
    LLVMValueRef variance = emit_fadd(m, emit_fmul(m, totals[r], one_channel), eps);
    LLVMValueRef deviation = emit_intrinsic(m, "llvm.sqrt", &variance, 1);
    LLVMValueRef one = LLVMConstReal(m->f32, 1.0);
    n->rows[r].scale = emit_broadcast(m, LLVMBuildFDiv(m->builder, one, deviation, ""));
  }
}

/* -- the stage --------------------------------------------------------------------------------- */

/* (x - mean) * scale of each row, and the pointwise ops behind: a SiteEmitter of the last pass. */
static void write_vectors(KernelEmitter *k, Site site, void *context) {
  const Normalize *n = context;
  uint32_t held = site.column_plus / k->m->target->vector_floats;
  for (uint32_t r = 0; r < n->count; ++r) {
    const Row *row = &n->rows[r];
    LLVMValueRef x = n->is_short ? row->held[held] : load_shifted(k, n, site, r);
    LLVMValueRef centered = emit_fsub(k->m, x, row->mean);
    pointwise_emit(k, n->stage, site_in(site, r), emit_fmul(k->m, centered, row->scale));
  }
}

/* Each row's first channel, in all lanes. */
static void find_first(KernelEmitter *k, Normalize *n) {
  ModuleContext *m = k->m;
  for (uint32_t r = 0; r < n->count; ++r) {
    Site site = site_in(columns_site(k, n->begin, n->channels, 0), r);
    LLVMValueRef first = LLVMBuildExtractElement(m->builder, view_load(k, n->x, site),
                                                 LLVMConstInt(m->i32, 0, false), "");
    n->rows[r].first = emit_broadcast(m, first);
  }
}

/* Rows of at most MAX_HELD vectors: loaded once. */
static void emit_short_rows(KernelEmitter *k, Normalize *n) {
  uint32_t width = k->m->target->vector_floats;
  for (uint32_t at = 0; at < n->channels; at += width) {
    Site site = columns_site(k, n->begin, n->channels, at);
    for (uint32_t r = 0; r < n->count; ++r) {
      n->rows[r].held[at / width] = load_shifted(k, n, site, r);
    }
  }
  find_statistics(k, n);
  for (uint32_t at = 0; at < n->channels; at += width) {
    write_vectors(k, columns_site(k, n->begin, n->channels, at), n);
  }
}

/* The rows of [begin, end), `count` at a time. */
static void emit_rows(KernelEmitter *k, Normalize *n, LLVMValueRef begin, LLVMValueRef end,
                      uint32_t count) {
  Loop rows;
  loop_begin(k->m, &rows, begin, end, count);
  n->begin = rows.index;
  n->count = count;
  find_first(k, n);
  if (n->is_short) {
    emit_short_rows(k, n);
  } else {
    find_statistics(k, n);
    columns_all(k, rows.index, n->channels, write_vectors, n);
  }
  loop_end(k->m, &rows, NULL);
}

void normalize_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Normalize n = {.stage = stage,
                 .x = &k->views[node->operands[0].index],
                 .channels = value_channels(k, node->operands[0]),
                 .eps = node->attrs.NORMALIZE.eps};
  n.is_short = ceil_div_u32(n.channels, m->target->vector_floats) <= MAX_HELD;
  LLVMValueRef done = emit_i64(m, 0);
  uint32_t together = m->target->normalized_rows;
  if (together > 1) {
    CHECK(together <= MAX_ROWS);
    LLVMValueRef turns = LLVMBuildUDiv(m->builder, k->row_count, emit_i64(m, together), "");
    done = emit_mul(m, turns, together);
    emit_rows(k, &n, emit_i64(m, 0), done, together);
  }
  emit_rows(k, &n, done, k->row_count, 1);
}
