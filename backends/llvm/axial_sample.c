/* axial_sample: channel c of row (i, j) is the map, interpolated at j (or i) plus an offset that
 * `share` adjacent channels have in common; zero outside.
 *
 * Two steps per row. First, for a vector of offsets at a time: clamp to [-(n+1), n+1] (a NaN
 * becomes the lower bound), floor and fraction, then the position; where the two neighbours stand
 * in the map goes to the stack, OUTSIDE where there is none. Then, for each group of channels: two
 * loads, at the map or at a row of zeros, and a + f * (b - a). Nothing outside the map is read.
 */
#include "backends/llvm/kernel.h"
#include "support/panic.h"

enum { OUTSIDE = -1 };

typedef struct Sample {
  View x; /* the whole map */
  View y;
  const View *offsets;
  uint32_t share, groups;
  int64_t size;       /* of the axis */
  int64_t stride;     /* floats between neighbours along it */
  LLVMValueRef zeros; /* a vector on the stack */
  LLVMValueRef low, high,
      fraction; /* [groups] on the stack: i32 floats from `line`, or OUTSIDE; f32 */
  /* of the present row */
  LLVMValueRef position; /* i32: along the axis */
  LLVMValueRef line;     /* the map at position 0 of the axis */
} Sample;

static LLVMValueRef float_address(ModuleContext *m, LLVMValueRef base, LLVMValueRef index) {
  return emit_address(m, base, emit_mul(m, index, 4));
}

/* Where `index` stands on the line, or OUTSIDE. */
static LLVMValueRef place(ModuleContext *m, const Sample *s, LLVMValueRef index) {
  LLVMValueRef size = emit_splat_i32(m, (int32_t)s->size);
  LLVMValueRef inside = LLVMBuildICmp(m->builder, LLVMIntULT, index, size, "");
  LLVMValueRef at = LLVMBuildMul(m->builder, index, emit_splat_i32(m, (int32_t)s->stride), "");
  return LLVMBuildSelect(m->builder, inside, at, emit_splat_i32(m, OUTSIDE), "");
}

static void find_neighbours(KernelEmitter *k, Site site, void *context) {
  const Sample *s = context;
  ModuleContext *m = k->m;
  double bound = (double)s->size + 1;
  LLVMValueRef offset = view_load(k, s->offsets, site);
  offset = emit_fmin(m, emit_fmax(m, offset, emit_splat(m, -bound)), emit_splat(m, bound));
  LLVMValueRef whole = emit_intrinsic(m, "llvm.floor", &offset, 1);
  LLVMValueRef index = LLVMBuildFPToSI(m->builder, whole, m->vector_i32, "");
  index = emit_add(m, index, emit_broadcast(m, s->position));
  LLVMValueRef next = emit_add(m, index, emit_splat_i32(m, 1));
  uint32_t width = m->target->vector_floats;
  emit_store(m, place(m, s, index), float_address(m, s->low, site.column), width);
  emit_store(m, place(m, s, next), float_address(m, s->high, site.column), width);
  emit_store(m, emit_fsub(m, offset, whole), float_address(m, s->fraction, site.column), width);
}

/* One neighbour of a group: its first channel in the map, unless it is outside. */
typedef struct Neighbour {
  LLVMValueRef outside; /* i1 */
  LLVMValueRef address;
} Neighbour;

static Neighbour neighbour(KernelEmitter *k, const Sample *s, LLVMValueRef slots,
                           LLVMValueRef group) {
  ModuleContext *m = k->m;
  LLVMValueRef at = LLVMBuildLoad2(m->builder, m->i32, float_address(m, slots, group), "");
  LLVMSetAlignment(at, 4);
  LLVMValueRef outside = LLVMBuildICmp(m->builder, LLVMIntSLT, at, emit_i32(m, 0), "");
  at = LLVMBuildSExt(m->builder, at, m->i64, "");
  LLVMValueRef channel = emit_mul(m, group, s->share * s->x.channel_bytes);
  return (Neighbour){outside, emit_address(m, float_address(m, s->line, at), channel)};
}

/* The largest power of two of channels that may be moved at once. */
static uint32_t chunk_at(const KernelEmitter *k, const Sample *s, uint32_t channel) {
  uint32_t rest = s->share - channel, chunk = 1;
  if (s->x.channel_bytes != 4 || s->y.channel_bytes != 4) return 1;
  while (2 * chunk <= rest && 2 * chunk <= k->m->target->vector_floats) chunk *= 2;
  return chunk;
}

/* `chunk` channels, `bytes` behind the neighbour's first one. */
static LLVMValueRef load_chunk(ModuleContext *m, const Sample *s, Neighbour from, uint64_t bytes,
                               uint32_t chunk) {
  LLVMValueRef address = emit_address(m, from.address, emit_i64(m, (int64_t)bytes));
  address = LLVMBuildSelect(m->builder, from.outside, s->zeros, address, "");
  LLVMValueRef value = LLVMBuildLoad2(m->builder, emit_vector_type(m, chunk), address, "");
  LLVMSetAlignment(value, 4);
  return value;
}

static LLVMValueRef splat_chunk(ModuleContext *m, LLVMValueRef scalar, uint32_t chunk) {
  if (chunk == 1) return scalar;
  static const int32_t first[16] = {0};
  return emit_shuffle(m, emit_broadcast(m, scalar), first, chunk);
}

static void interpolate(KernelEmitter *k, const Sample *s, LLVMValueRef row, LLVMValueRef group) {
  ModuleContext *m = k->m;
  Neighbour low = neighbour(k, s, s->low, group), high = neighbour(k, s, s->high, group);
  LLVMValueRef fraction = emit_load_f32(m, float_address(m, s->fraction, group));
  Site site = {.row = row, .column = emit_mul(m, group, s->share)};
  for (uint32_t channel = 0; channel < s->share;) {
    uint32_t chunk = chunk_at(k, s, channel);
    uint64_t bytes = channel * s->x.channel_bytes;
    LLVMValueRef a = load_chunk(m, s, low, bytes, chunk);
    LLVMValueRef b = load_chunk(m, s, high, bytes, chunk);
    LLVMValueRef f = splat_chunk(m, fraction, chunk);
    LLVMValueRef value = emit_fma(m, f, emit_fsub(m, b, a), a);
    site.column_plus = channel;
    emit_store_f32(m, value, view_address(k, &s->y, site));
    channel += chunk;
  }
}

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

static Sample sample_of(KernelEmitter *k, const Node *node) {
  ValueId x = node->operands[0];
  Type map = graph_type(k->body, x);
  Sample s = {.x = view_of_map(k, x), .offsets = &k->views[node->operands[1].index]};
  s.y = k->views[node_result(node, 0).index];
  s.share = (uint32_t)node->attrs.AXIAL_SAMPLE.share;
  s.groups = (uint32_t)map.dims[3] / s.share;
  bool along_h = node->attrs.AXIAL_SAMPLE.axis == 1;
  s.size = map.dims[along_h ? 1 : 2];
  s.stride = (int64_t)s.x.row_bytes / 4 * (along_h ? map.dims[2] : 1);
  CHECK(s.size * s.stride < INT32_MAX);
  uint64_t slots = 4 * (uint64_t)(s.groups + k->m->target->vector_floats);
  s.low = emit_stack(k->m, slots);
  s.high = emit_stack(k->m, slots);
  s.fraction = emit_stack(k->m, slots);
  return s;
}

void axial_sample_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  Sample s = sample_of(k, node);
  s.zeros = emit_stack(m, 4 * m->target->vector_floats);
  emit_store(m, LLVMConstNull(m->vector), s.zeros, m->target->vector_floats);
  Type map = graph_type(k->body, node->operands[0]);
  Loop rows, groups;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1, NULL, 0);
  find_line(k, &s, node, map, rows.index);
  pointwise_columns(k, rows.index, s.groups, find_neighbours, &s);
  loop_begin(m, &groups, emit_i64(m, 0), emit_i64(m, s.groups), 1, NULL, 0);
  interpolate(k, &s, rows.index, groups.index);
  loop_end(m, &groups, NULL);
  view_repeat_row(k, node_result(node, 0), rows.index);
  loop_end(m, &rows, NULL);
}
