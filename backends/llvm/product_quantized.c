/* quantized_linear in a register tile:
 *
 *   acc = first;  for fours of k: acc[row][vector] += A[row][4k..] . B[4k..][vector], in s32
 *   result = f32(acc) * column scale * row scale + bias
 *
 * Columns behind the last are zeros in B, and so are its k behind K, whatever A has there. */
#include "backends/llvm/product.h"
#include "support/panic.h"

void product_quantized_find(Product *p, const Node *node) {
  KernelEmitter *k = p->k;
  CHECK(node->attrs.QUANTIZED_LINEAR.panel == PLAN_PANEL && p->depth_blocks == 1);
  p->dot = dot_of(k->m);
  p->row_scale = &k->views[node->operands[3].index];
  p->column_scale = &k->views[node->operands[4].index];
  bool biased = graph_type(k->body, node->operands[0]).dtype == DTYPE_U8;
  p->first = biased ? &k->views[node->operands[5].index] : NULL;
  p->a.step_bytes *= 4;
}

static uint32_t parts_of(const Product *p) {
  return plan_dot_parts(p->k->m->target->dot);
}

uint32_t product_quantized_sums(const Product *p, const Tile *tile) {
  return tile->rows * tile->vectors * parts_of(p);
}

/* Columns of `tile`, from vector `vector` on. */
static Site columns_at(const Product *p, const Tile *tile, uint32_t vector) {
  uint32_t lanes = p->k->m->target->vector_floats;
  return (Site){.row = tile->row,
                .column = tile->column,
                .column_plus = vector * lanes,
                .lanes = vector + 1 < tile->vectors ? lanes : tile->last_lanes};
}

void product_quantized_begin(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef first[PLAN_TILE_VECTORS];
  for (uint32_t v = 0; p->first && v < tile->vectors; ++v) {
    LLVMValueRef at = view_address(p->k, p->first, columns_at(p, tile, v));
    first[v] = emit_load_i32(m, at);
  }
  for (uint32_t i = 0; i < product_quantized_sums(p, tile); ++i) {
    acc[i] = p->first ? first[i % tile->vectors] : LLVMConstNull(m->vector_i32);
  }
}

void product_quantized_step(const Product *p, const Tile *tile, LLVMValueRef a, LLVMValueRef b,
                            uint32_t step, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t parts = parts_of(p), vector_bytes = 4 * m->target->vector_floats;
  uint32_t panel_bytes = product_panel_bytes(p->dtype);
  LLVMValueRef columns[2 * PLAN_TILE_VECTORS];
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    uint32_t panel = v * vector_bytes / panel_bytes, bytes = v * vector_bytes % panel_bytes;
    uint64_t at = p->step_bytes * step + p->panel_bytes * panel + bytes;
    LLVMValueRef address = emit_address(m, b, emit_i64(m, (int64_t)at));
    dot_columns(m, p->dot, address, &columns[v * parts]);
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    uint64_t at = r * p->a.row_bytes + step * p->a.step_bytes;
    LLVMValueRef row = dot_row(m, p->dot, emit_address(m, a, emit_i64(m, (int64_t)at)));
    for (uint32_t i = 0; i < tile->vectors * parts; ++i) {
      LLVMValueRef *sums = &acc[r * tile->vectors * parts + i];
      *sums = dot_add(m, p->dot, *sums, row, columns[i]);
    }
  }
}

void product_quantized_finish(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t parts = parts_of(p);
  LLVMValueRef scale[PLAN_TILE_VECTORS], bias[PLAN_TILE_VECTORS];
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    scale[v] = view_load(p->k, p->column_scale, columns_at(p, tile, v));
    bias[v] = view_load(p->k, p->bias, columns_at(p, tile, v));
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    Site site = {.row = tile->row, .row_plus = r, .column = emit_i64(m, 0)};
    LLVMValueRef own = emit_load_f32(m, view_address(p->k, p->row_scale, site));
    own = emit_broadcast(m, own);
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      uint32_t i = r * tile->vectors + v;
      LLVMValueRef sum = parts == 1 ? acc[i] : dot_finish(m, &acc[i * parts]);
      sum = LLVMBuildSIToFP(m->builder, sum, m->vector, "");
      acc[i] = emit_fma(m, emit_fmul(m, sum, scale[v]), own, bias[v]);
    }
  }
}
