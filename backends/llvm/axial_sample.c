/* axial_sample: channel c of row (i, j) is the map, interpolated at j (or i) plus an offset that
 * `share` adjacent channels have in common; zero outside.
 *
 * Two steps for a batch of rows. First, for a vector of offsets at a time: clamp to [-(n+1), n+1]
 * (a NaN becomes the lower bound), floor and fraction, then the position; the addresses of the
 * group's two neighbours, or of zeros where there is none, go to slots on the stack. Then, for each
 * group of channels: two loads and a + f * (b - a). Nothing outside the map is read. (A batch,
 * because a slot is slow to read right after it was written as part of a vector.)
 *
 * Groups narrower than a vector are put together to whole ones.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { MAX_BATCH = 4, SLOT_BYTES = 20, MAX_SLOT_BYTES = 16384 };

typedef struct Sample {
  View x; /* the whole map */
  View y;
  const View *offsets;
  uint32_t share, groups, channels;
  uint32_t slots;         /* of a row */
  uint32_t batch;         /* rows */
  int64_t size;           /* of the axis */
  int64_t stride;         /* bytes between neighbours along it */
  LLVMValueRef zeros;     /* [share] on the stack */
  LLVMValueRef low, high; /* [batch][slots] on the stack: addresses */
  LLVMValueRef fraction;  /* [batch][slots] on the stack: f32 */
  /* of the present row */
  LLVMValueRef slot;     /* i64: its first slot */
  LLVMValueRef position; /* i32: along the axis */
  LLVMValueRef line;     /* the map at position 0 of the axis */
} Sample;

/* -- where the neighbours are ------------------------------------------------------------------ */

/* The addresses of the groups from `column` on, as integers, at position 0. */
static LLVMValueRef group_addresses(ModuleContext *m, const Sample *s, LLVMValueRef column) {
  LLVMValueRef lanes[16];
  for (uint32_t i = 0; i < m->target->vector_floats; i++) lanes[i] = emit_i64(m, 4 * i * s->share);
  LLVMValueRef line = LLVMBuildPtrToInt(m->builder, s->line, m->i64, "");
  LLVMValueRef first = emit_add(m, line, emit_mul(m, column, 4 * s->share));
  return emit_add(m, emit_broadcast(m, first), LLVMConstVector(lanes, m->target->vector_floats));
}

/* Stores the addresses of the neighbours at `index` (a vector of i32), or that of zeros. */
static void store_neighbours(ModuleContext *m, const Sample *s, LLVMValueRef groups,
                             LLVMValueRef index, LLVMValueRef slots) {
  LLVMValueRef size = emit_splat_i32(m, (int32_t)s->size);
  LLVMValueRef inside = LLVMBuildICmp(m->builder, LLVMIntULT, index, size, "");
  LLVMValueRef bytes = LLVMBuildMul(m->builder, index, emit_splat_i32(m, (int32_t)s->stride), "");
  bytes = LLVMBuildSExt(m->builder, bytes, LLVMTypeOf(groups), "");
  LLVMValueRef zeros = LLVMBuildPtrToInt(m->builder, s->zeros, m->i64, "");
  LLVMValueRef address =
      LLVMBuildSelect(m->builder, inside, emit_add(m, groups, bytes), emit_broadcast(m, zeros), "");
  emit_store(m, address, slots, m->target->vector_floats);
}

/* The offsets of a large map come from memory, and the processor does not see them coming: every
 * other piece of them is another branch's. */
static void look_ahead(KernelEmitter *k, const Sample *s, Site site) {
  enum { AHEAD_BYTES = 4096 };
  LLVMValueRef here = view_address(k, s->offsets, site);
  emit_prefetch(k->m, emit_address(k->m, here, emit_i64(k->m, AHEAD_BYTES)));
}

static void find_neighbours(KernelEmitter *k, Site site, void *context) {
  const Sample *s = context;
  ModuleContext *m = k->m;
  double bound = (double)s->size + 1;
  LLVMValueRef offset = view_load(k, s->offsets, site);
  look_ahead(k, s, site);
  offset = emit_fmin(m, emit_fmax(m, offset, emit_splat(m, -bound)), emit_splat(m, bound));
  LLVMValueRef whole = emit_intrinsic(m, "llvm.floor", &offset, 1);
  LLVMValueRef index = LLVMBuildFPToSI(m->builder, whole, m->vector_i32, "");
  index = emit_add(m, index, emit_broadcast(m, s->position));
  LLVMValueRef next = emit_add(m, index, emit_splat_i32(m, 1));
  LLVMValueRef groups = group_addresses(m, s, site.column);
  LLVMValueRef at = emit_add(m, s->slot, site.column), bytes = emit_mul(m, at, 8);
  store_neighbours(m, s, groups, index, emit_address(m, s->low, bytes));
  store_neighbours(m, s, groups, next, emit_address(m, s->high, bytes));
  LLVMValueRef slot = emit_address(m, s->fraction, emit_mul(m, at, 4));
  emit_store(m, emit_fsub(m, offset, whole), slot, m->target->vector_floats);
}

/* -- reading them ------------------------------------------------------------------------------ */

/* `count` channels of group `group`'s neighbour, from its channel `channel` on. */
static LLVMValueRef load_channels(ModuleContext *m, const Sample *s, LLVMValueRef slots,
                                  LLVMValueRef group, uint32_t channel, uint32_t count) {
  LLVMValueRef slot = emit_address(m, slots, emit_mul(m, emit_add(m, s->slot, group), 8));
  LLVMValueRef neighbour = LLVMBuildLoad2(m->builder, m->ptr, slot, "");
  LLVMSetAlignment(neighbour, 8);
  LLVMValueRef address = emit_address(m, neighbour, emit_i64(m, 4 * channel));
  LLVMValueRef value = LLVMBuildLoad2(m->builder, LLVMVectorType(m->f32, count), address, "");
  LLVMSetAlignment(value, 4);
  return value;
}

static LLVMValueRef load_fraction(ModuleContext *m, const Sample *s, LLVMValueRef group,
                                  uint32_t groups) {
  LLVMValueRef slot = emit_address(m, s->fraction, emit_mul(m, emit_add(m, s->slot, group), 4));
  LLVMValueRef value = LLVMBuildLoad2(m->builder, LLVMVectorType(m->f32, groups), slot, "");
  LLVMSetAlignment(value, 4);
  return value;
}

static void store_mix(KernelEmitter *k, const Sample *s, Site site, LLVMValueRef f, LLVMValueRef a,
                      LLVMValueRef b) {
  LLVMValueRef value = emit_fma(k->m, f, emit_fsub(k->m, b, a), a);
  emit_store_f32(k->m, value, view_address(k, &s->y, site));
}

/* One vector of the result: whole groups, a power of two of them, put together two by two. */
static LLVMValueRef load_groups(ModuleContext *m, const Sample *s, LLVMValueRef slots,
                                LLVMValueRef group, uint32_t count) {
  LLVMValueRef parts[16];
  CHECK(count > 0 && count <= 16 && (count & (count - 1)) == 0);
  for (uint32_t i = 0; i < count; i++) {
    parts[i] = load_channels(m, s, slots, emit_add(m, group, emit_i64(m, i)), 0, s->share);
  }
  for (uint32_t width = s->share; count > 1; count /= 2, width *= 2) {
    for (uint32_t i = 0; i < count; i += 2) {
      parts[i / 2] = emit_concat(m, parts[i], parts[i + 1]);
    }
  }
  return parts[0];
}

static void mix_vector(KernelEmitter *k, const Sample *s, LLVMValueRef row, LLVMValueRef column) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, count = width / s->share;
  LLVMValueRef group = LLVMBuildUDiv(m->builder, column, emit_i64(m, s->share), "");
  int32_t spread[16];
  for (uint32_t i = 0; i < width; i++) spread[i] = (int32_t)(i / s->share);
  LLVMValueRef f = emit_shuffle(m, load_fraction(m, s, group, count), spread, width);
  LLVMValueRef a = load_groups(m, s, s->low, group, count);
  LLVMValueRef b = load_groups(m, s, s->high, group, count);
  store_mix(k, s, (Site){.row = row, .column = column}, f, a, b);
}

/* One group, in pieces that are powers of two. */
static void mix_group(KernelEmitter *k, const Sample *s, LLVMValueRef row, LLVMValueRef group) {
  ModuleContext *m = k->m;
  static const int32_t first[16] = {0};
  LLVMValueRef fraction = load_fraction(m, s, group, 1);
  Site site = {.row = row, .column = emit_mul(m, group, s->share)};
  while (site.column_plus < s->share) {
    uint32_t channel = site.column_plus, count = m->target->vector_floats;
    while (count > s->share - channel) count /= 2;
    LLVMValueRef a = load_channels(m, s, s->low, group, channel, count);
    LLVMValueRef b = load_channels(m, s, s->high, group, channel, count);
    store_mix(k, s, site, emit_shuffle(m, fraction, first, count), a, b);
    site.column_plus += count;
  }
}

static void mix_row(KernelEmitter *k, const Sample *s, LLVMValueRef row) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, done = 0;
  if (s->share < width && width % s->share == 0 && s->channels >= width) {
    done = s->channels / width * width;
    Loop vectors;
    loop_begin(m, &vectors, emit_i64(m, 0), emit_i64(m, done), width, NULL, 0);
    mix_vector(k, s, row, vectors.index);
    loop_end(m, &vectors, NULL);
  }
  if (done == s->channels) return;
  Loop groups;
  loop_begin(m, &groups, emit_i64(m, done / s->share), emit_i64(m, s->groups), 1, NULL, 0);
  mix_group(k, s, row, groups.index);
  loop_end(m, &groups, NULL);
}

/* -- the stage --------------------------------------------------------------------------------- */

static void find_line(KernelEmitter *k, Sample *s, const Node *node, Type map, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef width = emit_i64(m, map.dims[2]), at = emit_add(m, k->first_row, row);
  LLVMValueRef i = LLVMBuildUDiv(m->builder, at, width, "");
  LLVMValueRef j = LLVMBuildURem(m->builder, at, width, "");
  bool along_h = node->attrs.AXIAL_SAMPLE.axis == 1;
  s->position = LLVMBuildTrunc(m->builder, along_h ? i : j, m->i32, "");
  LLVMValueRef origin = along_h ? j : emit_mul(m, i, (uint64_t)map.dims[2]);
  s->line = view_row(k, &s->x, origin);
}

static void find_slot(ModuleContext *m, Sample *s, LLVMValueRef row, LLVMValueRef begin) {
  s->slot = emit_mul(m, LLVMBuildSub(m->builder, row, begin, ""), s->slots);
}

static LLVMValueRef zero_row(ModuleContext *m, uint32_t channels) {
  uint32_t width = m->target->vector_floats;
  LLVMValueRef zeros = emit_stack(m, 4 * (uint64_t)(channels + width));
  for (uint32_t at = 0; at < channels; at += width) {
    emit_store(m, LLVMConstNull(m->vector), emit_address(m, zeros, emit_i64(m, 4 * at)), width);
  }
  return zeros;
}

static Sample sample_of(KernelEmitter *k, const Node *node) {
  ModuleContext *m = k->m;
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
  CHECK(s.x.channel_bytes == 4 && s.y.channel_bytes == 4 && s.size * s.stride <= INT32_MAX);
  s.slots = (uint32_t)round_up_size(s.groups, m->target->vector_floats);
  s.batch = MAX_BATCH;
  while (s.batch > 1 && s.batch * SLOT_BYTES * s.slots > MAX_SLOT_BYTES) s.batch /= 2;
  uint64_t slots = (uint64_t)s.batch * s.slots;
  s.low = emit_stack(m, 8 * slots);
  s.high = emit_stack(m, 8 * slots);
  s.fraction = emit_stack(m, 4 * slots);
  s.zeros = zero_row(m, s.share);
  return s;
}

void axial_sample_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Sample s = sample_of(k, node);
  Type map = graph_type(k->body, node->operands[0]);
  Loop batches, rows;
  loop_begin(m, &batches, emit_i64(m, 0), k->row_count, s.batch, NULL, 0);
  LLVMValueRef begin = batches.index, end = emit_add(m, begin, emit_i64(m, s.batch));
  end = emit_intrinsic(m, "llvm.smin", (LLVMValueRef[]){end, k->row_count}, 2);
  loop_begin(m, &rows, begin, end, 1, NULL, 0);
  find_line(k, &s, node, map, rows.index);
  find_slot(m, &s, rows.index, begin);
  pointwise_columns(k, rows.index, s.groups, find_neighbours, &s);
  loop_end(m, &rows, NULL);
  loop_begin(m, &rows, begin, end, 1, NULL, 0);
  find_slot(m, &s, rows.index, begin);
  mix_row(k, &s, rows.index);
  view_repeat_row(k, node_result(node, 0), rows.index);
  loop_end(m, &rows, NULL);
  loop_end(m, &batches, NULL);
}
