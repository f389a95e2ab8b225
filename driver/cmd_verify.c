/* atmc verify: native code against the interpreter, on a synthetic image.
 *
 * End to end: the compiled model against the model's own graph, interpreted in double.
 * Kernel by kernel: each step of the plan alone, fed with what the interpreter computed before it,
 * rounded to float, so that an error shows where it is made and not where it ends up.
 */
#include <stdio.h>

#include "driver/commands.h"
#include "driver/kernel_check.h"
#include "driver/layout.h"
#include "driver/native.h"

static void print_row(const Comparison *c, const char *name, const char *label) {
  printf("%-32s %12.5g %12.3g %10.3g  %-4s %s\n", name, c->largest, c->error,
         comparison_relative(c), comparison_holds(c) ? "ok" : "BAD", label ? label : "");
}

static void print_title(void) {
  printf("%-32s %12s %12s %10s\n", "kernel", "largest", "error", "relative");
}

/* Every step by itself; *bad counts those beyond the bound. */
static Status check_kernels(Compilation *c, Native *native, const void *const *in, void *const *out,
                            uint32_t *bad) {
  const Plan *plan = native->plan;
  KernelCheck check;
  Status status = kernel_check_begin(&check, c, native, in, out);
  for (uint32_t s = 0; s < plan->step_count && !status; ++s) {
    Comparison comparison;
    status = kernel_check_step(&check, s, &comparison);
    if (status) break;
    print_row(&comparison, plan->kernels[plan->steps[s].kernel].name, plan->steps[s].label);
    *bad += !comparison_holds(&comparison);
  }
  kernel_check_end(&check);
  return status;
}

/* What the native code is compared with: the model, or, where its weights are rounded to be stored,
 * the graph that has the rounded ones. */
static const Graph *reference_of(const Compilation *c) {
  bool rounded = c->weights_dtype != DTYPE_F32 || c->quantize;
  return !rounded ? c->model->graph : c->variants[0].resolutions[0].graph;
}

/* The outputs that are expected for the inputs at `in`, which are as the caller stores them. */
static Status interpret(Compilation *c, const Plan *plan, const void *const *in,
                        InterpTensor *expected) {
  InterpTensor *inputs = ARENA_ARRAY(c->arena, plan->input_count, InterpTensor);
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    const PlanTensor *tensor = &plan->inputs[i];
    inputs[i].type = tensor->type;
    inputs[i].data = ARENA_ARRAY(c->arena, layout_count(tensor->type), double);
    layout_to_logical(tensor->type, tensor->nchw, in[i], inputs[i].data);
  }
  WeightSource source = weights_source(c->weights);
  return interp_run(reference_of(c), &source, c->arena, c->diag, inputs, expected);
}

/* The whole model; errors of its steps add up here. */
static Status check_outputs(Compilation *c, Native *native, const void *const *in, void *const *out,
                            uint32_t *bad) {
  const Plan *plan = native->plan;
  InterpTensor *expected = ARENA_ARRAY(c->arena, plan->output_count, InterpTensor);
  RETURN_IF_ERROR(interpret(c, plan, in, expected));
  RETURN_IF_ERROR(native_run(native, in, out));
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    const PlanTensor *tensor = &plan->outputs[i];
    size_t count = layout_count(tensor->type);
    double *actual = ARENA_ARRAY(c->arena, count, double);
    layout_to_logical(tensor->type, tensor->nchw, out[i], actual);
    Comparison comparison = {0};
    comparison_add(&comparison, expected[i].data, actual, count);
    print_row(&comparison, tensor->name, "end to end");
    *bad += !comparison_holds(&comparison);
  }
  return STATUS_OK;
}

static Status verify_native(Compilation *c, Native *native) {
  const void **in;
  void **out;
  native_sample_tensors(c->arena, native->plan, &in, &out);
  uint32_t bad = 0;
  print_title();
  RETURN_IF_ERROR(check_kernels(c, native, in, out, &bad));
  RETURN_IF_ERROR(check_outputs(c, native, in, out, &bad));
  if (bad == 0) {
    printf("all within %g of the largest value\n", COMPARISON_BOUND);
    return STATUS_OK;
  }
  (void)diag_error(c->diag, (Position){0}, "%u of %u comparisons exceed %g of the largest value",
                   bad, native->plan->step_count + native->plan->output_count, COMPARISON_BOUND);
  return STATUS_MISMATCH;
}

static Status verify(Compilation *c) {
  return native_with(c, verify_native);
}

Status cmd_verify(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, verify);
}
