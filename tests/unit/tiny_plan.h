/* A plan made by hand, for the tests of objects and entries: two kernels over maps of 20 channels,
 *
 *   mix    r = gelu(linear(image, weight, bias))   [N,H,W,20] -> [N,H,W,40], 2 blocks
 *   shift  features = add(r, gain)                 -> the caller's, 1 block
 */
#ifndef ATMC_TESTS_UNIT_TINY_PLAN_H
#define ATMC_TESTS_UNIT_TINY_PLAN_H

#include <math.h>
#include <string.h>

#include "ir/builder.h"
#include "passes/plan_parts.h"

enum { TINY_IN = 20, TINY_OUT = 40, TINY_PITCH = 48 };

/* Element `i` of a tensor; different for each name. */
static inline double tiny_weight(const char *name, size_t i) {
  return (double)((i * 37 + strlen(name) * 11) % 64) / 64.0 - 0.5;
}

static inline Status tiny_read(void *context, const char *name, double *out, size_t count) {
  (void)context;
  for (size_t i = 0; i < count; ++i) out[i] = tiny_weight(name, i);
  return STATUS_OK;
}

static inline float tiny_input(size_t i) {
  return (float)((i * 29) % 32) / 32.0f - 0.25f;
}

/* Output channel `c` of row `row`. */
static inline double tiny_expected(size_t row, size_t c) {
  double sum = tiny_weight("bias", c);
  for (size_t k = 0; k < TINY_IN; ++k) {
    sum += (double)tiny_input(row * TINY_IN + k) * tiny_weight("weight", c * TINY_IN + k);
  }
  return sum * 0.5 * erfc(-sum * 0.70710678118654752) + tiny_weight("gain", c);
}

typedef struct TinyBody {
  Graph *graph;
  Stage stage;
  ValuePlace *places;
} TinyBody;

static inline const NodeId *tiny_nodes(Arena *arena, const Graph *body, uint32_t first) {
  NodeId *nodes = ARENA_ARRAY(arena, body->node_count, NodeId);
  for (uint32_t i = first; i < body->node_count; ++i) nodes[i - first] = (NodeId){i};
  return nodes;
}

static inline PlanKernel tiny_mix(Arena *arena, RecipeTable *recipes, const TargetInfo *target,
                                  Type in, Type out, Type weight) {
  Graph *body = graph_new(arena, recipes, "mix");
  Builder b = {.graph = body};
  ValueId x = build_input(b, "a0", in, false);
  ValueId w = build_input(b, "a1", weight, false);
  ValueId bias = build_input(b, "a2", type_vector(TINY_OUT), false);
  ValueId sum = build_packed_linear(b, x, w, bias, PLAN_PANEL, TINY_OUT);
  ValueId result = build_gelu(b, sum);
  graph_add_output(body, "r0", result, false);
  ValuePlace *places = ARENA_ARRAY(arena, body->value_count, ValuePlace);
  places[x.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 0, .pitch = TINY_IN};
  places[w.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 1};
  places[bias.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 2};
  places[result.index] = (ValuePlace){.kind = PLACE_RESULT, .index = 0, .pitch = TINY_PITCH};
  Stage *stage = ARENA_NEW(arena, Stage);
  *stage = (Stage){.kind = STAGE_PRODUCT, .node_count = 2, .nodes = tiny_nodes(arena, body, 3)};
  Port operands[] = {{.kind = PORT_CALLER, .type = in},
                     {.kind = PORT_WEIGHTS, .type = weight},
                     {.kind = PORT_WEIGHTS, .type = type_vector(TINY_OUT)}};
  Port results[] = {{.kind = PORT_ROWS, .pitch = TINY_PITCH, .type = out}};
  PlanKernel kernel = {.name = "mix",
                       .body = body,
                       .images = (uint32_t)in.dims[0],
                       .rows = (uint32_t)(in.dims[1] * in.dims[2]),
                       .blocks = 2,
                       .line = 1,
                       .column_blocks = 1,
                       .operand_count = 3,
                       .result_count = 1,
                       .operands = arena_copy(arena, operands, sizeof operands),
                       .results = arena_copy(arena, results, sizeof results),
                       .places = places,
                       .stage_count = 1,
                       .stages = stage};
  choose_tiles(&kernel, target);
  return kernel;
}

static inline PlanKernel tiny_shift(Arena *arena, RecipeTable *recipes, Type type) {
  Graph *body = graph_new(arena, recipes, "shift");
  Builder b = {.graph = body};
  ValueId x = build_input(b, "a0", type, false);
  ValueId gain = build_input(b, "a1", type_vector(TINY_OUT), false);
  ValueId result = build_add(b, x, gain);
  graph_add_output(body, "r0", result, false);
  ValuePlace *places = ARENA_ARRAY(arena, body->value_count, ValuePlace);
  places[x.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 0, .pitch = TINY_PITCH};
  places[gain.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 1};
  places[result.index] = (ValuePlace){.kind = PLACE_RESULT, .index = 0, .pitch = TINY_OUT};
  Stage *stage = ARENA_NEW(arena, Stage);
  *stage = (Stage){.kind = STAGE_POINTWISE, .node_count = 1, .nodes = tiny_nodes(arena, body, 2)};
  Port operands[] = {{.kind = PORT_ROWS, .pitch = TINY_PITCH, .type = type},
                     {.kind = PORT_WEIGHTS, .type = type_vector(TINY_OUT)}};
  Port results[] = {{.kind = PORT_CALLER, .type = type}};
  return (PlanKernel){.name = "shift",
                      .body = body,
                      .images = (uint32_t)type.dims[0],
                      .rows = (uint32_t)(type.dims[1] * type.dims[2]),
                      .blocks = 1,
                      .line = 1,
                      .column_blocks = 1,
                      .operand_count = 2,
                      .result_count = 1,
                      .operands = arena_copy(arena, operands, sizeof operands),
                      .results = arena_copy(arena, results, sizeof results),
                      .places = places,
                      .stage_count = 1,
                      .stages = stage};
}

static inline const Recipe *const *tiny_weights(Arena *arena, RecipeTable *recipes) {
  const Recipe *weight = recipe_tensor(recipes, "weight", type_matrix(TINY_OUT, TINY_IN));
  const Recipe *list[] = {recipe_pack(recipes, weight, PLAN_PANEL),
                          recipe_tensor(recipes, "bias", type_vector(TINY_OUT)),
                          recipe_tensor(recipes, "gain", type_vector(TINY_OUT))};
  return arena_copy(arena, list, sizeof list);
}

static inline const Step *tiny_steps(Arena *arena) {
  static const BufferRef mix_in[] = {
      {.space = SPACE_INPUT}, {.space = SPACE_WEIGHTS}, {.space = SPACE_WEIGHTS, .index = 1}};
  static const BufferRef kept[] = {{.space = SPACE_ARENA}};
  static const BufferRef shift_in[] = {{.space = SPACE_ARENA},
                                       {.space = SPACE_WEIGHTS, .index = 2}};
  static const BufferRef out[] = {{.space = SPACE_OUTPUT}};
  Step steps[] = {{.kernel = 0, .operands = mix_in, .results = kept, .macs = 100},
                  {.kernel = 1, .operands = shift_in, .results = out, .macs = 11}};
  return arena_copy(arena, steps, sizeof steps);
}

/* Plans that share a RecipeTable share their weights. */
static inline Plan *tiny_plan(Arena *arena, RecipeTable *recipes, const TargetInfo *target,
                              int64_t n, int64_t h, int64_t w) {
  Type in = type_map(n, h, w, TINY_IN), out = type_map(n, h, w, TINY_OUT);
  const Recipe *const *weights = tiny_weights(arena, recipes);
  PlanKernel kernels[] = {tiny_mix(arena, recipes, target, in, out, weights[0]->type),
                          tiny_shift(arena, recipes, out)};
  PlanTensor inputs[] = {{.name = "image", .type = in}};
  PlanTensor outputs[] = {{.name = "features", .type = out}};
  uint64_t arena_bytes = (uint64_t)(n * h * w) * TINY_PITCH * sizeof(float) + 128;
  Plan *plan = ARENA_NEW(arena, Plan);
  *plan = (Plan){.model = "tiny",
                 .rounds = 1,
                 .target = target,
                 .input_count = 1,
                 .output_count = 1,
                 .kernel_count = 2,
                 .step_count = 2,
                 .weight_count = 3,
                 .inputs = arena_copy(arena, inputs, sizeof inputs),
                 .outputs = arena_copy(arena, outputs, sizeof outputs),
                 .kernels = arena_copy(arena, kernels, sizeof kernels),
                 .steps = tiny_steps(arena),
                 .weights = weights,
                 .workspace_base = (arena_bytes + 63) / 64 * 64,
                 .scratch_bytes = 64};
  return plan;
}

/* The same for `rounds` times as many images, in rounds. */
static inline Plan *tiny_plan_rounds(Arena *arena, RecipeTable *recipes, const TargetInfo *target,
                                     uint32_t rounds, int64_t h, int64_t w) {
  Plan *plan = tiny_plan(arena, recipes, target, 1, h, w);
  PlanTensor *inputs = arena_copy(arena, plan->inputs, sizeof *inputs);
  PlanTensor *outputs = arena_copy(arena, plan->outputs, sizeof *outputs);
  inputs->type.dims[0] = outputs->type.dims[0] = rounds;
  plan->inputs = inputs;
  plan->outputs = outputs;
  plan->rounds = rounds;
  return plan;
}

#endif
