/* scale_matrix: the columns of a constant matrix, each scaled by its element of this image's
 * vector.
 *
 *   for row, for vector of channels: y[row][.] = w[row][.] * v[.]
 */
#include "backends/llvm/kernel.h"

typedef struct ScaleMatrix {
  View w; /* from the block's first row on */
  ValueId v, result;
} ScaleMatrix;

/* A SiteEmitter: one vector of one row of the matrix. */
static void scale_vector(KernelEmitter *k, Site site, void *context) {
  const ScaleMatrix *s = context;
  LLVMValueRef w = view_load(k, &s->w, site);
  LLVMValueRef v = view_load(k, &k->views[s->v.index], site);
  view_store_value(k, s->result, site, emit_fmul(k->m, w, v));
}

void scale_matrix_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId w = node->operands[1], result = node_result(node, 0);
  uint32_t channels = value_channels(k, result);
  ScaleMatrix s = {.w = k->views[w.index], .v = node->operands[0], .result = result};
  s.w.row_bytes =
      s.w.channel_bytes * channels; /* constants have no pitch, and no slack behind a row */
  s.w.exact = true;
  s.w.base = emit_address(k->m, s.w.base, emit_mul(k->m, k->first_row, s.w.row_bytes));
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  columns_all(k, rows.index, channels, scale_vector, &s);
  loop_end(k->m, &rows, NULL);
}
