/* scale_matrix: the columns of a constant matrix, each scaled by its element of this image's
 * vector.
 *
 *   for row, for vector of channels: y[row][.] = w[row][.] * v[.]
 *
 * A packed matrix is panels [K][panel] one behind the other, whose last one has zeros behind the
 * last column; a matrix as it is is one panel, with nothing behind.
 */
#include "backends/llvm/kernel.h"

typedef struct ScaleMatrix {
  View w; /* from the block's first row on; its rows are those of a panel */
  ValueId v, result;
  uint64_t panel, panel_bytes; /* columns; from one to the next */
} ScaleMatrix;

/* The vector of w at a site, which is within a panel. */
static LLVMValueRef load_matrix(KernelEmitter *k, const ScaleMatrix *s, Site site) {
  ModuleContext *m = k->m;
  if (s->w.exact) return view_load(k, &s->w, site);
  LLVMValueRef column = emit_add(m, site.column, emit_i64(m, site.column_plus));
  LLVMValueRef panel = LLVMBuildUDiv(m->builder, column, emit_i64(m, (int64_t)s->panel), "");
  site.column = LLVMBuildURem(m->builder, column, emit_i64(m, (int64_t)s->panel), "");
  site.column_plus = 0;
  View w = s->w;
  w.base = emit_address(m, w.base, emit_mul(m, panel, s->panel_bytes));
  return view_load(k, &w, site);
}

/* A SiteEmitter: one vector of one row of the matrix. */
static void scale_vector(KernelEmitter *k, Site site, void *context) {
  const ScaleMatrix *s = context;
  LLVMValueRef w = load_matrix(k, s, site);
  LLVMValueRef v = view_load(k, &k->views[s->v.index], site);
  view_store_value(k, s->result, site, emit_fmul(k->m, w, v));
}

void scale_matrix_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId w = node->operands[1], result = node_result(node, 0);
  uint32_t channels = value_channels(k, result);
  Type type = graph_type(k->body, w);
  ScaleMatrix s = {.w = k->views[w.index], .v = node->operands[0], .result = result};
  s.panel = (uint64_t)type.dims[type.rank - 1];
  s.w.row_bytes = s.w.channel_bytes * s.panel;
  s.panel_bytes = s.w.row_bytes * (uint64_t)type.dims[type.rank - 2];
  s.w.exact = type.rank == 2; /* constants have no pitch, and no slack behind a row */
  s.w.base = emit_address(k->m, s.w.base, emit_mul(k->m, k->first_row, s.w.row_bytes));
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  columns_all(k, rows.index, channels, scale_vector, &s);
  loop_end(k->m, &rows, NULL);
}
