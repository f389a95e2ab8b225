/* The shared memory: weights, workspace, inputs, outputs, each from a line of the cache on. */
#include "driver/native_agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/agent.h"
#include "driver/layout.h"
#include "ir/kernel_args.h"
#include "support/at_exit.h"
#include "support/checked_math.h"
#include "support/memory.h"
#include "support/panic.h"

_Static_assert(sizeof(TaskTime) == sizeof(agent_time) &&
                   offsetof(TaskTime, begin) == offsetof(agent_time, begin) &&
                   offsetof(TaskTime, end) == offsetof(agent_time, end),
               "times are copied as they are");

enum { ALIGNMENT = 4096 };

/* -- the program ------------------------------------------------------------------------------- */

/* at_exit: a temporary file. */
static void remove_file(void *path) {
  (void)unlink(path);
}

/* Links it and starts it; the file is gone when it runs. */
static Status start(Native *native, Compilation *c, uint32_t threads, const char *runner,
                    size_t bytes) {
  const char *parent = getenv("TMPDIR");
  char *path = arena_printf(c->arena, "%s/atmc-agent-XXXXXX", parent && *parent ? parent : "/tmp");
  int file = mkstemp(path);
  if (file < 0) return diag_io_error(c->diag, diag_file(path), "cannot be made");
  (void)close(file);
  AtExit *at_exit = at_exit_call(remove_file, path);
  ArtifactSpec spec = compilation_artifact(c, NULL);
  Status status = link_artifact(LINK_AGENT, &spec, &native->object, path, c->arena, c->diag);
  progress_end(&c->progress);
  if (!status) {
    status = agent_start(c->arena, c->diag, runner, path, threads, bytes, &native->agent);
  }
  at_exit_cancel(at_exit);
  remove_file(path);
  return status;
}

/* -- memory ------------------------------------------------------------------------------------ */

/* Takes `bytes` from `at` on. */
static size_t take(size_t *at, size_t bytes) {
  size_t begin = *at;
  *at = round_up_size(begin + bytes + 1, ALIGNMENT);
  return begin;
}

static size_t tensor_bytes(const PlanTensor *tensor) {
  return (size_t)type_bytes(tensor->type);
}

/* Places of the tensors, as offsets: pointers as soon as there is memory. */
static size_t *place_tensors(Arena *arena, const PlanTensor *tensors, uint32_t count, size_t *at) {
  size_t *places = ARENA_ARRAY(arena, count, size_t);
  for (uint32_t i = 0; i < count; ++i) places[i] = take(at, tensor_bytes(&tensors[i]));
  return places;
}

static char **addresses(Arena *arena, char *memory, const size_t *places, uint32_t count) {
  char **pointers = ARENA_ARRAY(arena, count, char *);
  for (uint32_t i = 0; i < count; ++i) pointers[i] = memory + places[i];
  return pointers;
}

Status native_agent_open(Native *native, Compilation *c, uint32_t threads, const char *runner) {
  const Plan *plan = native->plan;
  size_t bytes = 0;
  native->workspace_bytes = plan_workspace(plan, threads);
  size_t weights = take(&bytes, c->blob.bytes);
  size_t workspace = take(&bytes, native->workspace_bytes);
  size_t *in = place_tensors(c->arena, plan->inputs, plan->input_count, &bytes);
  size_t *out = place_tensors(c->arena, plan->outputs, plan->output_count, &bytes);
  RETURN_IF_ERROR(start(native, c, threads, runner, bytes));
  char *memory = agent_memory(native->agent);
  native->weights = memory + weights;
  native->workspace = memory + workspace;
  native->inputs = addresses(c->arena, memory, in, plan->input_count);
  native->outputs = addresses(c->arena, memory, out, plan->output_count);
  const TargetInfo *target = c->variants[0].target;
  if ((target->isa_bits & ~agent_isa(native->agent)) == 0) return STATUS_OK;
  return diag_usage_error(c->diag, "the machine of --runner does not run code for %s",
                          target->name);
}

/* -- requests ---------------------------------------------------------------------------------- */

static uint64_t offset_of(const Native *native, const void *pointer) {
  return pointer ? (uint64_t)((const char *)pointer - agent_memory(native->agent)) : 0;
}

static agent_request *new_request(const Native *native, agent_kind kind) {
  agent_request *request = memory_new(1, sizeof *request, "the runner");
  memset(request, 0, sizeof *request);
  request->kind = kind;
  request->weights = offset_of(native, native->weights);
  request->workspace = offset_of(native, native->workspace);
  request->workspace_bytes = native->workspace_bytes;
  return request;
}

/* Sends the request, and frees it. */
static Status call(Native *native, agent_request *request, TaskTime *times, int *code) {
  Status status = agent_call(native->agent, request, (agent_time *)times, code);
  free(request);
  return status;
}

Status native_agent_run(Native *native, const void *const *in, void *const *out, int *code) {
  const Plan *plan = native->plan;
  agent_request *request = new_request(native, AGENT_RUN);
  CHECK(plan->input_count + plan->output_count <= AGENT_MOST_OFFSETS);
  request->inputs = plan->input_count;
  request->outputs = plan->output_count;
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    memcpy(native->inputs[i], in[i], tensor_bytes(&plan->inputs[i]));
    request->offsets[request->count++] = offset_of(native, native->inputs[i]);
  }
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    request->offsets[request->count++] = offset_of(native, native->outputs[i]);
  }
  RETURN_IF_ERROR(call(native, request, NULL, code));
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    memcpy(out[i], native->outputs[i], tensor_bytes(&plan->outputs[i]));
  }
  return STATUS_OK;
}

void native_agent_inputs(Native *native, const Step *step, const void *const *in) {
  const PlanKernel *kernel = &native->plan->kernels[step->kernel];
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    if (step->operands[i].space != SPACE_INPUT) continue;
    uint32_t index = step->operands[i].index;
    memcpy(native->inputs[index], in[index], tensor_bytes(&native->plan->inputs[index]));
  }
}

Status native_agent_step(Native *native, const Step *step, void *const *args, TaskTime *times,
                         int *code) {
  const PlanKernel *kernel = &native->plan->kernels[step->kernel];
  agent_request *request = new_request(native, AGENT_STEP);
  request->tasks = plan_tasks(kernel);
  request->timed = times != NULL;
  request->count = kernel_arg_count(kernel);
  CHECK(request->count <= AGENT_MOST_OFFSETS);
  for (uint32_t i = 0; i < request->count; ++i) request->offsets[i] = offset_of(native, args[i]);
  int length = snprintf(request->name, sizeof request->name, NATIVE_PREFIX "_%s", kernel->name);
  CHECK(length > 0 && (size_t)length < sizeof request->name);
  return call(native, request, times, code);
}

Status native_agent_spin(Native *native, PeakKind kind, uint32_t tasks, int *code) {
  agent_request *request = new_request(native, AGENT_SPIN);
  request->tasks = tasks;
  snprintf(request->name, sizeof request->name, NATIVE_PREFIX "_peak_%s", llvm_peak_name(kind));
  return call(native, request, NULL, code);
}
