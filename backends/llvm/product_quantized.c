/* quantized_linear in a register tile:
 *
 *   acc = first;  for fours of k: acc[row][vector] += A[row][4k..] . B[4k..][vector], in s32
 *   result = f32(acc) * column scale * row scale + bias
 *
 * Columns behind the last are zeros in B, and so are its k behind K, whatever A has there. */
#include "backends/llvm/product.h"
#include "support/panic.h"

static void find(Product *p, const Node *node) {
  KernelEmitter *k = p->k;
  CHECK(p->depth_blocks == 1);
  p->row_scale = &k->views[node->operands[3].index];
  p->column_scale = &k->views[node->operands[4].index];
  bool biased = graph_type(k->body, node->operands[0]).dtype == DTYPE_U8;
  p->first = biased ? &k->views[node->operands[5].index] : NULL;
  p->a.step_bytes *= 4;
}

static uint32_t parts_of(const Product *p) {
  return plan_dot_parts(p->k->m->target->dot);
}

static uint32_t sum_count(const Product *p, const Tile *tile) {
  return tile->rows * tile->vectors * parts_of(p);
}

static void begin(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef first[PLAN_TILE_VECTORS];
  for (uint32_t v = 0; p->first && v < tile->vectors; ++v) {
    LLVMValueRef at = view_address(p->k, p->first, product_columns(p, tile, v));
    first[v] = emit_load_i32(m, at);
  }
  for (uint32_t i = 0; i < sum_count(p, tile); ++i) {
    acc[i] = p->first ? first[i % tile->vectors] : LLVMConstNull(m->vector_i32);
  }
}

static void add(const Product *p, const Tile *tile, const LLVMValueRef ab[2], uint32_t step,
                LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t parts = parts_of(p);
  LLVMValueRef columns[2 * PLAN_TILE_VECTORS];
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    uint64_t at = product_column_offset(p, tile, step, v);
    dot_columns(m, emit_address(m, ab[1], emit_i64(m, (int64_t)at)), &columns[v * parts]);
  }
  for (uint32_t r = 0; r < tile->rows; ++r) {
    uint64_t at = r * p->a.row_bytes + step * p->a.step_bytes;
    LLVMValueRef row = dot_row(m, emit_address(m, ab[0], emit_i64(m, (int64_t)at)));
    for (uint32_t i = 0; i < tile->vectors * parts; ++i) {
      LLVMValueRef *sums = &acc[r * tile->vectors * parts + i];
      *sums = dot_add(m, *sums, row, columns[i]);
    }
  }
}

static void finish(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t parts = parts_of(p);
  LLVMValueRef scale[PLAN_TILE_VECTORS], bias[PLAN_TILE_VECTORS];
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    scale[v] = view_load(p->k, p->column_scale, product_columns(p, tile, v));
    bias[v] = view_load(p->k, p->bias, product_columns(p, tile, v));
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

const ProductWay product_of_quantized = {find, sum_count, begin, add, finish};
