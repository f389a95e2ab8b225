/* What the stages of a kernel ask of it: their room, the columns that a task computes, and the
 * windows that rows read. kernel_emit.c finds the domain. */
#include "backends/llvm/kernel.h"
#include "support/checked_math.h"

LLVMValueRef kernel_room(KernelEmitter *k, const Stage *stage, uint64_t bytes) {
  return emit_address(k->m, k->scratch, emit_i64(k->m, (int64_t)(stage->room + bytes)));
}

/* block * parts / column_blocks: the first of `parts` parts that column block `block` computes.
 * Blocks differ by one part at most. */
static LLVMValueRef part_begin(KernelEmitter *k, uint32_t parts, LLVMValueRef block) {
  return LLVMBuildUDiv(k->m->builder, emit_mul(k->m, block, parts),
                       emit_i64(k->m, k->kernel->column_blocks), "");
}

PanelRange kernel_panels(KernelEmitter *k, uint32_t channels) {
  return kernel_parts(k, ceil_div_u32(channels, PLAN_PANEL));
}

PanelRange kernel_parts(KernelEmitter *k, uint32_t parts) {
  ModuleContext *m = k->m;
  if (k->kernel->column_blocks == 1) return (PanelRange){emit_i64(m, 0), emit_i64(m, parts)};
  LLVMValueRef next = emit_add(m, k->column_block, emit_i64(m, 1));
  return (PanelRange){part_begin(k, parts, k->column_block), part_begin(k, parts, next)};
}

void kernel_window(KernelEmitter *k, LLVMValueRef row, Type out, const Window *window,
                   LLVMValueRef *top, LLVMValueRef *left) {
  ModuleContext *m = k->m;
  LLVMValueRef width = emit_i64(m, out.dims[2]), at = emit_add(m, k->first_row, row);
  LLVMValueRef i = LLVMBuildUDiv(m->builder, at, width, "");
  LLVMValueRef j = LLVMBuildURem(m->builder, at, width, "");
  *top = emit_add(m, emit_mul(m, i, (uint64_t)window->stride_h),
                  emit_i64(m, -(int64_t)window->pad_top));
  *left = emit_add(m, emit_mul(m, j, (uint64_t)window->stride_w),
                   emit_i64(m, -(int64_t)window->pad_left));
}

/* How many taps reach over `distance`: the quotient rounded up; 0 or less where it is negative. */
static LLVMValueRef taps_over(ModuleContext *m, LLVMValueRef distance, int64_t dilation) {
  if (dilation == 1) return distance;
  LLVMValueRef rounded = emit_add(m, distance, emit_i64(m, dilation - 1));
  return LLVMBuildSDiv(m->builder, rounded, emit_i64(m, dilation), "");
}

void kernel_taps(KernelEmitter *k, LLVMValueRef corner, WindowAxis axis, int64_t size,
                 LLVMValueRef *begin, LLVMValueRef *end) {
  ModuleContext *m = k->m;
  LLVMValueRef before = taps_over(m, LLVMBuildNeg(m->builder, corner, ""), axis.dilation);
  LLVMValueRef behind =
      taps_over(m, LLVMBuildSub(m->builder, emit_i64(m, size), corner, ""), axis.dilation);
  *begin = emit_intrinsic(m, "llvm.smax", (LLVMValueRef[]){before, emit_i64(m, 0)}, 2);
  *end = emit_intrinsic(m, "llvm.smin", (LLVMValueRef[]){behind, emit_i64(m, axis.kernel)}, 2);
}
