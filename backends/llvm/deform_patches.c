/* deform_patches: row (i, j) of the result is the window there, each tap of each group of channels
 * moved by offsets of its own, interpolated, and scaled by its mask; zero outside the map.
 *
 *   for tap, for group:
 *     place = tap + floor(offset), fraction = offset - floor(offset), in both directions
 *     four weights: products of the fractions and the mask, 0 where the neighbour is outside
 *     for vector of the group's channels: the sum of four rows of the map times their weights
 *
 * Offsets are clamped to what leaves the map from anywhere, so that no index overflows and a NaN,
 * which becomes the lower bound, reads 0. A neighbour outside is read from the map's first row, and
 * counts nothing.
 */
#include "backends/llvm/kernel.h"

typedef struct Deform {
  Window window;
  uint32_t groups; /* with offsets of their own */
  View x;          /* the whole map */
  Type map;
  const View *offsets, *mask; /* mask NULL: none */
  ValueId result;
  uint32_t each;               /* channels of a group */
  LLVMValueRef row, top, left; /* i64: the present row, and its window's corner in the map */
  /* of the present tap and group */
  LLVMValueRef rows[4], weights[4]; /* of x; vectors */
  LLVMValueRef from, to;            /* the group's first channel in x, and in the result */
} Deform;

/* A neighbour on one axis. */
typedef struct Neighbour {
  LLVMValueRef at, inside, weight; /* i64, i1, f32 */
} Neighbour;

/* Farther than this from any window, both neighbours are outside. */
static double reach_of(int64_t size, WindowAxis axis) {
  return (double)(size + window_extent(axis) + axis.before + axis.behind + 1);
}

/* The two positions around `base` + the offset at `column`, on axis `axis` of the map (1: H, 2: W).
 */
static void find_neighbours(KernelEmitter *k, const Deform *d, uint32_t axis, LLVMValueRef base,
                            LLVMValueRef column, Neighbour out[2]) {
  ModuleContext *m = k->m;
  int64_t size = d->map.dims[axis];
  double reach = reach_of(size, axis == 1 ? window_rows(&d->window) : window_columns(&d->window));
  Site site = {.row = d->row, .column = column};
  LLVMValueRef low = LLVMConstReal(m->f32, -reach), high = LLVMConstReal(m->f32, reach);
  LLVMValueRef offset = emit_load_f32(m, view_address(k, d->offsets, site));
  offset = emit_fmin(m, emit_fmax(m, offset, low), high);
  LLVMValueRef whole = emit_intrinsic(m, "llvm.floor", &offset, 1);
  LLVMValueRef fraction = emit_fsub(m, offset, whole);
  LLVMValueRef step = LLVMBuildFPToSI(m->builder, whole, m->i64, "");
  out[0].at = emit_add(m, base, step);
  out[1].at = emit_add(m, out[0].at, emit_i64(m, 1));
  out[0].weight = emit_fsub(m, LLVMConstReal(m->f32, 1.0), fraction);
  out[1].weight = fraction;
  for (uint32_t i = 0; i < 2; ++i) {
    out[i].inside = LLVMBuildICmp(m->builder, LLVMIntULT, out[i].at, emit_i64(m, size), "");
  }
}

/* Fills rows and weights from the neighbours of both axes and the mask at `slot`. */
static void find_corners(KernelEmitter *k, Deform *d, const Neighbour h[2], const Neighbour w[2],
                         LLVMValueRef slot) {
  ModuleContext *m = k->m;
  Site site = {.row = d->row, .column = slot};
  LLVMValueRef mask = d->mask ? emit_load_f32(m, view_address(k, d->mask, site)) : NULL;
  for (uint32_t c = 0; c < 4; ++c) {
    const Neighbour *i = &h[c / 2], *j = &w[c % 2];
    LLVMValueRef weight = emit_fmul(m, i->weight, j->weight);
    if (mask) weight = emit_fmul(m, weight, mask);
    LLVMValueRef inside = LLVMBuildAnd(m->builder, i->inside, j->inside, "");
    LLVMValueRef row = emit_add(m, emit_mul(m, i->at, (uint64_t)d->map.dims[2]), j->at);
    d->rows[c] = LLVMBuildSelect(m->builder, inside, row, emit_i64(m, 0), "");
    weight = LLVMBuildSelect(m->builder, inside, weight, LLVMConstReal(m->f32, 0.0), "");
    d->weights[c] = emit_broadcast(m, weight);
  }
}

/* A SiteEmitter over a group's channels: the sum of four neighbours, in a fixed order. */
static void deform_vector(KernelEmitter *k, Site site, void *context) {
  const Deform *d = context;
  ModuleContext *m = k->m;
  LLVMValueRef sum = NULL;
  for (uint32_t c = 0; c < 4; ++c) {
    Site from = site;
    from.row = d->rows[c];
    from.column = emit_add(m, site.column, d->from);
    LLVMValueRef x = view_load(k, &d->x, from);
    sum = sum ? emit_fma(m, d->weights[c], x, sum) : emit_fmul(m, d->weights[c], x);
  }
  site.column = emit_add(m, site.column, d->to);
  view_store_value(k, d->result, site, sum);
}

/* One tap of one group of the present row. Offsets stand as [group][tap][h, w], masks as
 * [group][tap], the result as [tap][channels]. */
static void deform_tap(KernelEmitter *k, Deform *d, LLVMValueRef tap_h, LLVMValueRef tap_w,
                       LLVMValueRef group) {
  ModuleContext *m = k->m;
  const Window *window = &d->window;
  uint64_t taps = (uint64_t)window_taps(window);
  LLVMValueRef tap = emit_add(m, emit_mul(m, tap_h, (uint64_t)window->kernel_w), tap_w);
  LLVMValueRef slot = emit_add(m, emit_mul(m, group, taps), tap), column = emit_mul(m, slot, 2);
  LLVMValueRef i = emit_add(m, d->top, emit_mul(m, tap_h, (uint64_t)window->dilation_h));
  LLVMValueRef j = emit_add(m, d->left, emit_mul(m, tap_w, (uint64_t)window->dilation_w));
  Neighbour h[2], w[2];
  find_neighbours(k, d, 1, i, column, h);
  find_neighbours(k, d, 2, j, emit_add(m, column, emit_i64(m, 1)), w);
  find_corners(k, d, h, w, slot);
  d->from = emit_mul(m, group, d->each);
  d->to = emit_add(m, emit_mul(m, tap, (uint64_t)d->map.dims[3]), d->from);
  columns_all(k, d->row, d->each, deform_vector, d);
}

/* The whole stage's state. Map and result are touched exactly: a group's last vector ends inside a
 * row. */
static Deform deform_of(KernelEmitter *k, const Node *node) {
  ValueId x = node->operands[0], mask = node_operand(node, 2);
  const AttrsDEFORM_PATCHES *a = &node->attrs.DEFORM_PATCHES;
  Deform d = {.window = a->window, .groups = (uint32_t)a->offset_groups, .x = view_of_map(k, x)};
  d.map = graph_type(k->body, x);
  d.offsets = &k->views[node->operands[1].index];
  d.mask = value_is_none(mask) ? NULL : &k->views[mask.index];
  d.each = (uint32_t)d.map.dims[3] / d.groups;
  d.x.exact = true; /* a group ends before its row does */
  d.result = node_result(node, 0);
  view_make_exact(k, d.result);
  return d;
}

void deform_patches_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Deform d = deform_of(k, node);
  Type out = graph_type(k->body, d.result);
  LLVMValueRef zero = emit_i64(m, 0);
  Loop rows, lines, taps, groups;
  loop_begin(m, &rows, zero, k->row_count, 1);
  d.row = rows.index;
  kernel_window(k, rows.index, out, &d.window, &d.top, &d.left);
  loop_begin(m, &lines, zero, emit_i64(m, d.window.kernel_h), 1);
  loop_begin(m, &taps, zero, emit_i64(m, d.window.kernel_w), 1);
  loop_begin(m, &groups, zero, emit_i64(m, d.groups), 1);
  deform_tap(k, &d, lines.index, taps.index, groups.index);
  loop_end(m, &groups, NULL);
  loop_end(m, &taps, NULL);
  loop_end(m, &lines, NULL);
  loop_end(m, &rows, NULL);
}
