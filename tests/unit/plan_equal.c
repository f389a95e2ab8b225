/* Two kernels are the same code unless they differ in something that code depends on: each such
 * thing alone makes them two. */
#include <criterion/criterion.h>

#include "target_v4.h"
#include "tiny_plan.h"

/* A kernel with arrays of its own, to be changed. */
typedef struct Copy {
  PlanKernel kernel;
  Graph body;
  Node *nodes;
  Value *values;
  Output *outputs;
  Port *operands, *results;
  ValuePlace *places;
  Stage *stages;
} Copy;

static Arena *arena;
static PlanKernel mix;
static const Graph *other_body; /* of the other kernel */

static void begin(void) {
  arena = arena_new();
  const Plan *plan = tiny_plan(arena, recipe_table_new(arena), &target, 1, 4, 6);
  mix = plan->kernels[0];
  other_body = plan->kernels[1].body;
}
static void end(void) {
  arena_free(arena);
}
TestSuite(plan_equal, .init = begin, .fini = end);

#define COPY_OF(array, count) arena_copy(arena, array, (count) * sizeof *(array))

static void copy(Copy *c) {
  const Graph *body = mix.body;
  c->kernel = mix;
  c->body = *body;
  c->body.nodes = c->nodes = COPY_OF(body->nodes, body->node_count);
  c->body.values = c->values = COPY_OF(body->values, body->value_count);
  c->body.outputs = c->outputs = COPY_OF(body->outputs, body->output_count);
  c->kernel.body = &c->body;
  c->kernel.operands = c->operands = COPY_OF(mix.operands, mix.operand_count);
  c->kernel.results = c->results = COPY_OF(mix.results, mix.result_count);
  c->kernel.places = c->places = COPY_OF(mix.places, body->value_count);
  c->kernel.stages = c->stages = COPY_OF(mix.stages, mix.stage_count);
}

#define EXPECT(is, change)                                         \
  do {                                                             \
    Copy c;                                                        \
    copy(&c);                                                      \
    change;                                                        \
    cr_expect_eq(plan_kernel_equal(&mix, &c.kernel), is, #change); \
    cr_expect_eq(plan_kernel_equal(&c.kernel, &mix), is, #change); \
  } while (0)
#define SAME(change) EXPECT(true, change)
#define OTHER(change) EXPECT(false, change)

Test(plan_equal, names_and_labels_are_no_code) {
  SAME((void)0);
  SAME(c.kernel.name = "other");
  SAME(c.body.name = "other");
  SAME(c.nodes[0].attrs.INPUT.name = "other");
  SAME(c.nodes[3].label = "other");
  SAME(c.outputs[0].name = "other");
}

Test(plan_equal, the_domain_is) {
  OTHER(++c.kernel.images);
  OTHER(++c.kernel.rows);
  OTHER(++c.kernel.blocks);
  OTHER(++c.kernel.column_blocks);
  OTHER(++c.kernel.line);
  OTHER(++c.kernel.scratch_bytes);
  OTHER(++c.kernel.prefetch_bytes);
  OTHER(++c.kernel.prefetch_step);
  OTHER(--c.kernel.operand_count);
  OTHER(--c.kernel.result_count);
  OTHER(--c.kernel.stage_count);
}

Test(plan_equal, each_port_is) {
  OTHER(c.operands[0].kind = PORT_ROWS);
  OTHER(c.operands[2].nchw = true);
  OTHER(c.operands[1].reach = REACH_FAR);
  OTHER(c.operands[0].type.dims[2] += 1);
  OTHER(c.results[0].reach = REACH_PAST);
  OTHER(c.results[0].pitch += 16);
  OTHER(c.results[0].type.dtype = DTYPE_U8);
}

Test(plan_equal, the_body_is) {
  OTHER(c.kernel.body = other_body);
  OTHER(--c.body.node_count);
  OTHER(--c.body.value_count);
  OTHER(--c.body.output_count);
  OTHER(c.nodes[4].op = OP_SILU);
  OTHER(--c.nodes[3].operand_count);
  OTHER(c.nodes[4].operands = c.nodes[3].operands);
  OTHER(c.nodes[0].recipe = (const Recipe *)&c);
  OTHER(c.nodes[0].body = other_body);
  OTHER(c.nodes[0].attrs.INPUT.nchw = 1);
  OTHER(c.nodes[0].attrs.INPUT.declared.dims[1] += 1);
  OTHER(c.nodes[3].attrs.PACKED_LINEAR.panel += 1);
  OTHER(c.values[3].type.dims[3] += 1);
  OTHER(c.outputs[0].value.index -= 1);
}

Test(plan_equal, each_place_is) {
  OTHER(c.places[3].kind = PLACE_SCRATCH);
  OTHER(c.places[2].index += 1);
  OTHER(c.places[4].offset += 64);
  OTHER(c.places[4].pitch += 16);
  OTHER(c.places[0].column += 16);
}

Test(plan_equal, each_stage_is) {
  OTHER(c.stages[0].kind = STAGE_POINTWISE);
  OTHER(--c.stages[0].node_count);
  OTHER(c.stages[0].nodes = c.kernel.stages[0].nodes + 1);
  OTHER(c.stages[0].parts += 1);
  OTHER(c.stages[0].room += 64);
  OTHER(c.stages[0].product.tile_rows += 1);
  OTHER(c.stages[0].product.tile_columns += 16);
  OTHER(c.stages[0].product.full ^= 1);
  OTHER(c.stages[0].product.depth_block += 1);
  OTHER(c.stages[0].product.unroll += 1);
  OTHER(c.stages[0].product.sums ^= 1);
  OTHER(c.stages[0].product.widened ^= 1);
  OTHER(c.stages[0].product.paired ^= 1);
}
