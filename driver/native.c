/* Native code in this process. The weights are external, so that the object stays small and loads
 * at once; kernels are exported, so that single steps can be run. */
#include "driver/native.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "driver/clock.h"
#include "driver/layout.h"
#include "driver/native_agent.h"
#include "ir/kernel_args.h"
#include "support/checked_math.h"
#include "support/memory.h"
#include "support/panic.h"
#include "support/sanitized.h"

#define PREFIX NATIVE_PREFIX
enum { MAX_THREADS = 64 };

Status native_check_machine(const Compilation *c) {
  const TargetInfo *target = c->variants[0].target;
  bool here = target->format == FORMAT_ELF && (target->isa_bits & ~atm_cpu_isa()) == 0;
  bool there = target->format == FORMAT_ELF && c->options->runner; /* it will say by itself */
  if (here || there) return STATUS_OK;
  const char *name = target->format == FORMAT_ELF ? target->name : target->triple;
  const char *help = target->format == FORMAT_ELF ? " (an emulator may: --runner)" : "";
  return diag_usage_error(c->diag, "this machine does not run code for %s%s", name, help);
}

/* Large blocks in large pages where the system has them: of small ones, maps and weights need
 * thousands. Small ones that the heap had used before are given back first. */
static char *allocate(size_t bytes) {
  enum { ALIGNMENT = 128, LARGE_PAGE = 2 << 20 };
  size_t alignment = bytes < LARGE_PAGE ? ALIGNMENT : LARGE_PAGE;
  size_t rounded = round_up_size(bytes + 1, alignment);
  char *memory = aligned_alloc(alignment, rounded);
  if (!memory) memory_exhausted(bytes, "weights and workspace");
  if (alignment == LARGE_PAGE) {
    (void)madvise(memory, rounded, MADV_DONTNEED);
    memory_large_pages(memory, rounded);
  }
  return memory;
}

/* Generates the object. */
static Status emit_code(Native *native, Compilation *c) {
  WeightSource source = weights_source(c->weights);
  ArtifactSpec spec = compilation_artifact(c, &source);
  spec.prefix = PREFIX;
  spec.external_weights = spec.export_all = true;
  spec.sanitized = SANITIZED;
  progress_step(&c->progress, "generating code");
  return compilation_emit(c, &spec, EMIT_OBJECT, &native->object);
}

/* Loads it, and looks up its entry and all of its kernels. */
static Status load_code(Native *native, Compilation *c) {
  RETURN_IF_ERROR(llvm_load(native->object.data, native->object.bytes, c->diag, &native->loaded));
  native->run = (atm_run_fn *)llvm_symbol(native->loaded, PREFIX "_run");
  CHECK(native->run);
  const Plan *plan = native->plan;
  native->kernels = ARENA_ARRAY(c->arena, plan->kernel_count, KernelFunction *);
  for (uint32_t i = 0; i < plan->kernel_count; ++i) {
    const char *symbol = arena_printf(c->arena, PREFIX "_%s", plan->kernels[i].name);
    native->kernels[i] = (KernelFunction *)llvm_symbol(native->loaded, symbol);
    CHECK(native->kernels[i]);
  }
  for (int kind = 0; kind < PEAK_KIND_COUNT; ++kind) {
    const char *symbol = arena_printf(c->arena, PREFIX "_peak_%s", llvm_peak_name(kind));
    native->peaks[kind] = (KernelFunction *)llvm_symbol(native->loaded, symbol);
    CHECK(native->peaks[kind] || kind == PEAK_INT8); /* which not every target has */
  }
  return STATUS_OK;
}

/* The blob, as a caller of code with external weights would have it. */
static Status load_weights(Native *native, Compilation *c) {
  double begin = clock_seconds();
  if (!native->agent) native->weights = allocate(c->blob.bytes);
  WeightSource source = weights_source(c->weights);
  RETURN_IF_ERROR(weights_blob_evaluate(&c->blob, &source, native->weights));
  c->times.emit += clock_seconds() - begin;
  return STATUS_OK;
}

/* Threads, and the workspace for so many. */
static Status make_environment(Native *native, uint32_t threads) {
  if (threads > 1) {
    native->pool = atm_pool_create(threads);
    if (!native->pool) {
      return diag_io_error(native->diag, (Position){0}, "cannot start %u threads", threads);
    }
  }
  native->env = atm_pool_env(native->pool);
  native->env.weights = native->weights;
  native->env.isa = atm_cpu_isa();
  native->workspace_bytes = plan_workspace(native->plan, threads);
  native->workspace = allocate(native->workspace_bytes);
  return STATUS_OK;
}

Status native_open(Native *native, Compilation *c, uint32_t threads) {
  CHECK(c->resolution_count == 1 && c->variant_count == 1);
  *native = (Native){.diag = c->diag, .blob = &c->blob, .threads = threads};
  native->plan = c->variants[0].plans[0];
  RETURN_IF_ERROR(emit_code(native, c));
  const char *runner = c->options->runner;
  RETURN_IF_ERROR(runner ? native_agent_open(native, c, threads, runner) : load_code(native, c));
  RETURN_IF_ERROR(load_weights(native, c));
  if (!runner) RETURN_IF_ERROR(make_environment(native, threads));
  progress_end(&c->progress);
  return STATUS_OK;
}

void native_close(Native *native, Status status) {
  if (status) llvm_watch_memory(true);
  atm_pool_destroy(native->pool);
  llvm_unload(native->loaded);
  free(native->object.data);
  if (!native->agent) {
    free(native->weights);
    free(native->workspace);
  }
  agent_stop(native->agent);
  *native = (Native){0};
}

/* An ATM_E_* code as an error of ours. */
static Status check_code(const Native *native, int code) {
  if (code == ATM_OK) return STATUS_OK;
  return diag_io_error(native->diag, (Position){0}, "the model failed: %s", atm_error_text(code));
}

Status native_run(Native *native, const void *const *in, void *const *out) {
  if (native->agent) {
    int code;
    RETURN_IF_ERROR(native_agent_run(native, in, out, &code));
    return check_code(native, code);
  }
  return check_code(native,
                    native->run(in, out, native->workspace, native->workspace_bytes, &native->env));
}

char *native_address(const Native *native, const BufferRef *ref, const void *const *in,
                     void *const *out) {
  switch (ref->space) {
    case SPACE_INPUT:
      return native->agent ? native->inputs[ref->index] : (char *)(uintptr_t)in[ref->index];
    case SPACE_OUTPUT: return native->agent ? native->outputs[ref->index] : (char *)out[ref->index];
    case SPACE_ARENA: return native->workspace + ref->offset;
    case SPACE_WEIGHTS:
      CHECK(native->blob->recipes[ref->index] == native->plan->weights[ref->index]);
      return native->weights + native->blob->offsets[ref->index] + ref->offset;
  }
  PANIC("buffer in space %d", (int)ref->space);
}

Status native_tasks(Native *native, KernelFunction *kernel, void *args, uint32_t tasks) {
  if (native->pool && tasks > 1) {
    int code = native->env.parallel_for(native->env.ctx, tasks, kernel, args);
    return check_code(native, code ? ATM_E_PARALLEL : ATM_OK);
  }
  for (uint32_t task = 0; task < tasks; ++task) kernel(args, task, 0);
  return STATUS_OK;
}

Status native_spin(Native *native, PeakKind kind, uint32_t tasks) {
  _Alignas(8) float sums[MAX_THREADS][LLVM_PEAK_FLOATS] = {{0}};
  if (!native->agent) return native_tasks(native, native->peaks[kind], sums, tasks);
  int code;
  RETURN_IF_ERROR(native_agent_spin(native, kind, tasks, &code));
  return check_code(native, code);
}

typedef struct TimedKernel {
  KernelFunction *kernel;
  void *args;
  TaskTime *times;
} TimedKernel;

/* A task in place of the kernel's, which it calls and times. */
static void run_timed(void *context, uint32_t task, uint32_t worker) {
  const TimedKernel *timed = context;
  TaskTime *time = &timed->times[task];
  time->worker = worker;
  time->begin = clock_seconds();
  timed->kernel(timed->args, task, worker);
  time->end = clock_seconds();
}

Status native_step(Native *native, const Step *step, const void *const *in, void *const *out,
                   TaskTime *times) {
  enum { MOST_ARGS = 256 };
  const PlanKernel *kernel = &native->plan->kernels[step->kernel];
  CHECK(kernel_arg_count(kernel) <= MOST_ARGS);
  void *args[MOST_ARGS] = {NULL};
  args[KERNEL_ARG_SCRATCH] = native->workspace + step->scratch;
  args[KERNEL_ARG_OTHERS] = native->workspace + native->plan->workspace_base;
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    args[kernel_arg_operand(i)] = native_address(native, &step->operands[i], in, out);
  }
  for (uint32_t i = 0; i < kernel->result_count; ++i) {
    args[kernel_arg_result(kernel, i)] = native_address(native, &step->results[i], in, out);
  }
  BufferRef prefetch = {.space = SPACE_WEIGHTS, .index = step->prefetch};
  if (kernel->prefetch_bytes) {
    args[kernel_arg_prefetch(kernel)] = native_address(native, &prefetch, in, out);
  }
  if (native->agent) {
    int code;
    native_agent_inputs(native, step, in);
    RETURN_IF_ERROR(native_agent_step(native, step, args, times, &code));
    return check_code(native, code);
  }
  KernelFunction *function = native->kernels[step->kernel];
  if (!times) return native_tasks(native, function, args, plan_tasks(kernel));
  TimedKernel timed = {function, args, times};
  return native_tasks(native, run_timed, &timed, plan_tasks(kernel));
}

void *native_sample_input(Arena *arena, const PlanTensor *tensor, uint64_t seed) {
  Type stored = layout_stored(tensor->type, tensor->nchw);
  size_t count = layout_count(stored);
  float *data = ARENA_ARRAY(arena, count, float);
  synthetic_tensor("image", stored, seed, data);
  if (tensor->type.dtype == DTYPE_F32) return data;
  CHECK(tensor->type.dtype == DTYPE_U8);
  uint8_t *bytes = ARENA_ARRAY(arena, count, uint8_t);
  for (size_t i = 0; i < count; ++i) {
    float value = 128 + 64 * data[i];
    bytes[i] = (uint8_t)(value < 0 ? 0 : value > UINT8_MAX ? UINT8_MAX : value);
  }
  return bytes;
}

/* `count` floats that begin with a cache line, in large pages where the system has them, as hosts
 * do well to have large results. */
static float *new_output(Arena *arena, size_t count) {
  enum { LINE_FLOATS = PLAN_ALIGN / sizeof(float) };
  float *data = ARENA_ARRAY(arena, count + LINE_FLOATS, float);
  data += -(uintptr_t)data % PLAN_ALIGN / sizeof(float);
  memory_large_pages(data, count * sizeof(float));
  return data;
}

void native_sample_tensors(Arena *arena, const Plan *plan, const void ***in, void ***out) {
  *in = ARENA_ARRAY(arena, plan->input_count, const void *);
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    (*in)[i] = native_sample_input(arena, &plan->inputs[i], i);
  }
  *out = ARENA_ARRAY(arena, plan->output_count, void *);
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    (*out)[i] = new_output(arena, layout_count(plan->outputs[i].type));
  }
}

Status native_with(Compilation *c, NativeUse *use) {
  ShapeList shapes;
  RETURN_IF_ERROR(shapes_parse(c->options->shape, 1, c->arena, c->diag, &shapes));
  RETURN_IF_ERROR(compilation_read(c));
  return native_with_shapes(c, &shapes, use);
}

Status native_with_shapes(Compilation *c, const ShapeList *shapes, NativeUse *use) {
  RETURN_IF_ERROR(compilation_plan(c, shapes));
  if (c->stopped) return STATUS_OK;
  RETURN_IF_ERROR(native_check_machine(c));
  Native native = {0};
  Status status = native_open(&native, c, (uint32_t)c->options->threads);
  if (!status) status = use(c, &native);
  native_close(&native, status);
  return status;
}
