/* Recording a self-test: inputs are generated (artifact_selftest_input), as they are too large for
 * an object, and of each output at most RECORDED_MOST elements are kept, spread evenly. */
#include "driver/selftest.h"

#include <math.h>

#include "driver/layout.h"
#include "support/panic.h"

enum { RECORDED_MOST = 256 };

/* What a float may be off, of the largest recorded: some times the error that verify allows, since
 * a target's last bits may differ; in 8 bits also what flips of rounding cost. */
#define FLOAT_TOLERANCE 0x1p-15
#define QUANTIZED_TOLERANCE 0.125
/* Of whole numbers, which are places of largest values, one in so many may be another. */
enum { FLOAT_MISSES = 16, QUANTIZED_MISSES = 2 };

/* The resolution with the fewest multiply-adds. */
static uint32_t smallest(const Compilation *c) {
  const Resolution *all = c->variants[0].resolutions;
  uint32_t best = 0;
  for (uint32_t i = 1; i < c->resolution_count; ++i) {
    if (all[i].macs < all[best].macs) best = i;
  }
  return best;
}

/* What the code computes: the model, or the graph whose weights are rounded as the code's are. */
static const Graph *reference(const Compilation *c, uint32_t resolution) {
  bool exact = c->weights_dtype == DTYPE_F32 && !c->quantize;
  return exact ? c->model->graph : c->variants[0].resolutions[resolution].graph;
}

static InterpTensor *make_inputs(const Compilation *c, const Plan *plan) {
  InterpTensor *inputs = ARENA_ARRAY(c->arena, plan->input_count, InterpTensor);
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    const PlanTensor *tensor = &plan->inputs[i];
    size_t count = layout_count(tensor->type);
    void *stored = ARENA_ARRAY(c->arena, type_bytes(tensor->type), char);
    artifact_selftest_input(tensor->type.dtype, count, stored);
    inputs[i] = (InterpTensor){tensor->type, ARENA_ARRAY(c->arena, count, double)};
    layout_to_logical(tensor->type, tensor->nchw, stored, inputs[i].data);
  }
  return inputs;
}

/* Some elements of an output, as stored. */
static Status record(const Compilation *c, const PlanTensor *tensor, const double *logical,
                     SelftestOutput *out) {
  size_t count = layout_count(tensor->type), bytes = dtype_bytes(tensor->type.dtype);
  char *stored = ARENA_ARRAY(c->arena, type_bytes(tensor->type), char);
  layout_from_logical(tensor->type, tensor->nchw, logical, stored);
  double largest = 0;
  for (size_t i = 0; i < count; ++i) largest = fmax(largest, fabs(logical[i]));
  for (size_t i = 0; i < count; ++i) {
    if (isfinite(logical[i])) continue;
    return diag_error(c->diag, diag_file(c->options->argument),
                      "--selftest: output \"%s\" is not finite with these weights", tensor->name);
  }
  CHECK(count > 0);
  out->step = (count + RECORDED_MOST - 1) / RECORDED_MOST;
  out->count = (uint32_t)((count + out->step - 1) / out->step);
  char *kept = ARENA_ARRAY(c->arena, out->count * bytes, char);
  for (size_t i = 0; i < out->count * bytes; ++i) {
    kept[i] = stored[i / bytes * out->step * bytes + i % bytes];
  }
  out->elements = kept;
  out->tolerance = largest * (c->quantize ? QUANTIZED_TOLERANCE : FLOAT_TOLERANCE);
  bool whole = dtype_info(tensor->type.dtype)->kind == DTYPE_INTEGER;
  if (whole) out->misses = out->count / (c->quantize ? QUANTIZED_MISSES : FLOAT_MISSES);
  return STATUS_OK;
}

Status selftest_record(Compilation *c, const ArtifactSelftest **selftest) {
  uint32_t index = smallest(c);
  const Plan *plan = c->variants[0].plans[index];
  SelftestOutput *outputs = ARENA_ARRAY(c->arena, plan->output_count, SelftestOutput);
  InterpTensor *expected = ARENA_ARRAY(c->arena, plan->output_count, InterpTensor);
  WeightSource source = weights_source(c->weights);
  RETURN_IF_ERROR(
      interp_run(reference(c, index), &source, c->arena, c->diag, make_inputs(c, plan), expected));
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    RETURN_IF_ERROR(record(c, &plan->outputs[i], expected[i].data, &outputs[i]));
  }
  ArtifactSelftest *made = ARENA_NEW(c->arena, ArtifactSelftest);
  *made = (ArtifactSelftest){.plan = index, .outputs = outputs};
  *selftest = made;
  return STATUS_OK;
}
