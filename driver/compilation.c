/* A compilation: what each step of the route (compile.c) does. */
#include "driver/compilation.h"

#include <stdio.h>

#include "driver/clock.h"
#include "ir/macs.h"
#include "passes/cost_model.h"

enum { PROGRESS_STEPS = 3 };

static Status begin(Compilation *c, const Options *options, Arena *arena, Diag *diag) {
  *c = (Compilation){
      .options = options,
      .arena = arena,
      .diag = diag,
      .recipes = recipe_table_new(arena),
      .pass_options = {.disabled = options->disable_pass.items,
                       .disabled_count = options->disable_pass.count,
                       .print_after = options->print_after.items,
                       .print_after_count = options->print_after.count,
                       .stop_after = options->stop_after,
                       .verify_each = options->verify_each,
                       .time_passes = options->time_passes,
                       .stream = stderr},
      .progress = progress_begin(PROGRESS_STEPS),
  };
  RETURN_IF_ERROR(manager_check_options(&c->pass_options, diag));
  c->target = target_choose(options->isa, options->cpu, options->target, arena, diag);
  return c->target ? STATUS_OK : STATUS_USAGE;
}

Status compilation_with(const Options *options, Arena *arena, Diag *diag, CompilationUse *use) {
  Compilation c;
  Status status = begin(&c, options, arena, diag);
  if (!status) status = use(&c);
  progress_end(&c.progress);
  weights_close(c.weights);
  return status;
}

Status compilation_read(Compilation *c) {
  const Options *options = c->options;
  double begin = clock_seconds();
  progress_step(&c->progress, "reading");
  RETURN_IF_ERROR(frontend_read_model(c->arena, c->recipes, c->diag, options->argument, &c->model));
  if (options->weights) {
    RETURN_IF_ERROR(weights_open(c->arena, c->diag, options->weights, options->state, &c->weights));
    RETURN_IF_ERROR(weights_bind(c->weights, c->model, options->allow_extra, c->diag));
  }
  c->times.read = clock_seconds() - begin;
  return STATUS_OK;
}

static PassContext pass_context(const Compilation *c, const Resolution *resolution) {
  PassContext context = {.arena = c->arena, .diag = c->diag, .target = c->target};
  if (resolution) {
    context.input_types = resolution->input_types;
    context.input_count = resolution->input_count;
    context.rounds = resolution->rounds;
  }
  return context;
}

/* Runs one half of the pipeline on *graph; prints the result where --stop-after ends it. */
static Status run_passes(Compilation *c, PipelinePart part, const Resolution *resolution,
                         const Graph **graph) {
  uint32_t count;
  const Pass *const *passes = pipeline_passes(part, &count);
  PassContext context = pass_context(c, resolution);
  RETURN_IF_ERROR(
      manager_run(&context, &c->pass_options, passes, count, *graph, graph, &c->stopped));
  if (c->stopped) {
    StringBuilder text = {.arena = c->arena};
    graph_print(*graph, &text);
    fputs(string_builder_text(&text), stdout);
  }
  return STATUS_OK;
}

static uint64_t largest_map_bytes(const Graph *graph) {
  uint64_t largest = 0;
  for (uint32_t v = 0; v < graph->value_count; ++v) {
    if (graph_def(graph, (ValueId){v})->op == OP_CONSTANT) continue; /* a convolution's weights */
    Type type = graph_type(graph, (ValueId){v});
    if (type.rank == 4 && type_bytes(type) > largest) largest = type_bytes(type);
  }
  return largest;
}

/* Cuts the images of a call into rounds. */
static void choose_rounds(Compilation *c, Resolution *r) {
  uint32_t images = (uint32_t)r->shape.n;
  uint32_t together = cost_model_images(images, largest_map_bytes(r->source) / images);
  Type *types = ARENA_ARRAY(c->arena, r->input_count, Type);
  for (uint32_t i = 0; i < r->input_count; ++i) {
    types[i] = r->input_types[i];
    types[i].dims[0] = together;
  }
  r->input_types = types;
  r->rounds = images / together;
}

static Status plan_resolution(Compilation *c, Shape shape) {
  Resolution *r = &c->resolutions[c->resolution_count];
  *r = (Resolution){.shape = shape, .graph = c->graph};
  RETURN_IF_ERROR(
      shapes_input_types(c->graph, shape, c->arena, c->diag, &r->input_types, &r->input_count));
  PassContext context = pass_context(c, r);
  PassRun *specialize = pass_table[PASS_specialize_shapes].run;
  RETURN_IF_ERROR(specialize(&context, c->model->graph, &r->source));
  r->macs = macs_of_graph(r->source);
  choose_rounds(c, r);
  RETURN_IF_ERROR(run_passes(c, PIPELINE_PER_RESOLUTION, r, &r->graph));
  if (c->stopped) return STATUS_OK;
  context = pass_context(c, r);
  RETURN_IF_ERROR(plan_build(&context, r->graph, &r->plan));
  c->plans[c->resolution_count++] = r->plan;
  return STATUS_OK;
}

Status compilation_plan(Compilation *c, const ShapeList *shapes) {
  double begin = clock_seconds();
  progress_step(&c->progress, "optimizing");
  c->graph = c->model->graph;
  RETURN_IF_ERROR(run_passes(c, PIPELINE_ONCE, NULL, &c->graph));
  if (c->stopped) return STATUS_OK;
  for (uint32_t i = 0; i < shapes->count; ++i) {
    RETURN_IF_ERROR(plan_resolution(c, shapes->items[i]));
  }
  if (c->stopped) return STATUS_OK;
  c->blob = weights_blob_layout(c->arena, c->plans, c->resolution_count);
  c->times.passes = clock_seconds() - begin;
  return STATUS_OK;
}

Status compilation_emit(Compilation *c, const EmitOptions *options, EmitKind kind, char **data,
                        size_t *bytes) {
  double begin = clock_seconds();
  WeightSource source = weights_source(c->weights);
  RETURN_IF_ERROR(llvm_emit(c->plans, c->resolution_count, &c->blob, &source, options, kind,
                            c->arena, c->diag, data, bytes));
  c->times.emit += clock_seconds() - begin;
  return STATUS_OK;
}
