/* axial_shift: channel c of row (i, j) is the map at j (or i) plus
 * (c / share * step + phase) mod period + lowest; zero outside.
 *
 * Every channel of a row reads one of `period` rows of the map, and which one is known here: so a
 * vector is that many loads, blended by constant masks that repeat after a few vectors. Whether a
 * row is outside is the same for all channels: tested once per row, and only at the edge of the map
 * are there selects for it.
 *
 * With period 3, no sharing and four lanes, a turn is three vectors; the digits are the offsets of
 * the lanes:
 *
 *   channel   0 1 2 3 | 4 5 6 7 | 8 9 10 11
 *   offset    0 1 2 0 | 1 2 0 1 | 2 0 1 2
 *
 * Where adjacent channels share their offset, vectors between two borders read one row, in a loop.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"
#include "support/panic.h"

typedef struct Shift {
  AttrsAXIAL_SHIFT shift;
  View x; /* the whole map */
  const View *y;
  Type map;
  /* of the present row */
  /* What offset lowest + d reads, moved to the front of the view; and whether that is inside (i1):
   * where it is not, `rows` is some row of the map. */
  View rows[OP_MAX_SHIFT_PERIOD];
  LLVMValueRef inside[OP_MAX_SHIFT_PERIOD];
  bool all_inside;
} Shift;

/* `vector` in the lanes whose channel, from `first` on, has offset lowest + d; `other` elsewhere.
 */
static LLVMValueRef blend(KernelEmitter *k, const Shift *s, uint32_t first, uint32_t d,
                          LLVMValueRef vector, LLVMValueRef other) {
  ModuleContext *m = k->m;
  LLVMValueRef mask[MAX_LANES];
  for (uint32_t i = 0; i < m->target->vector_floats; ++i) {
    bool ours = op_shift_row(&s->shift, first + i) == d;
    mask[i] = LLVMConstInt(m->i1, ours, false);
  }
  LLVMValueRef lanes = LLVMConstVector(mask, m->target->vector_floats);
  return LLVMBuildSelect(m->builder, lanes, vector, other, "");
}

/* The vector at `site`, whose first channel is `first`, but for whole turns. */
static void shift_vector(KernelEmitter *k, const Shift *s, Site site, uint32_t first) {
  ModuleContext *m = k->m;
  LLVMValueRef value = LLVMConstNull(m->vector), zero = value;
  Site from = site;
  from.row = emit_i64(m, 0);
  for (uint32_t d = 0; d < (uint32_t)s->shift.period; ++d) {
    LLVMValueRef x = view_load(k, &s->rows[d], from);
    if (!s->all_inside) x = LLVMBuildSelect(m->builder, s->inside[d], x, zero, "");
    value = blend(k, s, first, d, x, value);
  }
  view_store(k, s->y, site, value);
}

/* Vectors from channel `at` on, of `end`, that read one row each, and the same. */
static uint32_t alike_vectors(const Shift *s, uint32_t at, uint32_t end, uint32_t width) {
  uint32_t share = (uint32_t)s->shift.share, border = (at / share + 1) * share;
  return ((border < end ? border : end) - at) / width;
}

/* `count` channels from `begin` on, which begins a turn. */
static void shift_channels(KernelEmitter *k, const Shift *s, LLVMValueRef row, LLVMValueRef begin,
                           uint32_t count) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats;
  for (uint32_t at = 0; at < count;) {
    Site site = {.row = row, .column = begin, .column_plus = at, .lanes = width};
    uint32_t alike = alike_vectors(s, at, count, width);
    if (count - at < width) site.lanes = count - at;
    if (alike > 1) {
      Loop vectors;
      LLVMValueRef first = emit_add(m, begin, emit_i64(m, at));
      LLVMValueRef behind = emit_add(m, first, emit_i64(m, (int64_t)alike * width));
      loop_begin(m, &vectors, first, behind, width);
      site.column = vectors.index;
      site.column_plus = 0;
      shift_vector(k, s, site, at);
      loop_end(m, &vectors, NULL);
      at += alike * width;
    } else {
      shift_vector(k, s, site, at);
      at += width;
    }
  }
}

/* Whole turns, of the least common multiple of lanes and of the channels behind which offsets
 * repeat, in a loop; then the channels that are left. */
static void shift_row(KernelEmitter *k, const Shift *s, LLVMValueRef row) {
  ModuleContext *m = k->m;
  uint32_t width = m->target->vector_floats, channels = (uint32_t)s->map.dims[3];
  uint32_t period = (uint32_t)(s->shift.period * s->shift.share);
  CHECK(period > 0);
  uint32_t turn = width * period / greatest_divisor_u32(width, period);
  uint32_t full = channels - channels % turn;
  if (full) {
    Loop turns;
    loop_begin(m, &turns, emit_i64(m, 0), emit_i64(m, full), turn);
    shift_channels(k, s, row, turns.index, turn);
    loop_end(m, &turns, NULL);
  }
  shift_channels(k, s, row, emit_i64(m, full), channels - full);
}

/* Finds the rows that `row` reads. Returns whether all of them are inside. */
static LLVMValueRef find_rows(KernelEmitter *k, Shift *s, LLVMValueRef row) {
  ModuleContext *m = k->m;
  bool along_h = s->shift.axis == 1;
  LLVMValueRef width = emit_i64(m, s->map.dims[2]), own = emit_add(m, k->first_row, row);
  LLVMValueRef position = along_h ? LLVMBuildUDiv(m->builder, own, width, "")
                                  : LLVMBuildURem(m->builder, own, width, "");
  LLVMValueRef size = emit_i64(m, s->map.dims[along_h ? 1 : 2]), all = LLVMConstInt(m->i1, 1, 0);
  for (int32_t d = 0; d < s->shift.period; ++d) {
    int64_t offset = (int64_t)s->shift.lowest + d;
    LLVMValueRef at = emit_add(m, position, emit_i64(m, offset));
    LLVMValueRef inside = LLVMBuildICmp(m->builder, LLVMIntULT, at, size, "");
    LLVMValueRef shifted = emit_add(m, own, emit_i64(m, offset * (along_h ? s->map.dims[2] : 1)));
    LLVMValueRef from = LLVMBuildSelect(m->builder, inside, shifted, own, "");
    s->inside[d] = inside;
    s->rows[d] = s->x;
    s->rows[d].base = view_row(k, &s->x, from);
    all = LLVMBuildAnd(m->builder, all, inside, "");
  }
  return all;
}

void axial_shift_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], y = node_result(node, 0);
  Shift s = {.shift = node->attrs.AXIAL_SHIFT, .x = view_of_map(k, x)};
  CHECK(s.shift.period >= 1 && s.shift.period <= OP_MAX_SHIFT_PERIOD);
  CHECK(s.shift.share >= 1 && s.shift.share <= OP_MAX_SHIFT_SHARE);
  s.y = &k->views[y.index];
  s.map = graph_type(k->body, x);
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  Branch branch;
  branch_begin(m, &branch, find_rows(k, &s, rows.index));
  s.all_inside = true;
  shift_row(k, &s, rows.index);
  branch_else(m, &branch);
  s.all_inside = false;
  shift_row(k, &s, rows.index);
  branch_end(m, &branch);
  columns_repeat_row(k, y, rows.index);
  loop_end(m, &rows, NULL);
}
