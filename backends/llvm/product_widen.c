/* B of a depth block, converted once for all tiles of the rows: where it is stored as another type
 * than what is multiplied, and each element would be converted by many tiles. The first tile of the
 * rows does it while it multiplies, which hides the stores:
 *
 *   for k of the depth block, for vector of the tile's columns:
 *     first tile: widened[k][vector] = B[k][vector]
 *     acc[row][vector] += A[row][k] * widened[k][vector]
 *
 * The floats, or the fours of s16, stand in the stage's room, one step of K behind the other. */
#include "backends/llvm/product.h"
#include "ir/plan_room.h"

/* From one step of K to the next, converted. */
static uint64_t step_bytes(const Product *p) {
  return (uint64_t)plan_widened_column(p->type.dtype) * p->plan.tile_columns;
}

/* The floats of a turn's steps, from `from` to `to`. */
static void convert_floats(const Product *p, const Tile *tile, LLVMValueRef from, LLVMValueRef to,
                           uint32_t steps) {
  ModuleContext *m = p->k->m;
  uint32_t lanes = m->target->vector_floats, stored = lanes * tile->stored_b.column_bytes;
  uint32_t widened = lanes * tile->b.column_bytes;
  for (uint32_t step = 0; step < steps; ++step) {
    for (uint32_t v = 0; v < tile->vectors; ++v) {
      uint64_t b = step * tile->stored_b.step_bytes + v * stored,
               wide = step * tile->b.step_bytes + v * widened;
      LLVMValueRef at = emit_address(m, from, emit_i64(m, (int64_t)b));
      LLVMValueRef floats = stored_load(m, tile->stored_b.dtype, at, lanes, p->aligned);
      emit_store(m, floats, emit_address(m, to, emit_i64(m, (int64_t)wide)), lanes);
    }
  }
}

void product_widen_turn(const Product *p, Tile *tile, LLVMValueRef k, uint32_t steps) {
  ModuleContext *m = p->k->m;
  tile->stored = emit_address(m, tile->stored, emit_mul(m, k, tile->stored_b.step_bytes));
  if (tile->stored_b.dtype == DTYPE_S8) return;
  LLVMValueRef to = emit_address(m, tile->panel, emit_mul(m, k, tile->b.step_bytes));
  convert_floats(p, tile, tile->stored, to, steps);
}

void product_widen(const Product *p, Tile *tile) {
  if (!p->plan.widened) return;
  ModuleContext *m = p->k->m;
  tile->stored = tile->panel;
  tile->stored_b = tile->b;
  LLVMValueRef before = LLVMBuildNeg(m->builder, emit_mul(m, tile->depth, step_bytes(p)), "");
  tile->panel = emit_address(m, p->widened, before);
  tile->b = (PanelSource){.dtype = p->type.dtype == DTYPE_S8 ? DTYPE_S16 : DTYPE_F32,
                          .column_bytes = plan_widened_column(p->type.dtype),
                          .step_bytes = step_bytes(p)};
}
