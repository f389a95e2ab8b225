/* Random graphs through the whole pipeline: the interpreter's answer must stay the same after the
 * passes (1e-9 of the largest value, in double), and native code must give it too (in float).
 * Padding and scratch are filled with signaling NaN before a run. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backend.h"
#include "passes/pass.h"
#include "runtime/atm_runtime.h"
#include "support/checked_math.h"
#include "tests/unit/random_graph.h"

enum { GRAPHS = 300 };

typedef struct Trial {
  Arena *arena;
  Diag diag;
  uint64_t seed;
  const TargetInfo *target;
  bool quantized; /* products are of whole numbers */
  const Graph *before, *after;
  InterpTensor inputs[MAX_INPUTS], expected[MAX_OUTPUTS];
  double largest[MAX_OUTPUTS];
} Trial;

static Status read_weights(void *context, const char *name, double *out, size_t count) {
  Random random = {strtoull(name + 1, NULL, 10) + 99};
  (void)context;
  for (size_t i = 0; i < count; ++i) out[i] = (float)(0.3 * uniform(&random));
  return STATUS_OK;
}

static const WeightSource weights = {.read = read_weights};

static size_t elements(Type type) {
  int64_t count = 0;
  cr_assert(type_count(type, &count));
  return (size_t)count;
}

static void make_inputs(Trial *t) {
  Random random = {t->seed + 5};
  NodeId nodes[MAX_INPUTS];
  uint32_t count = graph_inputs(t->before, nodes, MAX_INPUTS);
  for (uint32_t i = 0; i < count; ++i) {
    Type type = graph_node(t->before, nodes[i])->attrs.INPUT.declared;
    double *data = ARENA_ARRAY(t->arena, elements(type), double);
    for (size_t e = 0; e < elements(type); ++e) data[e] = (float)uniform(&random);
    t->inputs[i] = (InterpTensor){type, data};
  }
}

/* Runs the pipeline; one optional pass in two graphs is off. */
static void run_passes(Trial *t, PassContext *context) {
  Random random = {t->seed + 17};
  uint32_t all;
  const Pass *passes = pass_all(&all), *off = &passes[below(&random, all)];
  PassOptions options = {.disabled = &off->name,
                         .disabled_count = off->required ? 0 : 1,
                         .verify_each = true,
                         .stream = stderr};
  Type *types = ARENA_ARRAY(t->arena, MAX_INPUTS, Type);
  context->input_count = graph_inputs(t->before, NULL, 0);
  for (uint32_t i = 0; i < context->input_count; ++i) types[i] = t->inputs[i].type;
  context->input_types = types;
  t->after = t->before;
  for (int part = PIPELINE_ONCE; part <= PIPELINE_PER_RESOLUTION; ++part) {
    bool stopped;
    PassList list = pipeline_passes((PipelinePart)part);
    cr_assert_eq(manager_run(context, &options, list, t->after, &t->after, &stopped), STATUS_OK);
  }
}

/* Whether passes have made products of whole numbers. */
static bool is_quantized(const Graph *graph) {
  bool found = graph_has_op(graph, OP_QUANTIZED_LINEAR);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Graph *body = graph->nodes[i].body;
    found |= body && graph_has_op(body, OP_QUANTIZED_LINEAR);
  }
  return found;
}

/* Where weights or rows were rounded, from now on what they give is expected. */
static void expect_same_meaning(Trial *t, const PassContext *context) {
  t->quantized = is_quantized(t->after);
  bool rounded = context->weights_dtype != DTYPE_F32 || t->quantized;
  double bound = t->quantized ? 0.25 : rounded ? 0.05 : 1e-9;
  InterpTensor got[MAX_OUTPUTS];
  cr_assert_eq(interp_run(t->before, &weights, t->arena, &t->diag, t->inputs, t->expected), 0);
  cr_assert_eq(interp_run(t->after, &weights, t->arena, &t->diag, t->inputs, got), 0);
  for (uint32_t i = 0; i < t->before->output_count; ++i) {
    double error = 0;
    cr_assert(type_equal(got[i].type, t->expected[i].type));
    for (size_t e = 0; e < elements(got[i].type); ++e) {
      t->largest[i] = fmax(t->largest[i], fabs(t->expected[i].data[e]));
      error = fmax(error, fabs(got[i].data[e] - t->expected[i].data[e]));
    }
    cr_assert_leq(error, bound * t->largest[i], "seed %lu: passes change output %u by %g of %g",
                  (unsigned long)t->seed, i, error, t->largest[i]);
    if (rounded) t->expected[i] = got[i];
  }
}

/* Where element `e` of a tensor in logical order is in the caller's memory. */
static size_t caller_index(Type type, bool nchw, size_t e) {
  if (!nchw || type.rank != 4) return e;
  size_t c = (size_t)type.dims[3], hw = (size_t)(type.dims[1] * type.dims[2]);
  size_t row = e / c;
  return (row / hw * c + e % c) * hw + row % hw;
}

static void run_code(const Trial *t, const Plan *plan, atm_run_fn *run, void *blob,
                     const void *const *in, void *const *out) {
  size_t bytes = plan->workspace_base;
  char *workspace = aligned_alloc(64, round_up_size(bytes + 1, 64));
  static const uint32_t signaling = 0x7FA00000;
  for (size_t i = 0; i + sizeof signaling <= bytes; i += sizeof signaling) {
    memcpy((char *)workspace + i, &signaling, sizeof signaling);
  }
  atm_env env = {.size = sizeof env, .threads = 1, .weights = blob};
  cr_assert_eq(run(in, out, workspace, bytes, &env), ATM_OK, "seed %lu", (unsigned long)t->seed);
  free(workspace);
}

static void expect_same_output(const Trial *t, uint32_t output, const float *got) {
  const InterpTensor *expected = &t->expected[output];
  bool nchw = t->before->outputs[output].nchw;
  double error = 0, signal = 0, noise = 0;
  for (size_t e = 0; e < elements(expected->type); ++e) {
    double difference = fabs(got[caller_index(expected->type, nchw, e)] - expected->data[e]);
    if (!(difference <= error)) error = difference; /* a NaN stays */
    signal += expected->data[e] * expected->data[e];
    noise += difference * difference;
  }
  /* A number on a half may be rounded to either side, which makes others: few, and of one step. */
  if (t->quantized) {
    cr_assert(noise <= 1e-3 * signal + 1e-12, "seed %lu, %s: output %u has noise of %g in %g",
              (unsigned long)t->seed, t->target->name, output, noise, signal);
    return;
  }
  cr_assert(error <= 2e-5 * t->largest[output] + 1e-6, "seed %lu, %s: output %u is off by %g of %g",
            (unsigned long)t->seed, t->target->name, output, error, t->largest[output]);
}

static void expect_same_code(Trial *t, const Plan *plan) {
  WeightsBlob blob = weights_blob_layout(t->arena, &plan, 1);
  ArtifactVariant variant = {plan->target, &plan};
  ArtifactSpec spec = {.prefix = "model",
                       .variants = &variant,
                       .variant_count = 1,
                       .plan_count = 1,
                       .blob = &blob,
                       .source = &weights,
                       .external_weights = true};
  char *data = aligned_alloc(128, round_up_size(blob.bytes + 1, 128));
  Emitted object;
  LoadedModel *loaded;
  cr_assert_eq(llvm_emit(&spec, EMIT_OBJECT, t->arena, &t->diag, &object), STATUS_OK);
  cr_assert_eq(llvm_load(object.data, object.bytes, &t->diag, &loaded), STATUS_OK);
  cr_assert_eq(weights_blob_evaluate(&blob, &weights, data), STATUS_OK);
  void *in[MAX_INPUTS], *out[MAX_OUTPUTS];
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    const InterpTensor *input = &t->inputs[i];
    float *values = malloc(elements(input->type) * sizeof(float)); /* exact: overreads are seen */
    in[i] = values;
    for (size_t e = 0; e < elements(input->type); ++e) {
      values[caller_index(input->type, plan->inputs[i].nchw, e)] = (float)input->data[e];
    }
  }
  for (uint32_t i = 0; i < plan->output_count; ++i) {
    out[i] = malloc(elements(plan->outputs[i].type) * sizeof(float));
  }
  run_code(t, plan, (atm_run_fn *)llvm_symbol(loaded, "model_run"), data, (const void *const *)in,
           out);
  for (uint32_t i = 0; i < plan->output_count; ++i) expect_same_output(t, i, out[i]);
  for (uint32_t i = 0; i < plan->input_count; ++i) free(in[i]);
  for (uint32_t i = 0; i < plan->output_count; ++i) free(out[i]);
  llvm_unload(loaded);
  free(object.data);
  free(data);
}

/* Whether its products were of whole numbers. */
static bool try_seed(uint64_t seed, const char *isa, bool quantize) {
  Trial t = {.arena = arena_new(), .diag = {.stream = stderr}, .seed = seed};
  t.target = target_choose(&(TargetRequest){.isa = isa}, t.arena, &t.diag);
  cr_assert_not_null(t.target);
  t.before = make_graph(t.arena, seed);
  make_inputs(&t);
  PassContext context = {.arena = t.arena, .diag = &t.diag, .target = t.target};
  if (t.target->has_half && seed % 4 == 0) context.weights_dtype = DTYPE_F16;
  context.quantize = quantize;
  run_passes(&t, &context);
  expect_same_meaning(&t, &context);
  const Plan *plan;
  cr_assert_eq(plan_build(&context, t.after, &plan), STATUS_OK);
  if ((t.target->isa_bits & ~atm_cpu_isa()) == 0) expect_same_code(&t, plan);
  arena_free(t.arena);
  return t.quantized;
}

Test(differential, random_graphs_keep_their_meaning) {
  static const char *const isas[] = {"v4", "v3", "v2"};
  const char *only = getenv("ATMC_SEED"); /* to try one seed again */
  for (uint64_t seed = 1; seed <= GRAPHS && !only; ++seed) try_seed(seed, isas[seed % 3], false);
  for (uint32_t i = 0; i < 3 && only; ++i) try_seed(strtoull(only, NULL, 10), isas[i], false);
}

/* Few have products that are large enough. */
Test(differential, random_graphs_in_8_bits) {
  static const char *const isas[] = {"v4", "v3", "v2", "v4-vnni", "v3-vnni"};
  uint32_t quantized = 0;
  for (uint64_t seed = GRAPHS + 1; seed <= 2 * GRAPHS; ++seed) {
    quantized += try_seed(seed, isas[seed % 5], true);
  }
  cr_assert(quantized >= 12, "%u graphs had products of whole numbers", quantized);
}
