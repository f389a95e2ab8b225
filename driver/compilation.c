/* A compilation: what each step of the route (compile.c) does. */
#include "driver/compilation.h"

#include <stdio.h>
#include <string.h>

#include "driver/clock.h"
#include "driver/from_plan.h"
#include "driver/keep_float.h"
#include "driver/output.h"
#include "ir/macs.h"
#include "support/panic.h"

/* The steps that a command shows: reading, optimizing, generating code, and its own. */
static const uint32_t progress_steps[COMMAND_COUNT] = {
    [COMMAND_COMPILE] = 3, [COMMAND_RUN] = 4,    [COMMAND_BENCH] = 5,   [COMMAND_INSPECT] = 2,
    [COMMAND_VERIFY] = 4,  [COMMAND_REPORT] = 6, [COMMAND_OFFSETS] = 3, [COMMAND_OPT] = 2,
};

/* A variant for each instruction set of --isa, best first; only `compile` takes several. */
static Status choose_targets(Compilation *c) {
  const Options *o = c->options;
  TargetList targets;
  TargetRequest request = {
      .isa = from_plan_isa(c), .cpu = o->cpu, .triple = o->target, .quantized = c->quantize};
  RETURN_IF_ERROR(target_choose_list(&request, c->arena, c->diag, &targets));
  if (targets.count > 1 && o->command != COMMAND_COMPILE) {
    return diag_usage_error(c->diag, "--isa=%s: atmc %s takes one instruction set", o->isa,
                            options_command(o->command)->name);
  }
  c->variants = ARENA_ARRAY(c->arena, targets.count, Variant);
  c->variant_count = targets.count;
  for (uint32_t v = 0; v < targets.count; ++v) c->variants[v].target = targets.items[v];
  return STATUS_OK;
}

/* What every command needs before it reads anything: options that name passes and targets are
 * checked. */
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
      .progress = progress_begin(arena, progress_steps[options->command], options->quiet),
  };
  const char *dtype = options->weights_dtype;
  CHECK(!dtype || dtype_find(dtype, strlen(dtype), &c->weights_dtype));
  c->quantize = options->quantize && strcmp(options->quantize, "int8") == 0;
  RETURN_IF_ERROR(manager_check_options(&c->pass_options, diag));
  if (options->keep_float.count && !c->quantize) {
    return diag_usage_error(diag,
                            "--keep-float goes with --quantize=int8: nothing else leaves f32");
  }
  RETURN_IF_ERROR(from_plan_open(c));
  return choose_targets(c);
}

static Status use_alone(Compilation *c, void *use) {
  return (*(CompilationUse **)use)(c);
}

Status compilation_with(const Options *options, Arena *arena, Diag *diag, CompilationUse *use) {
  return compilation_with_context(options, arena, diag, use_alone, &use);
}

Status compilation_with_context(const Options *options, Arena *arena, Diag *diag,
                                CompilationContextUse *use, void *context) {
  Compilation c;
  Status status = begin(&c, options, arena, diag);
  if (!status) status = use(&c, context);
  progress_end(&c.progress);
  arena_free(c.once);
  weights_close(c.weights);
  return status;
}

/* The files that the options name in full are none that the weights name. Those of atmc compile are
 * checked one by one (outputs.c). */
static Status check_parts(const Compilation *c) {
  const Options *options = c->options;
  const char *report = options->command == COMMAND_REPORT ? options->output : NULL;
  const char *paths[] = {report, options->trace, options->overlay};
  for (uint32_t i = 0; i < sizeof paths / sizeof *paths; ++i) {
    if (!paths[i]) continue;
    RETURN_IF_ERROR(output_check_parts(c->weights, c->arena, c->diag, paths[i]));
  }
  for (uint32_t i = 0; i < options->outputs.count; ++i) {
    const char *text = options->outputs.items[i], *equals = strchr(text, '='); /* NAME=FILE */
    const char *path = equals ? equals + 1 : text;
    RETURN_IF_ERROR(output_check_parts(c->weights, c->arena, c->diag, path));
  }
  return STATUS_OK;
}

Status compilation_read(Compilation *c) {
  const Options *options = c->options;
  double begin = clock_seconds();
  progress_step(&c->progress, "reading");
  RETURN_IF_ERROR(frontend_read_model(c->arena, c->recipes, c->diag, options->argument, &c->model));
  RETURN_IF_ERROR(keep_float_resolve(c, c->model->graph, c->model));
  if (options->weights) {
    RETURN_IF_ERROR(weights_open(c->arena, c->diag, options->weights, options->state, &c->weights));
    RETURN_IF_ERROR(check_parts(c));
    if (options->state_prefix) {
      RETURN_IF_ERROR(weights_take_prefix(c->weights, options->state_prefix, c->diag));
    }
    RETURN_IF_ERROR(weights_bind(c->weights, c->model, options->allow_extra, c->diag));
  }
  c->times.read = clock_seconds() - begin;
  return STATUS_OK;
}

PassContext compilation_pass_context(const Compilation *c, const TargetInfo *target) {
  return (PassContext){.arena = c->arena,
                       .diag = c->diag,
                       .target = target,
                       .weights_dtype = c->weights_dtype,
                       .quantize = c->quantize,
                       .keep_float = c->keep_float.items,
                       .keep_float_count = c->keep_float.count};
}

static PassContext pass_context(const Compilation *c, const TargetInfo *target,
                                const Resolution *resolution) {
  PassContext context = compilation_pass_context(c, target);
  if (resolution) {
    context.input_types = resolution->input_types;
    context.input_count = resolution->input_count;
  }
  return context;
}

/* Runs one half of the pipeline on *graph; prints the result where --stop-after ends it. */
static Status run_passes(Compilation *c, PipelinePart part, PassContext context,
                         const Graph **graph) {
  RETURN_IF_ERROR(
      manager_run(&context, &c->pass_options, pipeline_passes(part), *graph, graph, &c->stopped));
  if (c->stopped) {
    StringBuilder text = {.arena = c->arena};
    graph_print(*graph, &text);
    fputs(string_builder_text(&text), stdout);
  }
  return STATUS_OK;
}

Status compilation_source(const Compilation *c, const Resolution *resolution, Arena *arena,
                          const Graph **source) {
  PassContext context = pass_context(c, c->variants[0].target, resolution);
  context.arena = arena;
  return pass_table[PASS_specialize_shapes].run(&context, c->model->graph, source);
}

/* Fills r->macs, and finds what of the resolution the model cannot take. */
static Status count_macs(const Compilation *c, Resolution *r) {
  Arena *arena = arena_new();
  const Graph *source;
  Status status = compilation_source(c, r, arena, &source);
  if (!status) r->macs = macs_of_graph(source);
  arena_free(arena);
  return status;
}

/* Fills *r, resolution `index`: from the passes, or from a plan's text. `last`: c->graph is used
 * up. */
static Status plan_resolution(Compilation *c, const TargetInfo *target, Shape shape, uint32_t index,
                              bool last, Resolution *r) {
  *r = (Resolution){.shape = shape, .graph = c->graph};
  RETURN_IF_ERROR(
      shapes_input_types(c->graph, shape, c->arena, c->diag, &r->input_types, &r->input_count));
  RETURN_IF_ERROR(count_macs(c, r));
  if (c->options->from_plan.count) {
    RETURN_IF_ERROR(compilation_source(c, r, c->arena, &r->graph));
    return from_plan_read(c, index, target, r);
  }
  PassContext context = pass_context(c, target, r);
  if (last) {
    context.spent = c->once;
    c->once = NULL;
    c->graph = NULL;
  }
  RETURN_IF_ERROR(run_passes(c, PIPELINE_PER_RESOLUTION, context, &r->graph));
  return c->stopped ? STATUS_OK : plan_build(&context, r->graph, &r->plan);
}

/* Resolution `last` differs from those before in what the model sees of it: entries are found by
 * that. */
static Status check_distinct(const Compilation *c, const Resolution *resolutions, uint32_t last) {
  const Resolution *r = &resolutions[last];
  for (uint32_t i = 0; i < last; ++i) {
    bool same = true;
    for (uint32_t k = 0; k < r->input_count; ++k) {
      same &= type_equal(r->input_types[k], resolutions[i].input_types[k]);
    }
    if (!same) continue;
    return diag_usage_error(c->diag, "--shape: %s and %s are the same to this model",
                            shapes_format(resolutions[i].shape, c->arena),
                            shapes_format(r->shape, c->arena));
  }
  return STATUS_OK;
}

/* All resolutions for one target. --stop-after ends the first that gets there. */
static Status plan_variant(Compilation *c, const ShapeList *shapes, Variant *variant) {
  for (uint32_t i = 0; i < shapes->count && !c->stopped; ++i) {
    Resolution *r = &variant->resolutions[i];
    bool last = i + 1 == shapes->count && variant == &c->variants[c->variant_count - 1];
    RETURN_IF_ERROR(plan_resolution(c, variant->target, shapes->items[i], i, last, r));
    RETURN_IF_ERROR(check_distinct(c, variant->resolutions, i));
    variant->plans[i] = r->plan;
  }
  return STATUS_OK;
}

/* One copy of the weights for all variants. */
static WeightsBlob lay_weights_out(const Compilation *c) {
  uint32_t count = 0;
  const Plan **plans =
      ARENA_ARRAY(c->arena, (size_t)c->variant_count * c->resolution_count, const Plan *);
  for (uint32_t v = 0; v < c->variant_count; ++v) {
    for (uint32_t i = 0; i < c->resolution_count; ++i) plans[count++] = c->variants[v].plans[i];
  }
  return weights_blob_layout(c->arena, plans, count);
}

Status compilation_plan(Compilation *c, const ShapeList *shapes) {
  double begin = clock_seconds();
  progress_step(&c->progress, "optimizing");
  c->graph = c->model->graph;
  PassContext context = pass_context(c, c->variants[0].target, NULL);
  context.arena = c->once = arena_new();
  if (c->options->from_plan.count) {
    RETURN_IF_ERROR(from_plan_check(c, shapes));
  } else {
    RETURN_IF_ERROR(run_passes(c, PIPELINE_ONCE, context, &c->graph));
  }
  for (uint32_t v = 0; v < c->variant_count && !c->stopped; ++v) {
    RETURN_IF_ERROR(plan_variant(c, shapes, &c->variants[v]));
  }
  if (c->stopped) return STATUS_OK;
  c->resolution_count = shapes->count;
  c->blob = lay_weights_out(c);
  c->times.passes = clock_seconds() - begin;
  return STATUS_OK;
}

ArtifactSpec compilation_artifact(const Compilation *c, const WeightSource *source) {
  ArtifactVariant *variants = ARENA_ARRAY(c->arena, c->variant_count, ArtifactVariant);
  for (uint32_t v = 0; v < c->variant_count; ++v) {
    variants[v] = (ArtifactVariant){c->variants[v].target, c->variants[v].plans};
  }
  uint64_t *macs = ARENA_ARRAY(c->arena, c->resolution_count, uint64_t);
  for (uint32_t i = 0; i < c->resolution_count; ++i) macs[i] = c->variants[0].resolutions[i].macs;
  return (ArtifactSpec){.variants = variants,
                        .variant_count = c->variant_count,
                        .plan_count = c->resolution_count,
                        .blob = &c->blob,
                        .source = source,
                        .image_input = shapes_image_input(c->model->graph, c->arena),
                        .pixels = c->model->pixels,
                        .macs = macs};
}

uint64_t compilation_quantized_bytes(const Compilation *c) {
  const Plan *plan = c->variants[0].plans[0];
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < plan->weight_count; ++i) {
    Type type = plan->weights[i]->type;
    if (type.dtype == DTYPE_S8) bytes += type_bytes(type);
  }
  return bytes;
}

const char *compilation_weights_text(const Compilation *c) {
  const char *rest = dtype_info(c->weights_dtype)->text;
  return compilation_quantized_bytes(c) ? arena_printf(c->arena, "int8 and %s", rest) : rest;
}

Status compilation_emit(Compilation *c, const ArtifactSpec *spec, EmitKind kind, Emitted *out) {
  double begin = clock_seconds();
  RETURN_IF_ERROR(llvm_emit(spec, kind, c->arena, c->diag, out));
  c->times.emit += clock_seconds() - begin;
  return STATUS_OK;
}
