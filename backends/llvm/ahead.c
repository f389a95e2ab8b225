/* Prefetching for later steps, during the products of a kernel.
 *
 * The bytes in question are cut into equal shares, one for each task; a share is spread evenly over
 * the steps of K of all register tiles of the task. A variable in the frame goes from tile to tile:
 * the bytes behind the first of all, with AHEAD_FRACTION bits below the point.
 */
#include "backends/llvm/product.h"
#include "ir/macs.h"
#include "support/checked_math.h"

enum { AHEAD_FRACTION = 16 };

/* Steps of K in all tiles of one task, at least. */
static uint64_t steps_of_task(const KernelEmitter *k) {
  uint64_t steps = 0;
  for (uint32_t i = 0; i < k->kernel->stage_count; ++i) {
    const Stage *stage = &k->kernel->stages[i];
    const Node *node = stage_anchor(k, stage);
    if (stage->kind != STAGE_PRODUCT) continue;
    uint32_t columns = value_channels(k, node_result(node, 0)) / k->kernel->column_blocks;
    uint64_t tiles = (uint64_t)ceil_div_u32(k->row_counts[0], stage->tile_rows) *
                     ceil_div_u32(columns, product_tile_columns(k, stage));
    steps += tiles * macs_of_element(k->body, node);
  }
  return steps;
}

void ahead_begin(KernelEmitter *k, LLVMValueRef task) {
  if (!k->kernel->ahead_bytes) return;
  ModuleContext *m = k->m;
  uint64_t share = (k->kernel->ahead_bytes << AHEAD_FRACTION) / plan_tasks(k->kernel);
  uint64_t steps = steps_of_task(k);
  if (!steps) return;
  k->ahead_step = (share + steps - 1) / steps;
  k->ahead_base = view_ahead(k);
  k->ahead = emit_stack(m, sizeof(uint64_t));
  LLVMValueRef index = LLVMBuildZExt(m->builder, task, m->i64, "");
  LLVMBuildStore(m->builder, emit_mul(m, index, share), k->ahead);
}

static LLVMValueRef position_at(KernelEmitter *k, LLVMValueRef step) {
  ModuleContext *m = k->m;
  LLVMValueRef start = LLVMBuildLoad2(m->builder, m->i64, k->ahead, "");
  return emit_add(m, start, emit_mul(m, step, k->ahead_step));
}

void ahead_prefetch(KernelEmitter *k, LLVMValueRef step, uint32_t steps) {
  if (!k->ahead) return;
  ModuleContext *m = k->m;
  LLVMValueRef fraction = emit_i64(m, AHEAD_FRACTION);
  LLVMValueRef bytes = LLVMBuildLShr(m->builder, position_at(k, step), fraction, "");
  LLVMValueRef start = emit_address(m, k->ahead_base, bytes);
  uint64_t per_turn = (k->ahead_step * steps) >> AHEAD_FRACTION;
  uint64_t lines = (per_turn + CACHE_LINE / 2) / CACHE_LINE;
  for (uint64_t line = 0; line == 0 || line < lines; ++line) {
    emit_prefetch(m, emit_address(m, start, emit_i64(m, (int64_t)(CACHE_LINE * line))));
  }
}

void ahead_next(KernelEmitter *k, LLVMValueRef depth) {
  if (k->ahead) LLVMBuildStore(k->m->builder, position_at(k, depth), k->ahead);
}
