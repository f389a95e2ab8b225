/* Plans of real models, checked by running them on paper: every operand of a step must still be in
 * the bytes where the step before left it, and every value that a stage reads must be where a stage
 * wrote it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "frontend/frontend.h"
#include "ir/builder.h"
#include "ir/plan_room.h"
#include "passes/pass.h"
#include "target_v4.h"

typedef struct Built {
  Arena *arena;
  const Graph *graph; /* of kernels */
  const Plan *plan;
} Built;

static Built build_rounds(const char *model, uint32_t rounds, int64_t images, int64_t h, int64_t w,
                          const char *disabled) {
  Built built = {.arena = arena_new()};
  Diag diag = {.stream = stderr};
  Model *read;
  const char *path =
      arena_printf(built.arena, "%s/examples/models/%s.json", ATMC_SOURCE_DIR, model);
  cr_assert_eq(frontend_read_model(built.arena, recipe_table_new(built.arena), &diag, path, &read),
               STATUS_OK);
  Type type = type_map(images, h, w, 3);
  PassContext context = {.arena = built.arena,
                         .diag = &diag,
                         .target = &target,
                         .input_types = &type,
                         .input_count = 1};
  PassOptions options = {.disabled = &disabled,
                         .disabled_count = disabled ? 1 : 0,
                         .verify_each = true,
                         .stream = stderr};
  Graph *graph = graph_new_like(read->graph, built.arena);
  *graph = *read->graph;
  graph->rounds = rounds;
  built.graph = graph;
  for (int part = PIPELINE_ONCE; part <= PIPELINE_PER_RESOLUTION; ++part) {
    bool stopped;
    PassList passes = pipeline_passes((PipelinePart)part);
    cr_assert_eq(manager_run(&context, &options, passes, built.graph, &built.graph, &stopped),
                 STATUS_OK);
  }
  cr_assert_eq(plan_build(&context, built.graph, &built.plan), STATUS_OK);
  return built;
}

static Built build(const char *model, int64_t images, int64_t h, int64_t w, const char *disabled) {
  return build_rounds(model, 1, images, h, w, disabled);
}

/* The arena as a list of values: what each step wrote last, and where. */
typedef struct Written {
  uint32_t value; /* of the graph of kernels */
  uint64_t begin, end;
  bool lost; /* overwritten, in part at least */
} Written;

static uint64_t bytes_of(const Port *port) {
  int64_t rows = port->type.dims[0];
  if (port->type.rank == 4) rows *= port->type.dims[1] * port->type.dims[2];
  return 4 * (uint64_t)rows * port->pitch;
}

static void check_read(const Written *written, uint32_t count, uint32_t value,
                       const BufferRef *ref) {
  for (uint32_t i = count; i-- > 0;) {
    if (written[i].value != value) continue;
    cr_assert_eq(written[i].begin, ref->offset);
    cr_assert_not(written[i].lost, "value %u was overwritten", value);
    return;
  }
  cr_assert_fail("value %u was never written", value);
}

static uint32_t check_write(Written *written, uint32_t count, uint32_t value, const BufferRef *ref,
                            const Port *port, const Plan *plan) {
  Written w = {value, ref->offset, ref->offset + bytes_of(port), false};
  cr_assert_eq(w.begin % PLAN_ALIGN, 0);
  cr_assert_leq(w.end + 128, plan->workspace_base);
  for (uint32_t i = 0; i < count; ++i) {
    if (written[i].begin < w.end && w.begin < written[i].end) written[i].lost = true;
  }
  written[count] = w;
  return count + 1;
}

/* The step's scratch is in use from its first read to its last write. */
static void check_step_scratch(Written *written, uint32_t count, const Step *step,
                               const PlanKernel *kernel, const Plan *plan) {
  uint64_t begin = step->scratch, end = begin + kernel->scratch_bytes;
  cr_assert_eq(begin % PLAN_ALIGN, 0);
  cr_assert_leq(end, plan->workspace_base);
  for (uint32_t i = 0; i < count; ++i) {
    if (written[i].begin < end && begin < written[i].end) written[i].lost = true;
  }
  for (uint32_t r = 0; r < kernel->result_count; ++r) {
    const BufferRef *ref = &step->results[r];
    if (ref->space != SPACE_ARENA) continue;
    cr_assert(ref->offset >= end || ref->offset + bytes_of(&kernel->results[r]) <= begin);
  }
}

/* Reads of a step come before its writes; what is written over an operand in place must be
 * row-wise, which check_in_place tests. */
static void check_arena(const Built *built) {
  const Plan *plan = built->plan;
  Written *written = ARENA_ARRAY(built->arena, built->graph->value_count, Written);
  uint32_t count = 0, step = 0;
  for (uint32_t i = 0; i < built->graph->node_count; ++i) {
    const Node *node = &built->graph->nodes[i];
    if (node->op != OP_KERNEL) continue;
    const Step *s = &plan->steps[step++];
    const PlanKernel *kernel = &plan->kernels[s->kernel];
    check_step_scratch(written, count, s, kernel, plan);
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      if (s->operands[k].space == SPACE_ARENA) {
        check_read(written, count, node->operands[k].index, &s->operands[k]);
      }
    }
    uint32_t before = count;
    for (uint32_t r = 0; r < node->result_count; ++r) {
      if (s->results[r].space == SPACE_ARENA) {
        count = check_write(written, count, node_result(node, r).index, &s->results[r],
                            &kernel->results[r], plan);
      }
    }
    for (uint32_t w = before; w < count; ++w) cr_assert_not(written[w].lost, "results overlap");
  }
  cr_assert_eq(step, plan->step_count);
}

static const char *stage_text(const PlanKernel *kernel, const Stage *stage) {
  return op_info(graph_node(kernel->body, stage->nodes[0])->op)->text;
}

/* What a stage reads was written by an earlier stage, or is an operand, or is in registers of its
 * own. */
static void check_stages(const PlanKernel *kernel) {
  const Graph *body = kernel->body;
  uint32_t written_by[512];
  cr_assert_leq(body->value_count, 512);
  for (uint32_t v = 0; v < body->value_count; ++v) written_by[v] = UINT32_MAX;
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    const Stage *stage = &kernel->stages[s];
    for (uint32_t n = 0; n < stage->node_count; ++n) {
      const Node *node = graph_node(body, stage->nodes[n]);
      for (uint32_t k = 0; k < node->operand_count; ++k) {
        ValueId v = node->operands[k];
        const ValuePlace *place = &kernel->places[v.index];
        while (graph_def(body, v)->op == OP_SLICE) v = graph_def(body, v)->operands[0];
        if (graph_def(body, v)->op == OP_INPUT) {
          cr_assert_eq(place->kind, PLACE_OPERAND);
          continue;
        }
        cr_assert_neq(written_by[v.index], UINT32_MAX, "%s in %s reads too early",
                      op_info(node->op)->text, stage_text(kernel, stage));
        bool here = written_by[v.index] == s;
        cr_assert(!here || (n > 0 && op_has(node->op, OP_POINTWISE)));
        cr_assert(here || place->kind != PLACE_REGISTER);
        if (n == 0 || !here) cr_assert_neq(place->kind, PLACE_REGISTER);
      }
      written_by[node->first_result.index] = s;
    }
  }
}

/* Cut by columns: what a block makes is read at its own columns alone. */
static void check_columns(const PlanKernel *kernel) {
  const Graph *body = kernel->body;
  for (uint32_t i = 0; kernel->column_blocks > 1 && i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (node->op == OP_INPUT || node->op == OP_SLICE) continue;
    cr_assert(node->op == OP_PACKED_LINEAR || op_has(node->op, OP_POINTWISE));
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      const Node *producer = graph_def(body, node->operands[k]);
      bool slice = producer->op == OP_SLICE;
      if (slice) producer = graph_def(body, producer->operands[0]);
      cr_assert(producer->op == OP_INPUT || (node->op != OP_PACKED_LINEAR && !slice));
    }
  }
}

typedef struct Slot {
  uint32_t value;
  uint64_t begin, end;
  bool lost;
} Slot;

/* A value of scratch is read before another is written over it, and no room of a stage is where a
 * value is that the stage reads or writes. */
static void check_scratch(const PlanKernel *kernel, const TargetInfo *target) {
  const Graph *body = kernel->body;
  uint64_t rows = 0;
  for (uint32_t b = 0; b < kernel->blocks; ++b) {
    uint64_t here = plan_block_begin(kernel, b + 1) - plan_block_begin(kernel, b);
    cr_assert_gt(here, 0);
    if (here > rows) rows = here;
  }
  Slot slots[512];
  uint32_t count = 0;
  for (uint32_t s = 0; s < kernel->stage_count; ++s) {
    uint64_t room = kernel->stages[s].room;
    uint64_t room_end = room + plan_room_bytes(kernel, &kernel->stages[s], target);
    cr_assert_leq(room_end, kernel->scratch_bytes);
    for (uint32_t i = 0; i < count; ++i) {
      if (slots[i].begin < room_end && room < slots[i].end) slots[i].lost = true;
    }
    for (uint32_t n = 0; n < kernel->stages[s].node_count; ++n) {
      const Node *node = graph_node(body, kernel->stages[s].nodes[n]);
      for (uint32_t k = 0; k < node->operand_count; ++k) {
        ValueId v = node->operands[k];
        while (graph_def(body, v)->op == OP_SLICE) v = graph_def(body, v)->operands[0];
        for (uint32_t i = 0; i < count; ++i) {
          cr_assert(slots[i].value != v.index || !slots[i].lost, "scratch was overwritten");
        }
      }
      const ValuePlace *place = &kernel->places[node->first_result.index];
      if (place->kind != PLACE_SCRATCH) continue;
      Slot slot = {node->first_result.index, place->offset, place->offset + 4 * rows * place->pitch,
                   false};
      cr_assert_eq(place->offset % PLAN_ALIGN, 0);
      cr_assert_leq(slot.end + 128, kernel->scratch_bytes);
      cr_assert(slot.end <= room || room_end <= slot.begin, "a value in its stage's room");
      cr_assert_geq(place->pitch, type_channels(graph_type(body, node->first_result)));
      for (uint32_t i = 0; i < count; ++i) {
        if (slots[i].begin < slot.end && slot.begin < slots[i].end) slots[i].lost = true;
      }
      slots[count++] = slot;
    }
  }
}

/* Results that take an operand's memory: their first store comes after the last read of it. */
static void check_in_place(const Plan *plan, const Step *step) {
  const PlanKernel *kernel = &plan->kernels[step->kernel];
  const Graph *body = kernel->body;
  for (uint32_t r = 0; r < kernel->result_count; ++r) {
    for (uint32_t o = 0; o < kernel->operand_count; ++o) {
      if (step->results[r].space != SPACE_ARENA || step->operands[o].space != SPACE_ARENA) continue;
      uint64_t r0 = step->results[r].offset, r1 = r0 + bytes_of(&kernel->results[r]);
      uint64_t o0 = step->operands[o].offset, o1 = o0 + bytes_of(&kernel->operands[o]);
      if (r0 >= o1 || o0 >= r1) continue;
      cr_assert_eq(r0, o0);
      cr_assert_eq(r1, o1);
      uint32_t write = UINT32_MAX;
      for (uint32_t s = 0; s < kernel->stage_count; ++s) {
        for (uint32_t n = 0; n < kernel->stages[s].node_count; ++n) {
          const Node *node = graph_node(body, kernel->stages[s].nodes[n]);
          for (uint32_t k = 0; k < node->operand_count; ++k) {
            const ValuePlace *place = &kernel->places[node->operands[k].index];
            if (place->kind != PLACE_OPERAND || place->index != o) continue;
            cr_assert(k > 0 || !op_has(node->op, OP_NONLOCAL));
            cr_assert(kernel->column_blocks == 1 || node->op != OP_PACKED_LINEAR);
            cr_assert_eq(write, UINT32_MAX, "an operand is read when it was overwritten");
          }
          if (value_equal(node->first_result, body->outputs[r].value)) write = s;
        }
      }
      cr_assert_neq(write, UINT32_MAX);
    }
  }
}

static void check(const char *model, int64_t images, int64_t h, int64_t w, const char *disabled) {
  Built built = build(model, images, h, w, disabled);
  check_arena(&built);
  for (uint32_t i = 0; i < built.plan->kernel_count; ++i) {
    check_stages(&built.plan->kernels[i]);
    check_columns(&built.plan->kernels[i]);
    check_scratch(&built.plan->kernels[i], built.plan->target);
  }
  for (uint32_t i = 0; i < built.plan->step_count; ++i) {
    check_in_place(built.plan, &built.plan->steps[i]);
  }
  arena_free(built.arena);
}

Test(plan_build, keeps_values_until_they_are_read) {
  check("atmnet_xt", 1, 224, 224, NULL);
  check("atmnet_xt", 2, 32, 32, NULL);
  check("atmnet_xt", 1, 800, 1280, NULL);
  check("atmnet_xt_pyramid", 1, 225, 223, NULL);
  check("atmnet_l", 1, 384, 384, NULL);
  check("glyphs", 3, 96, 160, NULL);
}

Test(plan_build, copes_with_any_optional_pass_off) {
  uint32_t count;
  const Pass *passes = pass_all(&count);
  for (uint32_t i = 0; i < count; ++i) {
    if (!passes[i].required) check("atmnet_xt", 1, 64, 96, passes[i].name);
  }
}

Test(plan_build, fits_the_bounds_on_memory) {
  Built built = build("atmnet_xt", 1, 224, 224, NULL);
  const Plan *plan = built.plan;
  cr_expect_leq(plan->workspace_base, plan->live_peak * 5 / 4);
  cr_expect_leq(plan->workspace_base, 4500000u);
  arena_free(built.arena);
}

/* How many values of the plan have PLACE_STRIP. Their kernels' blocks begin with lines. */
static uint32_t count_strips(const Built *built) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < built->plan->kernel_count; ++i) {
    const PlanKernel *kernel = &built->plan->kernels[i];
    for (uint32_t v = 0; v < kernel->body->value_count; ++v) {
      if (kernel->places[v].kind != PLACE_STRIP) continue;
      ++count;
      uint32_t line = (uint32_t)graph_type(kernel->body, (ValueId){v}).dims[2];
      for (uint32_t b = 0; b <= kernel->blocks; ++b) {
        cr_expect_eq(plan_block_begin(kernel, b) % line, 0);
      }
    }
  }
  return count;
}

/* CycleMLP sums chunks behind its convolutions: those of its stem are whole lines, those of 28x28
 * and 14x14 tokens are not. The convolutions to 7x7 tokens are cut by columns. */
Test(plan_build, reads_windows_where_blocks_are_whole_lines) {
  Built mlp = build("atmnet_xt", 1, 224, 224, NULL),
        cycle = build("cyclemlp_b1", 1, 224, 224, NULL);
  Built off = build("atmnet_xt", 1, 224, 224, "read-windows");
  cr_expect_eq(count_strips(&mlp), 3);
  cr_expect_eq(count_strips(&cycle), 1);
  cr_expect_eq(count_strips(&off), 0);
  arena_free(mlp.arena);
  arena_free(cycle.arena);
  arena_free(off.arena);
}

Test(plan_build, shares_kernels_between_layers) {
  Built shallow = build("atmnet_t", 1, 224, 224, NULL), deep = build("atmnet_s", 1, 224, 224, NULL);
  cr_expect_gt(deep.plan->step_count, shallow.plan->step_count);
  cr_expect_eq(deep.plan->kernel_count, shallow.plan->kernel_count);
  for (uint32_t i = 0; i < deep.plan->kernel_count; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      cr_expect_str_neq(deep.plan->kernels[i].name, deep.plan->kernels[j].name);
    }
  }
  arena_free(shallow.arena);
  arena_free(deep.arena);
}

/* Results must not depend on the batch: blocks and chunks are those of one image. */
Test(plan_build, does_not_depend_on_the_batch) {
  Built one = build("atmnet_xt", 1, 224, 224, NULL),
        four = build("atmnet_xt", 4, 224, 224, "cut-rounds");
  cr_assert_eq(one.plan->step_count, four.plan->step_count);
  for (uint32_t i = 0; i < one.plan->step_count; ++i) {
    const PlanKernel *a = &one.plan->kernels[one.plan->steps[i].kernel];
    const PlanKernel *b = &four.plan->kernels[four.plan->steps[i].kernel];
    cr_expect_eq(a->blocks, b->blocks);
    cr_expect_eq(a->column_blocks, b->column_blocks);
    cr_expect_eq(a->rows, b->rows);
    cr_expect_eq(4 * one.plan->steps[i].macs, four.plan->steps[i].macs);
  }
  arena_free(one.arena);
  arena_free(four.arena);
}

/* Rounds repeat the steps: all but the caller's tensors are those of one round. */
Test(plan_build, has_the_memory_of_one_round) {
  Built one = build("glyphs", 2, 48, 48, NULL);
  Built rounds = build_rounds("glyphs", 3, 2, 48, 48, NULL);
  cr_expect_eq(rounds.plan->rounds, 3);
  cr_expect_eq(rounds.plan->inputs[0].type.dims[0], 6);
  cr_expect_eq(rounds.plan->outputs[0].type.dims[0], 6);
  cr_expect_eq(rounds.plan->workspace_base, one.plan->workspace_base);
  cr_expect_eq(rounds.plan->step_count, one.plan->step_count);
  for (uint32_t i = 0; i < one.plan->kernel_count; ++i) {
    cr_expect_eq(rounds.plan->kernels[i].images, 2);
  }
  StringBuilder text = {.arena = rounds.arena};
  plan_print(rounds.plan, &text);
  cr_expect_not_null(strstr(string_builder_text(&text), "\n  rounds 3, "));
  arena_free(one.arena);
  arena_free(rounds.arena);
}

/* As published, when no pass trades products for others. */
Test(plan_build, counts_nominal_multiply_adds) {
  Built built = build("atmnet_xt", 1, 224, 224, "fold-projections");
  uint64_t macs = 0;
  for (uint32_t i = 0; i < built.plan->step_count; ++i) macs += built.plan->steps[i].macs;
  cr_expect_eq(macs / 10000000, 217);
  arena_free(built.arena);
}

Test(plan_build, prints_all_of_the_plan) {
  Built built = build("glyphs", 1, 32, 32, NULL);
  StringBuilder text = {.arena = built.arena};
  plan_print(built.plan, &text);
  const char *printed = string_builder_text(&text);
  for (uint32_t i = 0; i < built.plan->kernel_count; ++i) {
    cr_expect_not_null(
        strstr(printed, arena_printf(built.arena, "\nkernel %s\n", built.plan->kernels[i].name)));
  }
  uint32_t steps = 0;
  for (const char *at = printed; (at = strstr(at, "\nstep ")) != NULL; ++at) ++steps;
  cr_expect_eq(steps, built.plan->step_count);
  arena_free(built.arena);
}

/* Marks the weights that `step` asks for, in whole. */
static void mark_prefetched(const Plan *plan, const Step *step, bool *asked) {
  uint64_t bytes = plan->kernels[step->kernel].prefetch_bytes;
  for (uint32_t i = step->prefetch; bytes > 0 && i < plan->weight_count; ++i) {
    int64_t count;
    cr_assert(type_count(plan->weights[i]->type, &count));
    if (4 * (uint64_t)count > bytes) return;
    bytes -= 4 * (uint64_t)count;
    asked[i] = true;
  }
}

/* What a product on one row reads was on its way before. */
Test(plan_build, asks_early_for_weights_of_single_rows) {
  Built built = build("atmnet_xt", 1, 224, 224, NULL);
  const Plan *plan = built.plan;
  bool *asked = ARENA_ARRAY(built.arena, plan->weight_count, bool);
  uint32_t used = 0, waiting = 0;
  for (uint32_t s = 0; s < plan->step_count; ++s) {
    const Step *step = &plan->steps[s];
    const PlanKernel *kernel = &plan->kernels[step->kernel];
    for (uint32_t k = 0; k < kernel->operand_count; ++k) {
      const BufferRef *ref = &step->operands[k];
      if (ref->space != SPACE_WEIGHTS || ref->index < used) continue;
      used = ref->index + 1;
      if (kernel->rows > 1 || step->macs == 0) continue;
      cr_expect(asked[ref->index], "step %u, weight %u", s, ref->index);
      ++waiting;
    }
    if (!kernel->prefetch_bytes) continue;
    cr_expect_eq(step->prefetch, used == plan->weight_count ? 0 : used);
    mark_prefetched(plan, step, asked);
  }
  cr_expect_gt(waiting, 40);
  arena_free(built.arena);
}

/* Of what quantize_rows makes only the scales, and only where products alone read them. */
Test(plan_build, knows_scales_of_quantized_rows) {
  Arena *arena = arena_new();
  RecipeTable *recipes = recipe_table_new(arena);
  Builder b = {.graph = graph_new(arena, recipes, "body")};
  ValueId x = build_input(b, "a0", type_map(1, 4, 4, 32), false);
  const Node *rows = graph_def(b.graph, build_quantize_rows(b, x, DTYPE_S8));
  ValueId q = node_result(rows, 0), s = node_result(rows, 1);
  ValueId given = build_input(b, "a1", type_map(1, 4, 4, 1), false);
  cr_expect(!plan_is_scales(b.graph, given), "nothing reads it");
  Type packed = {.dtype = DTYPE_S8, .rank = 4, .dims = {1, 8, 32, 4}};
  Type sums = {.dtype = DTYPE_S32, .rank = 1, .dims = {32}};
  ValueId w = build_constant(b, recipe_tensor(recipes, "w", packed));
  ValueId v = build_constant(b, recipe_tensor(recipes, "v", type_vector(32)));
  ValueId first = build_constant(b, recipe_tensor(recipes, "first", sums));
  build_quantized_linear(b, (ValueId[]){q, w, v, s, v, first}, PLAN_PANEL, 32);
  build_quantized_linear(b, (ValueId[]){q, w, v, given, v, first}, PLAN_PANEL, 32);
  cr_expect(!plan_is_scales(b.graph, q));
  cr_expect(plan_is_scales(b.graph, s));
  cr_expect(plan_is_scales(b.graph, given));
  build_gelu(b, s);
  cr_expect(!plan_is_scales(b.graph, s), "whole vectors of it are read");
  arena_free(arena);
}
