/* One step of a plan at a time against the interpreter: for `verify`. */
#ifndef ATMC_DRIVER_KERNEL_CHECK_H
#define ATMC_DRIVER_KERNEL_CHECK_H

#include "backends/interp/comparison.h"
#include "driver/native.h"

/* The terms of the longest sum of products in `graph` and its bodies. */
uint64_t kernel_check_terms(const Graph *graph);

typedef struct KernelCheck {
  Compilation *c;
  Native *native;
  const void *const *in;
  void *const *out;
  const Graph *graph; /* of kernels */
  const Node **nodes; /* [step_count] the kernel node of each step */
  double **values;    /* [value_count] what the interpreter computed, rounded to float; malloced */
  Arena *arena;       /* of one step */
} KernelCheck;

/* `in` and `out` are the model's tensors. To be paired with kernel_check_end. */
MUST_CHECK Status kernel_check_begin(KernelCheck *check, Compilation *c, Native *native,
                                     const void *const *in, void *const *out);
/* Frees the interpreter's values; `native` stays open. */
void kernel_check_end(KernelCheck *check);

/* Runs step `index` natively and in the interpreter on the same operands, and keeps the
 * interpreter's results for the steps behind. Steps are to be checked in order. */
MUST_CHECK Status kernel_check_step(KernelCheck *check, uint32_t index, Comparison *comparison);

#endif
