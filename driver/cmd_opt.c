/* atmc opt: passes over IR text, for tests and for looking at one pass at a time. */
#include <stdio.h>
#include <string.h>

#include "driver/commands.h"
#include "driver/compilation.h"
#include "driver/keep_float.h"
#include "driver/output.h"
#include "support/atomic_file.h"
#include "support/nearest.h"

enum { IR_MAX_BYTES = 64 << 20 };

/* The usage error, with the nearest name if there is one. */
static Status unknown_pass(const char *name, Arena *arena, Diag *diag) {
  uint32_t count;
  const Pass *all = pass_all(&count);
  const char **names = ARENA_ARRAY(arena, count, const char *);
  for (uint32_t i = 0; i < count; ++i) names[i] = all[i].name;
  const char *near = nearest_name(name, names, count);
  if (near) return diag_usage_error(diag, "--passes: no pass \"%s\"; did you mean %s?", name, near);
  return diag_usage_error(diag, "--passes: no pass \"%s\"", name);
}

/* Fills passes[names->count]. */
static Status named_passes(const TextList *names, Arena *arena, Diag *diag, const Pass **passes) {
  for (uint32_t i = 0; i < names->count; ++i) {
    passes[i] = pass_find(names->items[i]);
    if (!passes[i]) return unknown_pass(names->items[i], arena, diag);
  }
  return STATUS_OK;
}

/* The passes of --passes, or the pipeline: its second half only when there is a --shape. */
static Status choose_passes(const Options *options, Arena *arena, Diag *diag, PassList *passes) {
  if (options->passes.count) {
    const Pass **named = ARENA_ARRAY(arena, options->passes.count, const Pass *);
    *passes = (PassList){named, options->passes.count};
    return named_passes(&options->passes, arena, diag, named);
  }
  PassList once = pipeline_passes(PIPELINE_ONCE);
  PassList rest = pipeline_passes(PIPELINE_PER_RESOLUTION);
  if (!options->shape) rest.count = 0;
  const Pass **all = ARENA_ARRAY(arena, once.count + rest.count, const Pass *);
  memcpy(all, once.items, once.count * sizeof *all);
  memcpy(all + once.count, rest.items, rest.count * sizeof *all);
  *passes = (PassList){all, once.count + rest.count};
  return STATUS_OK;
}

/* With --shape, passes see the types of the inputs too. */
static Status run_passes(Compilation *c, const Graph *graph, const Graph **result) {
  const Options *options = c->options;
  PassList passes;
  RETURN_IF_ERROR(choose_passes(options, c->arena, c->diag, &passes));
  PassContext context = compilation_pass_context(c, c->variants[0].target);
  if (options->shape) {
    ShapeList shapes;
    RETURN_IF_ERROR(shapes_parse(options->shape, 1, c->arena, c->diag, &shapes));
    RETURN_IF_ERROR(shapes_input_types(graph, shapes.items[0], c->arena, c->diag,
                                       &context.input_types, &context.input_count));
  }
  return manager_run(&context, &c->pass_options, passes, graph, result, &c->stopped);
}

static Status opt(Compilation *c) {
  char *text;
  size_t bytes;
  const char *path = c->options->argument, *output = c->options->output;
  if (output) RETURN_IF_ERROR(output_check(c->options, c->arena, c->diag, output));
  progress_step(&c->progress, "reading");
  RETURN_IF_ERROR(atomic_file_read(c->arena, c->diag, path, IR_MAX_BYTES, &text, &bytes));
  Graph *graph;
  RETURN_IF_ERROR(graph_parse(c->arena, c->recipes, c->diag, path, text, &graph));
  RETURN_IF_ERROR(keep_float_resolve(c, graph, NULL));
  const Graph *result;
  progress_step(&c->progress, "optimizing");
  RETURN_IF_ERROR(run_passes(c, graph, &result));
  progress_end(&c->progress);
  StringBuilder out = {.arena = c->arena};
  graph_print(result, &out);
  return output_text(c->arena, c->diag, c->options->output, string_builder_text(&out));
}

Status cmd_opt(const Options *options, Arena *arena, Diag *diag) {
  return compilation_with(options, arena, diag, opt);
}
