/* axial_sample: channel c of row (i, j) is the map, interpolated at j (or i) plus the offset of
 * its group: `share` adjacent channels have one offset. Zero outside.
 *
 *   y[j] = sum over p of hat(j + offset - p) x[p],  hat(d) = max(0, 1 - |d|)
 *
 * At most two adjacent p have a weight, so that each group of channels reads a pair of neighbours
 * (p, p + 1), moved into the map where it is outside: hat, taken at its new place, gives the right
 * weights.
 *
 * Two steps for a batch of rows. First, for a vector of offsets at a time: where the pair is and
 * its two weights go to slots in the stage's room; weights are 0 far outside, and where an offset
 * is a NaN. Then, for each group of channels: two loads and low * a + high * b. (A batch, because a
 * slot is slow to read right after it was written as part of a vector.)
 *
 * Groups narrower than a vector are put together to whole ones.
 */
#include "backends/llvm/kernel.h"
#include "ir/plan_room.h"
#include "support/panic.h"

typedef struct Sample {
  View x; /* the whole map */
  View y;
  const View *offsets;
  uint32_t share; /* channels that have one offset: a group */
  uint32_t groups, channels;
  SampleRoom room;
  int64_t size;      /* of the axis */
  int64_t stride;    /* bytes between neighbours along it */
  int64_t next;      /* bytes from the first of a pair to the second */
  LLVMValueRef pair; /* [batch][slots]: u32, floats from the group at position 0 to the first */
  LLVMValueRef low, high; /* [batch][slots]: weights */
  /* of the present row */
  LLVMValueRef slot;        /* i64: its first slot */
  LLVMValueRef first, last; /* vectors: how far the first place that a pair may begin at, and the
                             * last, are from the row's own */
  LLVMValueRef line;        /* the map at position 0 of the axis */
} Sample;

/* -- where the neighbours are ------------------------------------------------------------------ */

/* Group `group` of the present row in one of the three tables of slots. */
static LLVMValueRef slot_address(ModuleContext *m, const Sample *s, LLVMValueRef slots,
                                 LLVMValueRef group) {
  return emit_address(m, slots, emit_mul(m, emit_add(m, s->slot, group), 4));
}

/* The smaller one, and the larger; the other one of a NaN, one if both are. */
static LLVMValueRef least(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  if (!m->target->number_min) return emit_fmin(m, a, b);
  return emit_intrinsic(m, "llvm.minnum", (LLVMValueRef[]){a, b}, 2);
}

static LLVMValueRef most(ModuleContext *m, LLVMValueRef a, LLVMValueRef b) {
  if (!m->target->number_min) return emit_fmax(m, a, b);
  return emit_intrinsic(m, "llvm.maxnum", (LLVMValueRef[]){a, b}, 2);
}

/* `place` moved to one where it and the next are inside; a NaN to the first. */
static LLVMValueRef move_inside(ModuleContext *m, const Sample *s, LLVMValueRef place) {
  return least(m, most(m, place, s->first), s->last);
}

/* Stores the weights of a pair, `distance` behind its first one. */
static void store_weights(ModuleContext *m, const Sample *s, LLVMValueRef distance,
                          LLVMValueRef column) {
  LLVMValueRef zero = LLVMConstNull(m->vector);
  LLVMValueRef magnitude = emit_intrinsic(m, "llvm.fabs", &distance, 1);
  LLVMValueRef low = emit_fmax(m, emit_fsub(m, emit_splat(m, 1), magnitude), zero);
  LLVMValueRef high = least(m, distance, emit_fsub(m, emit_splat(m, 2), distance));
  high = s->size > 1 ? emit_fmax(m, high, zero) : zero;
  emit_store(m, low, slot_address(m, s, s->low, column), m->target->vector_floats);
  emit_store(m, high, slot_address(m, s, s->high, column), m->target->vector_floats);
}

/* The offsets of a large map come from memory, and the processor does not see them coming: every
 * other piece of them is another branch's. */
static void prefetch_offsets(KernelEmitter *k, const Sample *s, Site site) {
  enum { AHEAD_BYTES = 4096 };
  LLVMValueRef here = view_address(k, s->offsets, site);
  emit_prefetch(k->m, emit_address(k->m, here, emit_i64(k->m, AHEAD_BYTES)));
}

/* The first step: a SiteEmitter over groups, so `site.lanes` may be more than are left. Their slots
 * are there (`slots` is rounded up), and what they hold is never read. Places are whole numbers, as
 * floats: those inside of a map they hold exactly. */
static void find_neighbours(KernelEmitter *k, Site site, void *context) {
  const Sample *s = context;
  ModuleContext *m = k->m;
  LLVMValueRef offset = view_load(k, s->offsets, site);
  prefetch_offsets(k, s, site);
  LLVMValueRef whole = emit_intrinsic(m, "llvm.floor", &offset, 1);
  LLVMValueRef moved = move_inside(m, s, whole);
  store_weights(m, s, emit_fsub(m, offset, moved), site.column);
  LLVMValueRef place = emit_fsub(m, moved, s->first);
  LLVMValueRef index = LLVMBuildFPToSI(m->builder, place, m->vector_i32, "");
  LLVMValueRef stride = emit_splat_i32(m, (int32_t)(s->stride / 4));
  LLVMValueRef floats = LLVMBuildMul(m->builder, index, stride, "");
  emit_store(m, floats, slot_address(m, s, s->pair, site.column), m->target->vector_floats);
}

/* -- reading them ------------------------------------------------------------------------------ */

/* The first of the neighbours of group `group` + `plus`. */
static LLVMValueRef load_pair(ModuleContext *m, const Sample *s, LLVMValueRef group,
                              uint32_t plus) {
  LLVMValueRef slot = slot_address(m, s, s->pair, emit_add(m, group, emit_i64(m, plus)));
  LLVMValueRef floats = LLVMBuildLoad2(m->builder, m->i32, slot, "");
  LLVMSetAlignment(floats, 4);
  LLVMValueRef bytes = emit_mul(m, LLVMBuildZExt(m->builder, floats, m->i64, ""), 4);
  uint64_t group_bytes = 4 * (uint64_t)s->share;
  LLVMValueRef channels = emit_address(m, s->line, emit_mul(m, group, group_bytes));
  LLVMValueRef pair = emit_address(m, channels, bytes);
  return plus ? emit_address(m, pair, emit_i64(m, (int64_t)(plus * group_bytes))) : pair;
}

/* `count` floats `bytes` behind `address`. */
static LLVMValueRef load_floats(ModuleContext *m, LLVMValueRef address, int64_t bytes,
                                uint32_t count) {
  address = emit_address(m, address, emit_i64(m, bytes));
  LLVMValueRef value = LLVMBuildLoad2(m->builder, LLVMVectorType(m->f32, count), address, "");
  LLVMSetAlignment(value, 4);
  return value;
}

/* One weight for each of the groups from `group` on. */
static LLVMValueRef load_weights(ModuleContext *m, const Sample *s, LLVMValueRef slots,
                                 LLVMValueRef group, uint32_t groups) {
  return load_floats(m, slot_address(m, s, slots, group), 0, groups);
}

/* y = low * a + high * b, stored at `site`; as many lanes as the vectors have. */
static void store_mix(KernelEmitter *k, const Sample *s, Site site, const LLVMValueRef *weights,
                      const LLVMValueRef *pair) {
  LLVMValueRef value = emit_fmul(k->m, weights[0], pair[0]);
  value = emit_fma(k->m, weights[1], pair[1], value);
  emit_store_f32(k->m, value, view_address(k, &s->y, site));
}

/* The parts, a power of two of them, put together two by two. */
static LLVMValueRef join(ModuleContext *m, LLVMValueRef *parts, uint32_t count) {
  CHECK(count > 0 && (count & (count - 1)) == 0);
  for (; count > 1; count /= 2) {
    for (uint32_t i = 0; i < count; i += 2) parts[i / 2] = emit_concat(m, parts[i], parts[i + 1]);
  }
  return parts[0];
}

/* Vector `vector` of the result behind `site`: whole groups, whose weights are among `weights`,
 * those of all groups from `group` on. */
static void mix_vector(KernelEmitter *k, const Sample *s, Site site, uint32_t vector,
                       LLVMValueRef group, const LLVMValueRef weights[2]) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, count = width / s->share;
  LLVMValueRef low[MAX_LANES], high[MAX_LANES], own[2];
  int32_t spread[MAX_LANES];
  for (uint32_t i = 0; i < width; ++i) spread[i] = (int32_t)(vector * count + i / s->share);
  for (uint32_t i = 0; i < count; ++i) {
    LLVMValueRef address = load_pair(m, s, group, vector * count + i);
    low[i] = load_floats(m, address, 0, s->share);
    high[i] = load_floats(m, address, s->next, s->share);
  }
  LLVMValueRef pair[] = {join(m, low, count), join(m, high, count)};
  for (uint32_t i = 0; i < 2; ++i) own[i] = emit_shuffle(m, weights[i], spread, width);
  site.column_plus = vector * width;
  store_mix(k, s, site, own, pair);
}

/* `vectors` vectors of the result from `column` on. */
static void mix_vectors(KernelEmitter *k, const Sample *s, LLVMValueRef row, LLVMValueRef column,
                        uint32_t vectors) {
  ModuleContext *m = k->m;
  uint32_t groups = vectors * m->target->vector_floats / s->share;
  LLVMValueRef group = LLVMBuildUDiv(m->builder, column, emit_i64(m, s->share), "");
  LLVMValueRef weights[] = {load_weights(m, s, s->low, group, groups),
                            load_weights(m, s, s->high, group, groups)};
  for (uint32_t v = 0; v < vectors; ++v) {
    mix_vector(k, s, (Site){.row = row, .column = column}, v, group, weights);
  }
}

/* One group, in pieces that are powers of two. */
static void mix_group(KernelEmitter *k, const Sample *s, LLVMValueRef row, LLVMValueRef group) {
  ModuleContext *m = k->m;
  static const int32_t first[MAX_LANES] = {0};
  LLVMValueRef low = load_weights(m, s, s->low, group, 1);
  LLVMValueRef high = load_weights(m, s, s->high, group, 1);
  LLVMValueRef address = load_pair(m, s, group, 0);
  Site site = {.row = row, .column = emit_mul(m, group, s->share)};
  while (site.column_plus < s->share) {
    uint32_t channel = site.column_plus, count = m->target->vector_floats;
    while (count > s->share - channel) count /= 2;
    LLVMValueRef weights[] = {emit_shuffle(m, low, first, count),
                              emit_shuffle(m, high, first, count)};
    LLVMValueRef pair[] = {load_floats(m, address, 4 * channel, count),
                           load_floats(m, address, 4 * channel + s->next, count)};
    store_mix(k, s, site, weights, pair);
    site.column_plus += count;
  }
}

/* The columns from `done` on that are whole turns of `vectors` vectors; returns where the rest
 * begins. */
static uint32_t mix_turns(KernelEmitter *k, const Sample *s, LLVMValueRef row, uint32_t done,
                          uint32_t vectors) {
  ModuleContext *m = k->m;
  uint32_t turn = vectors * m->target->vector_floats;
  uint32_t end = done + (s->channels - done) / turn * turn;
  if (end == done) return done;
  Loop turns;
  loop_begin(m, &turns, emit_i64(m, done), emit_i64(m, end), turn);
  mix_vectors(k, s, row, turns.index, vectors);
  loop_end(m, &turns, NULL);
  return end;
}

/* The second step: whole vectors of narrow groups, then one group at a time. Where lanes multiply,
 * a vector of weights is loaded for as many of the result as it has weights for. */
static void mix_row(KernelEmitter *k, const Sample *s, LLVMValueRef row) {
  ModuleContext *m = k->m;
  bool by_lanes = m->target->row_lanes == ROW_LANES_MULTIPLIED;
  uint32_t width = m->target->vector_floats, done = 0;
  if (width % s->share == 0) {
    if (by_lanes) done = mix_turns(k, s, row, 0, s->share);
    if (s->share < width) done = mix_turns(k, s, row, done, 1);
  }
  if (done == s->channels) return;
  Loop groups;
  loop_begin(m, &groups, emit_i64(m, done / s->share), emit_i64(m, s->groups), 1);
  mix_group(k, s, row, groups.index);
  loop_end(m, &groups, NULL);
}

/* -- the stage --------------------------------------------------------------------------------- */

/* Finds how far a pair may be from row `row`, and the line that the axis makes there. */
static void find_line(KernelEmitter *k, Sample *s, const Node *node, Type map, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef width = emit_i64(m, map.dims[2]), at = emit_add(m, k->first_row, row);
  LLVMValueRef i = LLVMBuildUDiv(m->builder, at, width, "");
  LLVMValueRef j = LLVMBuildURem(m->builder, at, width, "");
  bool along_h = node->attrs.AXIAL_SAMPLE.axis == 1;
  LLVMValueRef position = LLVMBuildTrunc(m->builder, along_h ? i : j, m->i32, "");
  position = emit_broadcast(m, LLVMBuildSIToFP(m->builder, position, m->f32, ""));
  s->first = emit_fsub(m, LLVMConstNull(m->vector), position);
  s->last = emit_fsub(m, emit_splat(m, s->size > 1 ? (double)s->size - 2 : 0), position);
  LLVMValueRef origin = along_h ? j : emit_mul(m, i, (uint64_t)map.dims[2]);
  s->line = view_row(k, &s->x, origin);
}

/* The slots of `row`, in a batch that begins with row `begin`. */
static void find_slot(ModuleContext *m, Sample *s, LLVMValueRef row, LLVMValueRef begin) {
  s->slot = emit_mul(m, LLVMBuildSub(m->builder, row, begin, ""), s->room.slots);
}

/* What holds for the whole stage. */
static Sample sample_of(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  Type map = graph_type(k->body, x);
  Sample s = {.x = view_of_map(k, x), .offsets = &k->views[node->operands[1].index]};
  s.y = k->views[node_result(node, 0).index];
  s.share = (uint32_t)node->attrs.AXIAL_SAMPLE.share;
  s.channels = (uint32_t)map.dims[3];
  s.groups = s.channels / s.share;
  bool along_h = node->attrs.AXIAL_SAMPLE.axis == 1;
  s.size = map.dims[along_h ? 1 : 2];
  s.stride = (int64_t)s.x.row_bytes * (along_h ? map.dims[2] : 1);
  s.next = s.size > 1 ? s.stride : 0;
  CHECK(s.x.channel_bytes == 4 && s.y.channel_bytes == 4 && s.size * s.stride <= INT64_C(4) << 32);
  s.room = plan_sample_room(k->kernel, stage, k->m->target);
  s.pair = kernel_room(k, stage, 0);
  s.low = kernel_room(k, stage, s.room.low);
  s.high = kernel_room(k, stage, s.room.high);
  return s;
}

/* Asks for what the next block writes where this one has `row`; and, along H, for what lies some
 * lines below `row` in the map: samples that reach down there come in no order that the processor
 * could foresee. */
static void prefetch_lines(KernelEmitter *k, const Sample *s, const Node *node, LLVMValueRef row) {
  enum { LINES_BELOW = 3 };
  ValueId y = node_result(node, 0);
  if (view_reach(k, y) != REACH_STREAMS) return;
  ModuleContext *m = k->m;
  bool along_h = node->attrs.AXIAL_SAMPLE.axis == 1;
  LLVMValueRef next = emit_add(m, row, k->row_count);
  LLVMValueRef here = view_row(k, &s->x, emit_add(m, k->first_row, row));
  LLVMValueRef below = emit_address(m, here, emit_i64(m, LINES_BELOW * s->stride));
  Loop lines;
  loop_begin(m, &lines, emit_i64(m, 0), emit_i64(m, s->channels), CACHE_LINE / 4);
  view_prefetch(k, y, PLACE_RESULT, (Site){.row = next, .column = lines.index});
  if (along_h) emit_prefetch(m, emit_address(m, below, emit_mul(m, lines.index, 4)));
  loop_end(m, &lines, NULL);
}

void axial_sample_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Sample s = sample_of(k, stage);
  Type map = graph_type(k->body, node->operands[0]);
  Loop batches, rows;
  loop_begin(m, &batches, emit_i64(m, 0), k->row_count, s.room.batch);
  LLVMValueRef begin = batches.index, end = emit_add(m, begin, emit_i64(m, s.room.batch));
  end = emit_intrinsic(m, "llvm.smin", (LLVMValueRef[]){end, k->row_count}, 2);
  loop_begin(m, &rows, begin, end, 1);
  find_line(k, &s, node, map, rows.index);
  find_slot(m, &s, rows.index, begin);
  columns_all(k, rows.index, s.groups, find_neighbours, &s);
  loop_end(m, &rows, NULL);
  loop_begin(m, &rows, begin, end, 1);
  find_line(k, &s, node, map, rows.index);
  find_slot(m, &s, rows.index, begin);
  prefetch_lines(k, &s, node, rows.index);
  mix_row(k, &s, rows.index);
  columns_repeat_row(k, node_result(node, 0), rows.index);
  loop_end(m, &rows, NULL);
  loop_end(m, &batches, NULL);
}
