/* A compiled model loaded into this process, or into one that --runner starts for another machine:
 * for run, bench and verify. */
#ifndef ATMC_DRIVER_NATIVE_H
#define ATMC_DRIVER_NATIVE_H

#include "driver/agent.h"
#include "driver/compilation.h"
#include "runtime/atm_runtime.h"

/* Of the symbols. */
#define NATIVE_PREFIX "model"

/* The code of one step (ir/kernel_args.h). */
typedef void KernelFunction(void *args, uint32_t task, uint32_t worker);

typedef struct Native {
  Diag *diag;
  const Plan *plan;
  const WeightsBlob *blob;
  LoadedModel *loaded;
  Emitted object; /* its bytes outlive `loaded` */
  atm_run_fn *run;
  KernelFunction **kernels; /* [plan->kernel_count] */
  KernelFunction *peaks[PEAK_KIND_COUNT];
  char *weights, *workspace;
  size_t workspace_bytes;
  uint32_t threads;
  atm_pool *pool; /* NULL: one thread */
  atm_env env;
  Agent *agent; /* NULL: all is in this process; else code and pool are in the agent's */
  char **inputs, **outputs; /* where it finds the tensors: weights and workspace are there too */
} Native;

/* Compiles the only resolution of `c`, with its weights outside of the code, and loads it for
 * `threads` workers. To be paired with native_close, also after a failure. */
MUST_CHECK Status native_open(Native *native, Compilation *c, uint32_t threads);
/* Ends the threads and frees all that native_open made; harmless when it is done twice. `status` is
 * that of what was done with it: behind an error LLVM says no second one. */
void native_close(Native *native, Status status);

typedef Status NativeUse(Compilation *c, Native *native);
/* Reads, plans and compiles the model for --shape, loads it for --threads workers and calls `use`;
 * not when --stop-after ends the passes. */
MUST_CHECK Status native_with(Compilation *c, NativeUse *use);
/* The same of a model that was read, for `shapes`. */
MUST_CHECK Status native_with_shapes(Compilation *c, const ShapeList *shapes, NativeUse *use);

/* Runs the model on tensors in the caller's layout. */
MUST_CHECK Status native_run(Native *native, const void *const *in, void *const *out);

/* Runs all tasks of a kernel, which is in this process, on the workers. */
MUST_CHECK Status native_tasks(Native *native, KernelFunction *kernel, void *args, uint32_t tasks);

/* Runs so many tasks of the loop of PEAK_KIND (llvm_peak_name) on the workers. */
MUST_CHECK Status native_spin(Native *native, PeakKind kind, uint32_t tasks);

/* When and where a task ran, in clock_seconds. */
typedef struct TaskTime {
  uint32_t worker;
  double begin, end;
} TaskTime;

/* Runs one step of the plan alone, for the first round, on the workspace as it is. `times`
 * [plan_tasks] gets the time of each task; NULL: they are not taken. */
MUST_CHECK Status native_step(Native *native, const Step *step, const void *const *in,
                              void *const *out, TaskTime *times);
/* The memory behind a step's operand or result. */
char *native_address(const Native *native, const BufferRef *ref, const void *const *in,
                     void *const *out);

/* This machine, or --runner's, can run the code that `c` makes; else a usage error. */
MUST_CHECK Status native_check_machine(const Compilation *c);

/* A tensor in the caller's layout with the elements of the synthetic image, in `arena`; as bytes,
 * they have mean 128 and spread 64. */
void *native_sample_input(Arena *arena, const PlanTensor *tensor, uint64_t seed);
/* One sample for each input, and room for each output. */
void native_sample_tensors(Arena *arena, const Plan *plan, const void ***in, void ***out);

#endif
