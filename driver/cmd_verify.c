/* atmc verify: native code against the interpreter, on a synthetic image.
 *
 * End to end: the compiled model against the model's own graph, interpreted in double.
 * Kernel by kernel: each step of the plan alone, fed with what the interpreter computed before it,
 * rounded to float, so that an error shows where it is made and not where it ends up.
 */
#include <math.h>
#include <stdio.h>

#include "driver/choices.h"
#include "driver/commands.h"
#include "driver/harm.h"
#include "driver/kernel_check.h"
#include "driver/layout.h"
#include "driver/native.h"
#include "driver/tensor_files.h"

/* How much more than the interpreter's the noise of code may be, end to end: on one image, two such
 * roundings were 4 dB apart. */
#define HARM_SLACK_DECIBELS 6

static void print_row(const Comparison *c, const char *name, const char *label) {
  char decibels[16] = "";
  if (c->quantized) snprintf(decibels, sizeof decibels, "%.1f dB", comparison_decibels(c));
  printf("%-32s %12.5g %12.3g %10.3g %9s  %-4s %s\n", name, c->largest, c->error,
         comparison_relative(c), decibels, comparison_holds(c) ? "ok" : "BAD", label);
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
    progress_share(&c->progress, (double)s / plan->step_count);
    status = kernel_check_step(&check, s, &comparison);
    if (status) break;
    progress_end(&c->progress);
    print_row(&comparison, plan->kernels[plan->steps[s].kernel].name, plan->steps[s].label);
    *bad += !comparison_holds(&comparison);
  }
  kernel_check_end(&check);
  return status;
}

/* What the native code is compared with: the model, or, where its weights are rounded to be stored,
 * the graph that has the rounded ones. */
static const Graph *reference_of(const Compilation *c) {
  bool rounded = c->weights_dtype != DTYPE_F32;
  return !rounded ? c->model->graph : c->variants[0].resolutions[0].graph;
}

/* The tensors [count] at `data`, which are as the caller stores them. */
static const InterpTensor *read_tensors(Arena *arena, const PlanTensor *tensors, uint32_t count,
                                        const void *const *data) {
  InterpTensor *read = ARENA_ARRAY(arena, count, InterpTensor);
  for (uint32_t i = 0; i < count; ++i) {
    read[i].type = tensors[i].type;
    read[i].data = ARENA_ARRAY(arena, layout_count(tensors[i].type), double);
    layout_to_logical(tensors[i].type, tensors[i].nchw, data[i], read[i].data);
  }
  return read;
}

/* The whole model; errors of its steps add up here. */
static Status check_outputs(Compilation *c, const Plan *plan, const InterpTensor *inputs,
                            const InterpTensor *got, uint32_t *bad) {
  const Graph *reference = choices_expose(reference_of(c), c->arena);
  InterpTensor *expected = ARENA_ARRAY(c->arena, reference->output_count, InterpTensor);
  WeightSource source = weights_source(c->weights);
  RETURN_IF_ERROR(interp_run(reference, &source, c->arena, c->diag, inputs, expected));
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    const PlanTensor *tensor = &plan->outputs[i];
    Comparison comparison = {.terms = kernel_check_terms(c->variants[0].resolutions[0].graph)};
    comparison_add(&comparison, tensor->type.dtype, expected[i].data, got[i].data,
                   layout_count(tensor->type));
    uint32_t from = choices_place(reference_of(c), i);
    if (from) choices_set(&comparison, &expected[from], expected[i].data, got[i].data);
    print_row(&comparison, tensor->name, "end to end");
    *bad += !comparison_holds(&comparison);
  }
  return STATUS_OK;
}

static void print_decibels(const char *name, double own, double model) {
  char texts[2][16];
  const double values[2] = {own, model};
  for (int i = 0; i < 2; ++i) {
    snprintf(texts[i], sizeof *texts, isinf(values[i]) ? "exact" : "%.1f dB", values[i]);
  }
  printf("%-32s %12s %12s\n", name, texts[0], texts[1]);
}

/* What quantization costs, layer by layer, and whether code costs no more than the interpreter's
 * meaning of it: a flip at a half (kernel_check.h) makes others, and in the end code and the
 * interpreter round as two different models. */
static Status check_quantized(Compilation *c, const Plan *plan, const InterpTensor *inputs,
                              const InterpTensor *got, uint32_t *bad) {
  HarmTable table;
  RETURN_IF_ERROR(harm_measure(c, inputs, &table));
  if (!table.count) return check_outputs(c, plan, inputs, got, bad); /* all stayed in floats */
  printf("\n%-32s %12s %12s\n", "in 8 bits alone", "its output", "the model's");
  for (uint32_t i = 0; i < table.count; ++i) {
    print_decibels(table.layers[i].name, table.layers[i].own, table.layers[i].model);
  }
  double native = harm_decibels(table.outputs, got, plan->output_count);
  bool holds = native >= table.whole - HARM_SLACK_DECIBELS;
  print_decibels("all, interpreted", table.whole, table.whole);
  print_decibels("all, native code", native, native);
  printf("%s\n", holds ? "ok" : "BAD");
  *bad += !holds;
  return STATUS_OK;
}

static Status verify_native(Compilation *c, Native *native) {
  const void **in;
  void **out;
  const Plan *plan = native->plan;
  native_sample_tensors(c->arena, plan, &in, &out);
  if (c->inputs) in = c->inputs;
  uint32_t bad = 0, ends = c->quantize ? 1 : plan->output_count;
  print_title();
  progress_step(&c->progress, "comparing");
  RETURN_IF_ERROR(check_kernels(c, native, in, out, &bad));
  RETURN_IF_ERROR(native_run(native, in, out));
  const InterpTensor *inputs = read_tensors(c->arena, plan->inputs, plan->input_count, in);
  const InterpTensor *got =
      read_tensors(c->arena, plan->outputs, plan->output_count, (const void *const *)out);
  RETURN_IF_ERROR((c->quantize ? check_quantized : check_outputs)(c, plan, inputs, got, &bad));
  Comparison longest = {.terms = kernel_check_terms(c->variants[0].resolutions[0].graph)};
  if (bad == 0) {
    printf("all within %g of the largest value%s\n", comparison_bound(&longest),
           c->quantize ? ", or flips of rounding" : "");
    return STATUS_OK;
  }
  (void)diag_error(c->diag, (Position){0}, "%u of %u comparisons exceed %g of the largest value%s",
                   bad, plan->step_count + ends, comparison_bound(&longest),
                   c->quantize ? " by more than flips of rounding" : "");
  return STATUS_MISMATCH;
}

/* On the tensors of --input, at their resolution; else on synthetic ones. */
static Status verify(Compilation *c) {
  const Options *options = c->options;
  if (options->shape) {
    if (!options->inputs.count) return native_with(c, verify_native);
    return diag_usage_error(c->diag, "--shape: --input says it");
  }
  if (!options->inputs.count) {
    return diag_usage_error(c->diag,
                            "atmc verify needs --shape=NxCxHxW or --input=[NAME=]FILE.npy");
  }
  RETURN_IF_ERROR(compilation_read(c));
  ShapeList shapes = {.count = 1};
  c->inputs = ARENA_ARRAY(c->arena, graph_inputs(c->model->graph, NULL, 0), const void *);
  RETURN_IF_ERROR(tensor_files_read(c, c->inputs, &shapes.items[0]));
  return native_with_shapes(c, &shapes, verify_native);
}

Status cmd_verify(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, verify);
}
