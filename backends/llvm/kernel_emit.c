/* One PlanKernel becomes one function: find the block's rows, then run the stages in order.
 *
 *   column block = task % column_blocks, block = task / column_blocks % blocks,
 *   image = task / column_blocks / blocks
 *   rows of the block: plan_block_begin
 *   scratch = worker ? args[1] + (worker - 1) * scratch_bytes : args[0]
 */
#include "backends/llvm/debug_info.h"
#include "backends/llvm/kernel.h"
#include "ir/kernel_args.h"
#include "support/panic.h"

/* An i32 that counts something, as i64. */
static LLVMValueRef widen(KernelEmitter *k, LLVMValueRef value) {
  return LLVMBuildZExt(k->m->builder, value, k->m->i64, "");
}

/* plan_block_begin. */
static LLVMValueRef block_begin(KernelEmitter *k, LLVMValueRef block) {
  ModuleContext *m = k->m;
  uint32_t line = k->kernel->line, lines = plan_lines(k->kernel), blocks = k->kernel->blocks;
  LLVMValueRef units = LLVMBuildUDiv(m->builder, emit_mul(m, block, rows_units(lines, blocks)),
                                     emit_i64(m, blocks), "");
  uint64_t unit = rows_unit(lines, blocks) * line;
  return emit_least(m, emit_mul(m, units, unit), emit_i64(m, k->kernel->rows));
}

/* Takes the digit of base `count` off *task, which is below `bound`. Written so that the usual
 * cases fold. */
static LLVMValueRef take_digit(KernelEmitter *k, LLVMValueRef *task, uint32_t *bound,
                               uint32_t count) {
  LLVMValueRef digit = *task, base = emit_i64(k->m, count);
  if (count == 1) return emit_i64(k->m, 0);
  if (*bound > count) {
    digit = LLVMBuildURem(k->m->builder, *task, base, "");
    *task = LLVMBuildUDiv(k->m->builder, *task, base, "");
  } else {
    *task = emit_i64(k->m, 0);
  }
  *bound /= count;
  return digit;
}

/* Sets image, block and column_block from the task's number (i32): its digits, the fastest first.
 */
static void decode_task(KernelEmitter *k, LLVMValueRef task) {
  LLVMValueRef rest = widen(k, task);
  uint32_t bound = plan_tasks(k->kernel);
  k->column_block = take_digit(k, &rest, &bound, k->kernel->column_blocks);
  k->block = take_digit(k, &rest, &bound, k->kernel->blocks);
  k->image = take_digit(k, &rest, &bound, k->kernel->images);
}

/* Sets first_row and row_count. Where all blocks have as many rows, that number is a constant, and
 * loops over rows lose their guards. */
static void find_rows(KernelEmitter *k) {
  ModuleContext *m = k->m;
  k->row_count_kinds = plan_row_counts(k->kernel, k->row_counts);
  if (k->row_count_kinds == 1) {
    k->first_row = emit_mul(m, k->block, k->row_counts[0]);
    k->row_count = emit_i64(m, k->row_counts[0]);
    return;
  }
  k->first_row = block_begin(k, k->block);
  LLVMValueRef next = block_begin(k, emit_add(m, k->block, emit_i64(m, 1)));
  k->row_count = LLVMBuildSub(m->builder, next, k->first_row, "");
}

/* Sets scratch. Worker 0 has a gap of the arena, which the plan found for this step; that of the
 * others stands behind the arena. */
static void find_scratch(KernelEmitter *k, LLVMValueRef worker) {
  ModuleContext *m = k->m;
  LLVMValueRef first = view_argument(k, KERNEL_ARG_SCRATCH);
  LLVMValueRef others = view_argument(k, KERNEL_ARG_OTHERS);
  LLVMValueRef before = emit_add(m, widen(k, worker), emit_i64(m, -1));
  LLVMValueRef bytes = emit_mul(m, before, k->kernel->scratch_bytes);
  LLVMValueRef is_first = LLVMBuildIsNull(m->builder, worker, "");
  k->scratch = LLVMBuildSelect(m->builder, is_first, first, emit_address(m, others, bytes), "");
}

/* By the op that a stage begins with: a loop nest of its own, or one that many share. */
#define EMITTER_NONE(name) NULL
#define EMITTER_PRODUCT(name) product_stage
#define EMITTER_NORMALIZE(name) normalize_stage
#define EMITTER_POINTWISE(name) pointwise_stage
#define EMITTER_READ(name) name##_stage
#define EMITTER_ROWS(name) name##_stage
#define EMITTER_REDUCE(name) name##_stage
#define EMITTER_WINOGRAD(name) name##_stage
#define EMITTER_CALL(name) name##_stage

static StageEmitter *const stage_emitters[OP_KIND_COUNT] = {
#define OP(NAME, name, min, max, results, stage, ...) [OP_##NAME] = EMITTER_##stage(name),
#include "ir/ops.def"
};

LLVMValueRef kernel_emit(ModuleContext *m, const PlanKernel *kernel, const char *symbol) {
  KernelEmitter k = {.m = m, .kernel = kernel, .body = kernel->body};
  LLVMValueRef function = emit_function(m, symbol, m->kernel_type);
  LLVMSetVisibility(function, LLVMHiddenVisibility);
  debug_info_kernel(m, kernel, function);
  /* At each site of those that are evaluated together. */
  k.live = ARENA_ARRAY(m->arena, POINTWISE_SITES * kernel->body->value_count, LLVMValueRef);
  k.args = LLVMGetParam(function, 0);
  decode_task(&k, LLVMGetParam(function, 1));
  find_rows(&k);
  find_scratch(&k, LLVMGetParam(function, 2));
  view_prepare(&k);
  weight_prefetch_begin(&k, LLVMGetParam(function, 1));
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Stage *stage = &kernel->stages[i];
    const Node *anchor = stage_anchor(&k, stage);
    if (!stage_emitters[anchor->op]) {
      PANIC("kernel %s: no stage begins with %s", kernel->name, op_info(anchor->op)->text);
    }
    debug_info_node(m, stage->nodes[0]);
    stage_emitters[anchor->op](&k, stage);
    planes_store(&k, stage);
  }
  LLVMBuildRetVoid(m->builder);
  debug_info_end(m);
  return function;
}
