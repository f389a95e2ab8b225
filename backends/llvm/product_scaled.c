/* scaled_linear in a register tile: rows of floats, weights of whole numbers in fours.
 *
 *   acc = 0;  for fours of k, for i of four:
 *     acc[row][vector] += A[row][4k+i] * f32(B[4k+i][vector])
 *
 * A column's eight, where they stand so, is two fours.
 *   result = acc * column scale + bias
 */
#include "backends/llvm/product.h"
#include "support/panic.h"

static void find(Product *p, const Node *node) {
  CHECK(p->depth_blocks == 1);
  p->column_scale = &p->k->views[node->operands[3].index];
  p->a.step_bytes *= product_column_bytes(p->type);
}

/* Byte `i` of each lane of `fours`, as a float. */
static LLVMValueRef number_of(ModuleContext *m, LLVMValueRef fours, uint32_t i) {
  LLVMValueRef up = emit_splat_i32(m, (int32_t)(24 - 8 * i)), down = emit_splat_i32(m, 24);
  LLVMValueRef number =
      LLVMBuildAShr(m->builder, LLVMBuildShl(m->builder, fours, up, ""), down, "");
  return LLVMBuildSIToFP(m->builder, number, m->vector, "");
}

/* The fours of a vector of columns at `address`: one, or the two of eights. */
static void load_fours(const Product *p, LLVMValueRef address, LLVMValueRef fours[2]) {
  ModuleContext *m = p->k->m;
  uint32_t lanes = m->target->vector_floats;
  fours[0] = emit_load_i32(m, address);
  if (product_column_bytes(p->type) == 4) return;
  LLVMValueRef low = fours[0];
  LLVMValueRef high = emit_load_i32(m, emit_address(m, address, emit_i64(m, 4 * (int64_t)lanes)));
  for (uint32_t odd = 0; odd < 2; ++odd) fours[odd] = emit_every_second(m, low, high, odd);
}

static uint32_t add(const Product *p, const Tile *tile, const LLVMValueRef ab[2], uint32_t step,
                    uint32_t left, LLVMValueRef *acc) {
  (void)left;
  ModuleContext *m = p->k->m;
  uint32_t group = product_column_bytes(p->type);
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    uint64_t at = product_column_offset(p, tile, step, v);
    LLVMValueRef fours[2];
    load_fours(p, emit_address(m, ab[1], emit_i64(m, (int64_t)at)), fours);
    for (uint32_t i = 0; i < group; ++i) {
      LLVMValueRef column = number_of(m, fours[i / 4], i % 4);
      for (uint32_t r = 0; r < tile->rows; ++r) {
        uint64_t bytes = r * p->a.row_bytes + step * p->a.step_bytes + i * p->a.step_bytes / group;
        LLVMValueRef x = emit_load_f32(m, emit_address(m, ab[0], emit_i64(m, (int64_t)bytes)));
        LLVMValueRef *sum = &acc[r * tile->vectors + v];
        *sum = emit_fma(m, emit_broadcast(m, x), column, *sum);
      }
    }
  }
  return 1;
}

static void finish(const Product *p, const Tile *tile, LLVMValueRef *acc) {
  for (uint32_t v = 0; v < tile->vectors; ++v) {
    LLVMValueRef scale = view_load(p->k, p->column_scale, product_columns(p, tile, v));
    LLVMValueRef bias = view_load(p->k, p->bias, product_columns(p, tile, v));
    for (uint32_t r = 0; r < tile->rows; ++r) {
      LLVMValueRef *sum = &acc[r * tile->vectors + v];
      *sum = emit_fma(p->k->m, *sum, scale, bias);
    }
  }
}

const ProductWay product_of_scaled = {find, product_float_sums, product_float_begin, add, finish};
