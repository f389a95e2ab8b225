/* How a kernel's code gets its memory: void (void **args, uint32_t task, uint32_t worker).
 *
 *   args   worker 0's scratch, the other workers' scratch (of worker w at (w - 1) * scratch_bytes),
 *          the operands, the results, the weights to prefetch, where the kernel has such, and for
 *          each operand of a caller's bytes its atm_strides; NULL: packed
 *
 * The code that reads it is emitted (backends/llvm/kernel_emit.c, view.c); who fills it is an entry
 * (backends/llvm/entry.c) or the driver, which runs single steps (driver/native.c). */
#ifndef ATMC_IR_KERNEL_ARGS_H
#define ATMC_IR_KERNEL_ARGS_H

#include "ir/plan.h"

enum { KERNEL_ARG_SCRATCH, KERNEL_ARG_OTHERS, KERNEL_ARG_OPERANDS };

/* The index of operand `i`; of result `i`; and of what is prefetched. */
static inline uint32_t kernel_arg_operand(uint32_t i) {
  return KERNEL_ARG_OPERANDS + i;
}
static inline uint32_t kernel_arg_result(const PlanKernel *kernel, uint32_t i) {
  return KERNEL_ARG_OPERANDS + kernel->operand_count + i;
}
static inline uint32_t kernel_arg_prefetch(const PlanKernel *kernel) {
  return kernel_arg_result(kernel, kernel->result_count);
}
/* The index of the strides of operand `i`, which has such. */
static inline uint32_t kernel_arg_strides(const PlanKernel *kernel, uint32_t i) {
  uint32_t index = kernel_arg_prefetch(kernel) + 1;
  while (i-- > 0) index += plan_has_strides(&kernel->operands[i]);
  return index;
}
/* How many there are at most: with what is prefetched. */
static inline uint32_t kernel_arg_count(const PlanKernel *kernel) {
  return kernel_arg_strides(kernel, kernel->operand_count);
}

#endif
