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
#include "ir/plan_room.h"
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

/* A kernel of one stage whose nodes are all of `body` but its inputs, which are the operands. What
 * has no place in `places` is in registers. */
static inline PlanKernel tiny_kernel(Arena *arena, const Graph *body, StageKind kind,
                                     const ValuePlace *places, const Port *operands) {
  Type type = graph_type(body, body->outputs[0].value);
  NodeId *nodes = ARENA_ARRAY(arena, body->node_count, NodeId);
  uint32_t inputs = graph_inputs(body, NULL, 0);
  for (uint32_t i = inputs; i < body->node_count; ++i) nodes[i - inputs] = (NodeId){i};
  Stage stage = {.kind = kind, .node_count = body->node_count - inputs, .nodes = nodes};
  return (PlanKernel){.name = body->name,
                      .body = body,
                      .images = (uint32_t)type.dims[0],
                      .rows = (uint32_t)(type.dims[1] * type.dims[2]),
                      .blocks = 1,
                      .line = 1,
                      .column_blocks = 1,
                      .operand_count = inputs,
                      .result_count = 1,
                      .operands = arena_copy(arena, operands, inputs * sizeof *operands),
                      .places = places,
                      .stage_count = 1,
                      .stages = arena_copy(arena, &stage, sizeof stage)};
}

static inline PlanKernel tiny_mix(Arena *arena, RecipeTable *recipes, const TargetInfo *target,
                                  Type in, Type weight) {
  Graph *body = graph_new(arena, recipes, "mix");
  Builder b = {.graph = body};
  ValueId x = build_input(b, "a0", in, false);
  ValueId w = build_input(b, "a1", weight, false);
  ValueId bias = build_input(b, "a2", type_vector(TINY_OUT), false);
  ValueId result = build_gelu(b, build_packed_linear(b, x, w, bias, PLAN_PANEL, TINY_OUT));
  graph_add_output(body, "r0", result, false);
  ValuePlace *places = ARENA_ARRAY(arena, body->value_count, ValuePlace);
  places[x.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 0, .pitch = TINY_IN};
  places[w.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 1};
  places[bias.index] = (ValuePlace){.kind = PLACE_OPERAND, .index = 2};
  places[result.index] = (ValuePlace){.kind = PLACE_RESULT, .index = 0, .pitch = TINY_PITCH};
  Port operands[] = {{.kind = PORT_CALLER, .type = in},
                     {.kind = PORT_WEIGHTS, .type = weight},
                     {.kind = PORT_WEIGHTS, .type = type_vector(TINY_OUT)}};
  Port port = {.kind = PORT_ROWS, .pitch = TINY_PITCH, .type = graph_type(body, result)};
  PlanKernel kernel = tiny_kernel(arena, body, STAGE_PRODUCT, places, operands);
  kernel.results = arena_copy(arena, &port, sizeof port);
  kernel.blocks = 2;
  choose_tiles(&kernel, target);
  kernel.scratch_bytes = plan_room_bytes(&kernel, kernel.stages, target);
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
  Port operands[] = {{.kind = PORT_ROWS, .pitch = TINY_PITCH, .type = type},
                     {.kind = PORT_WEIGHTS, .type = type_vector(TINY_OUT)}};
  Port port = {.kind = PORT_CALLER, .type = type};
  PlanKernel kernel = tiny_kernel(arena, body, STAGE_POINTWISE, places, operands);
  kernel.results = arena_copy(arena, &port, sizeof port);
  return kernel;
}

static inline const Recipe *const *tiny_weights(Arena *arena, RecipeTable *recipes) {
  const Recipe *weight = recipe_tensor(recipes, "weight", type_matrix(TINY_OUT, TINY_IN));
  const Recipe *list[] = {recipe_pack(recipes, weight, PLAN_PANEL),
                          recipe_tensor(recipes, "bias", type_vector(TINY_OUT)),
                          recipe_tensor(recipes, "gain", type_vector(TINY_OUT))};
  return arena_copy(arena, list, sizeof list);
}

/* `scratch`: that of the first, behind its result. */
static inline const Step *tiny_steps(Arena *arena, uint64_t scratch) {
  static const BufferRef mix_in[] = {
      {.space = SPACE_INPUT}, {.space = SPACE_WEIGHTS}, {.space = SPACE_WEIGHTS, .index = 1}};
  static const BufferRef kept[] = {{.space = SPACE_ARENA}};
  static const BufferRef shift_in[] = {{.space = SPACE_ARENA},
                                       {.space = SPACE_WEIGHTS, .index = 2}};
  static const BufferRef out[] = {{.space = SPACE_OUTPUT}};
  Step steps[] = {{.kernel = 0,
                   .operands = mix_in,
                   .results = kept,
                   .scratch = scratch,
                   .label = "",
                   .macs = 100},
                  {.kernel = 1, .operands = shift_in, .results = out, .label = "", .macs = 11}};
  return arena_copy(arena, steps, sizeof steps);
}

/* Plans that share a RecipeTable share their weights. */
static inline Plan *tiny_plan(Arena *arena, RecipeTable *recipes, const TargetInfo *target,
                              int64_t n, int64_t h, int64_t w) {
  Type in = type_map(n, h, w, TINY_IN), out = type_map(n, h, w, TINY_OUT);
  const Recipe *const *weights = tiny_weights(arena, recipes);
  PlanKernel kernels[] = {tiny_mix(arena, recipes, target, in, weights[0]->type),
                          tiny_shift(arena, recipes, out)};
  PlanTensor inputs[] = {{.name = "image", .type = in}};
  PlanTensor outputs[] = {{.name = "features", .type = out}};
  uint64_t arena_bytes = (uint64_t)(n * h * w) * TINY_PITCH * sizeof(float) + 128;
  uint64_t scratch = round_up_size(arena_bytes, PLAN_ALIGN);
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
                 .steps = tiny_steps(arena, scratch),
                 .weights = weights,
                 .workspace_base = scratch + kernels[0].scratch_bytes,
                 .scratch_bytes = kernels[0].scratch_bytes};
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
