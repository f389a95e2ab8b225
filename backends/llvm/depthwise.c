/* depthwise convolution: per output row, per group of vectors of channels, bias plus the taps that
 * are inside. The sums of a group are under way at once: each waits for its own additions alone.
 *
 * All channels of a row have the same taps. Where all of them are inside, they are unrolled; else,
 * and for large windows, loops run over those that are. The order of summation is the same.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"

enum { MAX_UNROLLED_TAPS = 32, MAX_GROUP = 4 };

typedef struct Group { /* vectors of one row, side by side */
  Site sites[MAX_GROUP];
  uint32_t count;
} Group;

typedef struct Depthwise {
  const Stage *stage;
  Window window;
  View x;           /* the whole map */
  View weights;     /* [taps][channels] */
  const View *bias; /* NULL: none */
  int64_t height, width, channels;
  /* of the present row */
  LLVMValueRef top, left;                      /* the window's corner in the map; may be outside */
  LLVMValueRef begin_h, end_h, begin_w, end_w; /* the taps inside; used when not `inside` */
  bool inside;
} Depthwise;

/* sum + x[window + (tap_h, tap_w)] * w[tap], for the channels of `site`; the tap is inside the map.
 */
static LLVMValueRef add_tap(KernelEmitter *k, const Depthwise *d, Site site, LLVMValueRef tap_h,
                            LLVMValueRef tap_w, LLVMValueRef sum) {
  ModuleContext *m = k->m;
  LLVMValueRef i = emit_add(m, d->top, emit_mul(m, tap_h, (uint64_t)d->window.dilation_h));
  LLVMValueRef j = emit_add(m, d->left, emit_mul(m, tap_w, (uint64_t)d->window.dilation_w));
  LLVMValueRef row = emit_add(m, emit_mul(m, i, (uint64_t)d->width), j);
  LLVMValueRef tap = emit_add(m, emit_mul(m, tap_h, (uint64_t)d->window.kernel_w), tap_w);
  Site weight = site;
  weight.row = tap;
  site.row = row;
  return emit_fma(m, view_load(k, &d->x, site), view_load(k, &d->weights, weight), sum);
}

/* Adds a tap to the sums of a group. */
static void add_tap_to_group(KernelEmitter *k, const Depthwise *d, const Group *g,
                             LLVMValueRef tap_h, LLVMValueRef tap_w, LLVMValueRef *sums) {
  for (uint32_t i = 0; i < g->count; ++i) {
    sums[i] = add_tap(k, d, g->sites[i], tap_h, tap_w, sums[i]);
  }
}

/* All taps, unrolled. */
static void add_all_taps(KernelEmitter *k, const Depthwise *d, const Group *g, LLVMValueRef *sums) {
  for (int32_t h = 0; h < d->window.kernel_h; ++h) {
    for (int32_t w = 0; w < d->window.kernel_w; ++w) {
      add_tap_to_group(k, d, g, emit_i64(k->m, h), emit_i64(k->m, w), sums);
    }
  }
}

/* The taps inside of the map, which may be none, in loops. */
static void add_inside_taps(KernelEmitter *k, const Depthwise *d, const Group *g,
                            LLVMValueRef *sums) {
  Loop lines, taps;
  LLVMValueRef next[MAX_GROUP];
  loop_begin_carrying(k->m, &lines, (LoopRange){d->begin_h, d->end_h, 1}, sums, g->count);
  loop_begin_carrying(k->m, &taps, (LoopRange){d->begin_w, d->end_w, 1}, lines.carried, g->count);
  for (uint32_t i = 0; i < g->count; ++i) next[i] = taps.carried[i];
  add_tap_to_group(k, d, g, lines.index, taps.index, next);
  loop_end(k->m, &taps, next);
  loop_end(k->m, &lines, taps.carried);
  for (uint32_t i = 0; i < g->count; ++i) sums[i] = lines.carried[i];
}

/* Asks for the lowest line of a window some rows behind, the one that no window read before. */
static void prefetch_line(KernelEmitter *k, const Depthwise *d, Site site) {
  int64_t below = window_extent(window_rows(&d->window)) - 1 - d->window.pad_top;
  site.row = emit_add(k->m, site.row, emit_i64(k->m, below * d->width));
  view_prefetch_ahead(k, stage_anchor(k, d->stage)->operands[0], PLACE_OPERAND, site);
}

/* Vectors of the present row: the first at this column, of `lanes` floats in all. */
static void emit_group(KernelEmitter *k, const Depthwise *d, Site site, uint32_t lanes) {
  uint32_t width = k->m->target->vector_floats;
  LLVMValueRef sums[MAX_GROUP];
  Group g = {.count = ceil_div_u32(lanes, width)};
  for (uint32_t i = 0; i < g.count; ++i) {
    uint32_t rest = lanes - i * width;
    site.column_plus = i * width;
    site.lanes = rest < width ? rest : width;
    g.sites[i] = site;
    prefetch_line(k, d, site);
    sums[i] = d->bias ? view_load(k, d->bias, site) : LLVMConstNull(k->m->vector);
  }
  if (d->inside) {
    add_all_taps(k, d, &g, sums);
  } else {
    add_inside_taps(k, d, &g, sums);
  }
  pointwise_emit_all(k, d->stage, g.sites, sums, g.count);
}

/* All vectors of the present row. */
static void emit_columns(KernelEmitter *k, const Depthwise *d, LLVMValueRef row) {
  ModuleContext *m = k->m;
  uint32_t channels = (uint32_t)d->channels, turn = MAX_GROUP * m->target->vector_floats;
  uint32_t looped = channels / turn * turn;
  Site site = {.row = row};
  if (looped) {
    Loop columns;
    loop_begin(m, &columns, emit_i64(m, 0), emit_i64(m, looped), turn);
    site.column = columns.index;
    emit_group(k, d, site, turn);
    loop_end(m, &columns, NULL);
  }
  site.column = emit_i64(m, looped);
  if (channels > looped) emit_group(k, d, site, channels - looped);
}

/* i1: no tap of the present row's window is outside. */
static LLVMValueRef all_inside(ModuleContext *m, const Depthwise *d) {
  LLVMValueRef lines = LLVMBuildSub(m->builder, d->end_h, d->begin_h, "");
  LLVMValueRef columns = LLVMBuildSub(m->builder, d->end_w, d->begin_w, "");
  LLVMValueRef all_lines =
      LLVMBuildICmp(m->builder, LLVMIntEQ, lines, emit_i64(m, d->window.kernel_h), "");
  LLVMValueRef all_columns =
      LLVMBuildICmp(m->builder, LLVMIntEQ, columns, emit_i64(m, d->window.kernel_w), "");
  return LLVMBuildAnd(m->builder, all_lines, all_columns, "");
}

/* A row, whose corner is known. Both cases are emitted; which one it is, is asked once per row. */
static void emit_row(KernelEmitter *k, Depthwise *d, LLVMValueRef row) {
  ModuleContext *m = k->m;
  kernel_taps(k, d->top, window_rows(&d->window), d->height, &d->begin_h, &d->end_h);
  kernel_taps(k, d->left, window_columns(&d->window), d->width, &d->begin_w, &d->end_w);
  d->inside = false;
  if (window_taps(&d->window) > MAX_UNROLLED_TAPS) {
    emit_columns(k, d, row);
    return;
  }
  Branch branch;
  branch_begin(m, &branch, all_inside(m, d));
  d->inside = true;
  emit_columns(k, d, row);
  branch_else(m, &branch);
  d->inside = false;
  emit_columns(k, d, row);
  branch_end(m, &branch);
}

void depthwise_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], bias = node_operand(node, 2);
  Type in = graph_type(k->body, x), out = graph_type(k->body, node_result(node, 0));
  Depthwise d = {.stage = stage, .window = node->attrs.DEPTHWISE.window, .x = view_of_map(k, x)};
  d.height = in.dims[1], d.width = in.dims[2], d.channels = in.dims[3];
  d.weights = k->views[node->operands[1].index];
  d.weights.row_bytes = 4 * (uint64_t)d.channels;
  d.bias = value_is_none(bias) ? NULL : &k->views[bias.index];
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  kernel_window(k, rows.index, out, &d.window, &d.top, &d.left);
  emit_row(k, &d, rows.index);
  loop_end(m, &rows, NULL);
}
