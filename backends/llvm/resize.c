/* resize: what element i of n, made of s, is between. The place of its middle, with `aligned` of
 * the element itself, or with `nearest` of its beginning, is
 *
 *   max(0, (i + 1/2) s / n - 1/2) = max(0, (2 i + 1) s - n) / 2 n
 *   i (s - 1) / (n - 1), 0 where n is 1
 *   i s / n
 *
 * between elements floor and floor + 1, the last of which is s - 1; of `nearest` it is floor. The
 * quotient is taken of integers, once per row of the result, so that the fraction keeps all its
 * digits on large maps.
 */
#include "backends/llvm/kernel.h"

typedef struct Resize {
  const Stage *stage;
  const AttrsRESIZE *attrs;
  View x; /* the whole map */
  Type from, to;
  /* of the present row */
  LLVMValueRef rows[4];                /* of x: top left, top right, bottom left, bottom right */
  LLVMValueRef fraction_h, fraction_w; /* vectors */
} Resize;

/* What an element of the result is between, on one axis of the map. */
typedef struct Neighbours {
  LLVMValueRef low, high; /* i64 */
  LLVMValueRef fraction;  /* from low to high, in all lanes */
} Neighbours;

/* A place on an axis: (slope i + shift) / unit, or 0 where that is less. */
typedef struct Line {
  int64_t slope, shift, unit;
} Line;

static Line line_of(const AttrsRESIZE *a, int64_t from, int64_t to) {
  if (a->nearest) return (Line){from, 0, to};
  if (a->aligned) return (Line){from - 1, 0, to > 1 ? to - 1 : 1};
  return (Line){2 * from, from - to, 2 * to};
}

/* The neighbours of element `at` of an axis that goes from `from` elements to `to`. */
static Neighbours find_neighbours(ModuleContext *m, const Resize *r, LLVMValueRef at, int64_t from,
                                  int64_t to) {
  Line line = line_of(r->attrs, from, to);
  LLVMValueRef place = emit_add(m, emit_mul(m, at, (uint64_t)line.slope), emit_i64(m, line.shift));
  place = emit_intrinsic(m, "llvm.smax", (LLVMValueRef[]){place, emit_i64(m, 0)}, 2);
  LLVMValueRef unit = emit_i64(m, line.unit), last = emit_i64(m, from - 1);
  LLVMValueRef whole = LLVMBuildUDiv(m->builder, place, unit, "");
  LLVMValueRef rest = LLVMBuildURem(m->builder, place, unit, "");
  LLVMValueRef next = emit_add(m, whole, emit_i64(m, 1));
  Neighbours found = {.low = whole};
  found.high = emit_intrinsic(m, "llvm.smin", (LLVMValueRef[]){next, last}, 2);
  LLVMValueRef numerator = LLVMBuildSIToFP(m->builder, rest, m->f32, "");
  LLVMValueRef quotient =
      LLVMBuildFDiv(m->builder, numerator, LLVMConstReal(m->f32, (double)line.unit), "");
  found.fraction = emit_broadcast(m, quotient);
  return found;
}

/* Finds the four rows of the map around `row` of the block, and where it is between them. */
static void find_rows(KernelEmitter *k, Resize *r, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef width = emit_i64(m, r->to.dims[2]), at = emit_add(m, k->first_row, row);
  LLVMValueRef i = LLVMBuildUDiv(m->builder, at, width, "");
  LLVMValueRef j = LLVMBuildURem(m->builder, at, width, "");
  Neighbours line = find_neighbours(m, r, i, r->from.dims[1], r->to.dims[1]);
  Neighbours column = find_neighbours(m, r, j, r->from.dims[2], r->to.dims[2]);
  for (uint32_t c = 0; c < 4; ++c) {
    LLVMValueRef before = emit_mul(m, c / 2 ? line.high : line.low, (uint64_t)r->from.dims[2]);
    r->rows[c] = emit_add(m, before, c % 2 ? column.high : column.low);
  }
  r->fraction_h = line.fraction;
  r->fraction_w = column.fraction;
}

/* a + fraction * (b - a): exactly a where both are equal. */
static LLVMValueRef between(ModuleContext *m, LLVMValueRef a, LLVMValueRef b,
                            LLVMValueRef fraction) {
  return emit_fma(m, fraction, emit_fsub(m, b, a), a);
}

/* A SiteEmitter: along the width in two rows of the map, then between these. */
static void resize_vector(KernelEmitter *k, Site site, void *context) {
  const Resize *r = context;
  LLVMValueRef corners[4];
  if (r->attrs->nearest) {
    Site from = site;
    from.row = r->rows[0];
    pointwise_emit(k, r->stage, site, view_load(k, &r->x, from));
    return;
  }
  for (uint32_t c = 0; c < 4; ++c) {
    Site from = site;
    from.row = r->rows[c];
    corners[c] = view_load(k, &r->x, from);
  }
  LLVMValueRef top = between(k->m, corners[0], corners[1], r->fraction_w);
  LLVMValueRef bottom = between(k->m, corners[2], corners[3], r->fraction_w);
  pointwise_emit(k, r->stage, site, between(k->m, top, bottom, r->fraction_h));
}

void resize_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  Resize r = {.stage = stage,
              .attrs = &node->attrs.RESIZE,
              .x = view_of_map(k, x),
              .from = graph_type(k->body, x)};
  r.to = graph_type(k->body, node_result(node, 0));
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  find_rows(k, &r, rows.index);
  columns_all(k, rows.index, (uint32_t)r.to.dims[3], resize_vector, &r);
  loop_end(k->m, &rows, NULL);
}
