/* The driver's route up to the plan. */
#include "tests/fuzz/targets/pipeline.h"

#include <string.h>

#include "backends/backend.h"
#include "passes/pass.h"

enum { IMAGES = 2, SIDE = 16 };

static PassContext context_of(Fuzzed *f) {
  const TargetInfo *target = target_choose(&(TargetRequest){.isa = "v3"}, f->arena, &f->diag);
  target_check(target != NULL, "there is a target");
  return (PassContext){.arena = f->arena, .diag = &f->diag, .target = target};
}

static Status run(const PassContext *context, PipelinePart part, const Graph **graph) {
  bool stopped;
  PassOptions options = {.verify_each = true, .stream = context->diag->stream};
  return manager_run(context, &options, pipeline_passes(part), *graph, graph, &stopped);
}

Status pipeline_once(Fuzzed *f, const Graph *graph) {
  PassContext context = context_of(f);
  return run(&context, PIPELINE_ONCE, &graph);
}

/* The inputs' types with what is open bound. */
static void bind(PassContext *context, const Graph *graph) {
  uint32_t count = graph_inputs(graph, NULL, 0);
  NodeId *inputs = ARENA_ARRAY(context->arena, count, NodeId);
  Type *types = ARENA_ARRAY(context->arena, count, Type);
  graph_inputs(graph, inputs, count);
  for (uint32_t i = 0; i < count; ++i) {
    types[i] = graph_node(graph, inputs[i])->attrs.INPUT.declared;
    for (uint32_t d = 0; d < types[i].rank; ++d) {
      if (types[i].dims[d] == DIM_OPEN) types[i].dims[d] = d ? SIDE : IMAGES;
    }
  }
  context->input_types = types;
  context->input_count = count;
}

static const char *print(const Plan *plan, Arena *arena) {
  StringBuilder text = {.arena = arena};
  plan_print(plan, &text);
  return string_builder_text(&text);
}

Status pipeline_try(Fuzzed *f, const Graph *graph) {
  PassContext context = context_of(f);
  RETURN_IF_ERROR(run(&context, PIPELINE_ONCE, &graph));
  bind(&context, graph);
  RETURN_IF_ERROR(run(&context, PIPELINE_PER_RESOLUTION, &graph));
  const Plan *plan = NULL, *again = NULL;
  RETURN_IF_ERROR(plan_build(&context, graph, &plan));
  PlanFault fault;
  target_check(plan_verify(plan, f->arena, &fault), "the plan is sound");
  PlanText text = {"x.plan", print(plan, f->arena), plan->target};
  target_check(!plan_parse(f->arena, graph->recipes, &f->diag, &text, &again), "it reads back");
  target_check(strcmp(text.text, print(again, f->arena)) == 0, "as the same");
  return STATUS_OK;
}
