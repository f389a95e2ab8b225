/* Rows brought together before they are multiplied, where a register has two of them: in the loop
 * over K it would be an operation for each tile of columns, on the units that multiply.
 *
 *   for rows r, s of the block, two by two:  paired = r[0..7] s[0..7] r[8..15] s[8..15] ..
 *
 * A last row that is alone is its own partner. They stand in the stage's room. */
#include "backends/llvm/product.h"
#include "ir/plan_room.h"

enum { EIGHT = 8, AT_ONCE = 2 }; /* bytes; eights of a row */

/* What is at `from` of each of two rows, eights in turn, at `to`. */
static void pair_eights(ModuleContext *m, const LLVMValueRef from[2], LLVMValueRef to) {
  LLVMTypeRef type = LLVMVectorType(m->i64, AT_ONCE);
  LLVMValueRef rows[2];
  for (uint32_t r = 0; r < 2; ++r) {
    rows[r] = LLVMBuildLoad2(m->builder, type, from[r], "");
    LLVMSetAlignment(rows[r], EIGHT);
  }
  for (int32_t i = 0; i < AT_ONCE; ++i) {
    LLVMValueRef pair = emit_shuffle_two(m, rows[0], rows[1], (int32_t[]){i, i + AT_ONCE}, AT_ONCE);
    LLVMValueRef at = emit_address(m, to, emit_i64(m, 2 * EIGHT * i));
    LLVMSetAlignment(LLVMBuildStore(m->builder, pair, at), 2 * EIGHT);
  }
}

void product_pair(Product *p) {
  ModuleContext *m = p->k->m;
  uint64_t pair_bytes = plan_pair_bytes(p->depth);
  Loop rows, depth;
  loop_begin(m, &rows, emit_i64(m, 0), p->rows.count, 2);
  LLVMValueRef last = emit_add(m, p->rows.count, emit_i64(m, -1));
  LLVMValueRef second = emit_least(m, emit_add(m, rows.index, emit_i64(m, 1)), last);
  LLVMValueRef from[] = {product_source_row(m, &p->a, rows.index),
                         product_source_row(m, &p->a, second)};
  LLVMValueRef to = emit_address(m, p->paired, emit_mul(m, rows.index, pair_bytes / 2));
  loop_begin(m, &depth, emit_i64(m, 0), emit_i64(m, p->depth), AT_ONCE);
  LLVMValueRef at = emit_mul(m, depth.index, EIGHT);
  LLVMValueRef here[] = {emit_address(m, from[0], at), emit_address(m, from[1], at)};
  pair_eights(m, here, emit_address(m, to, emit_mul(m, depth.index, 2 * EIGHT)));
  loop_end(m, &depth, NULL);
  loop_end(m, &rows, NULL);
  p->a.base = p->paired;
  p->a.row_bytes = pair_bytes / 2;
  p->a.step_bytes = 2 * EIGHT;
}
