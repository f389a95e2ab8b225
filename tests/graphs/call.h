/* One call of a generated model, all of whose memory is between pages that may not be touched, by
 * workers that take its tasks in any order. Needs nothing of the compiler. */
#ifndef ATMC_TESTS_CALL_H
#define ATMC_TESTS_CALL_H

#include "runtime/atm_runtime.h"
#include "tests/graphs/guarded.h"

enum { CALL_MOST = 64 }; /* inputs, or outputs */

typedef struct Call {
  const atm_model *model;
  const atm_entry *entry;
  const void *const *inputs; /* copied */
  void *const *outputs;      /* filled in */
  const void *weights;       /* model->weights_bytes of them, copied; unused where there are none */
  uint32_t threads;          /* 1 to 64 */
  GuardedEnd end;            /* of all buffers */
  uint64_t order;            /* of the tasks, and who takes which; 0: as they come, by worker 0 */
  bool small_stack;          /* 64 KiB, of a thread of its own */
  atm_pool *pool;            /* who runs them, instead; NULL: this thread */
} Call;

/* The bytes of a tensor. */
size_t call_tensor_bytes(const atm_tensor *tensor);
/* NULL, or what was wrong: a code that is not ATM_OK, or memory that was written beside a buffer.
 * What touches a guard page ends the process. */
const char *call_model(const Call *call);

#endif
