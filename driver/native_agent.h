/* The half of native.h that runs in a process of its own, by --runner. */
#ifndef ATMC_DRIVER_NATIVE_AGENT_H
#define ATMC_DRIVER_NATIVE_AGENT_H

#include "driver/native.h"

/* Links native->object into a program for the target, starts it by `runner`, and lays weights,
 * workspace and tensors out in the memory that it shares. */
MUST_CHECK Status native_agent_open(Native *native, Compilation *c, uint32_t threads,
                                    const char *runner);
/* native_run. */
MUST_CHECK Status native_agent_run(Native *native, const void *const *in, void *const *out,
                                   int *code);
/* native_step; `args` [kernel_arg_count of its kernel] are pointers to the shared memory, or NULL.
 */
MUST_CHECK Status native_agent_step(Native *native, const Step *step, void *const *args,
                                    TaskTime *times, int *code);
/* All tasks of the peak's loop. */
MUST_CHECK Status native_agent_spin(Native *native, PeakKind kind, uint32_t tasks, int *code);
/* Copies the caller's inputs that `step` reads to where its code finds them. */
void native_agent_inputs(Native *native, const Step *step, const void *const *in);

#endif
