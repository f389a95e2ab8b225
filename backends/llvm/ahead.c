/* Prefetching for later steps, during the products of a kernel.
 *
 * The bytes in question are cut into equal shares, one for each task; a share is spread evenly over
 * the steps of K of all register tiles of the task. A variable in the frame goes from tile to tile.
 */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"

/* Steps of K in all tiles of one task, at least. */
static uint64_t steps_of_task(const KernelEmitter *k) {
  uint64_t steps = 0;
  for (uint32_t i = 0; i < k->kernel->stage_count; i++) {
    const Stage *stage = &k->kernel->stages[i];
    const Node *node = stage_anchor(k, stage);
    if (stage->kind != STAGE_PRODUCT) continue;
    uint32_t columns = value_channels(k, node_result(node, 0)) / k->kernel->column_blocks;
    uint64_t tiles = (uint64_t)ceil_div_u32(k->row_counts[0], stage->tile_rows) *
                     ceil_div_u32(columns, stage->tile_columns);
    steps += tiles * value_channels(k, node->operands[node->op == OP_MIX_ROWS ? 1 : 0]);
  }
  return steps;
}

void ahead_begin(KernelEmitter *k, LLVMValueRef task) {
  if (!k->kernel->ahead_bytes) return;
  ModuleContext *m = k->m;
  uint64_t steps = steps_of_task(k), share = k->kernel->ahead_bytes / plan_tasks(k->kernel);
  if (!steps) return;
  k->ahead_step = (share + steps - 1) / steps;
  LLVMValueRef all = view_argument(k, 2 + k->kernel->operand_count + k->kernel->result_count);
  LLVMValueRef index = LLVMBuildZExt(m->builder, task, m->i64, "");
  k->ahead = emit_stack(m, sizeof(void *));
  LLVMBuildStore(m->builder, emit_address(m, all, emit_mul(m, index, share)), k->ahead);
}

static LLVMValueRef at_step(KernelEmitter *k, LLVMValueRef step) {
  ModuleContext *m = k->m;
  LLVMValueRef start = LLVMBuildLoad2(m->builder, m->ptr, k->ahead, "");
  return emit_address(m, start, emit_mul(m, step, k->ahead_step));
}

void ahead_prefetch(KernelEmitter *k, LLVMValueRef turn) {
  if (k->ahead) emit_prefetch(k->m, at_step(k, turn));
}

void ahead_next(KernelEmitter *k, LLVMValueRef depth) {
  if (k->ahead) LLVMBuildStore(k->m->builder, at_step(k, depth), k->ahead);
}
