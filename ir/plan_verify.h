/* The two halves of plan_verify: each kernel by itself, and what the steps do to memory. */
#ifndef ATMC_IR_PLAN_VERIFY_H
#define ATMC_IR_PLAN_VERIFY_H

#include "ir/plan.h"
#include "support/status.h"

/* NULL, or what is wrong with `kernel`, in `arena`. */
const char *plan_verify_kernel(const PlanKernel *kernel, const TargetInfo *target, Arena *arena);

/* Whether [a, a + a_bytes) and [b, b + b_bytes) have a byte in common. */
static inline bool plan_verify_overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes) {
  return a < b + b_bytes && b < a + a_bytes;
}

#endif
