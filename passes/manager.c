/* Runs passes one after the other and shows what happens: printed graphs, checks, times. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "passes/pass.h"
#include "support/nearest.h"

const Pass pass_table[PASS_COUNT] = {
#define PASS(function, name, required, summary) \
  [PASS_##function] = {name, summary, function, required},
#include "passes/passes.def"
};

const Pass *pass_all(uint32_t *count) {
  *count = PASS_COUNT;
  return pass_table;
}

const Pass *pass_find(const char *name) {
  for (uint32_t i = 0; i < PASS_COUNT; ++i) {
    if (strcmp(pass_table[i].name, name) == 0) return &pass_table[i];
  }
  return NULL;
}

/* A usage error of `option`, with the nearest name, if no pass is called `name`. */
static Status check_name(const char *option, const char *name, Diag *diag) {
  if (pass_find(name)) return STATUS_OK;
  const char *names[PASS_COUNT];
  for (uint32_t i = 0; i < PASS_COUNT; ++i) names[i] = pass_table[i].name;
  const char *nearest = nearest_name(name, names, PASS_COUNT);
  if (nearest) {
    return diag_usage_error(diag, "%s: no pass \"%s\"; did you mean \"%s\"?", option, name,
                            nearest);
  }
  return diag_usage_error(diag, "%s: no pass \"%s\"", option, name);
}

Status manager_check_options(const PassOptions *options, Diag *diag) {
  for (uint32_t i = 0; i < options->disabled_count; ++i) {
    const char *name = options->disabled[i];
    RETURN_IF_ERROR(check_name("--disable-pass", name, diag));
    if (pass_find(name)->required) {
      return diag_usage_error(diag, "--disable-pass: \"%s\" cannot be switched off", name);
    }
  }
  for (uint32_t i = 0; i < options->print_after_count; ++i) {
    if (strcmp(options->print_after[i], "all") != 0) {
      RETURN_IF_ERROR(check_name("--print-after", options->print_after[i], diag));
    }
  }
  return options->stop_after ? check_name("--stop-after", options->stop_after, diag) : STATUS_OK;
}

/* Whether `name` is among `names`. */
static bool contains(const char *const *names, uint32_t count, const char *name) {
  for (uint32_t i = 0; i < count; ++i) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return false;
}

/* Milliseconds on a clock that never goes back. */
static double now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

/* The graph behind a line of comment, so that the output reads back. */
static void print_graph(const PassOptions *options, const Pass *pass, const Graph *graph) {
  Arena *arena = arena_new();
  StringBuilder text = {.arena = arena};
  graph_print(graph, &text);
  fprintf(options->stream, "// after %s\n%s", pass->name, string_builder_text(&text));
  arena_free(arena);
}

/* Replaces *graph by what `pass` makes of it, and shows what the options ask for. */
static Status run_one(const PassContext *context, const PassOptions *options, const Pass *pass,
                      const Graph **graph) {
  double start = now_ms();
  const Graph *before = *graph;
  RETURN_IF_ERROR(pass->run(context, before, graph));
  double elapsed = now_ms() - start;
  if (options->time_passes) {
    fprintf(options->stream, "%9.3f ms  %-32s %5u -> %u nodes\n", elapsed, pass->name,
            before->node_count, (*graph)->node_count);
  }
  if (options->observe) options->observe(options->observer, pass, before, *graph, elapsed);
  if (options->verify_each) graph_verify(*graph, pass->name);
  if (contains(options->print_after, options->print_after_count, pass->name) ||
      contains(options->print_after, options->print_after_count, "all")) {
    print_graph(options, pass, *graph);
  }
  return STATUS_OK;
}

static bool has_kernels(const Graph *graph) {
  bool found = false;
  for (uint32_t i = 0; i < graph->node_count; ++i) found = found || graph->nodes[i].body != NULL;
  return found;
}

/* The same with an arena for the pass; *owned is that of *graph, NULL where it is the caller's. */
static Status run_in_arena(PassContext context, const PassOptions *options, const Pass *pass,
                           const Graph **graph, Arena **owned) {
  const Graph *before = *graph;
  context.arena = arena_new();
  Status status = run_one(&context, options, pass, graph);
  if (status || *graph == before) {
    arena_free(context.arena);
    return status;
  }
  if (has_kernels(before)) { /* their bodies are in both */
    arena_adopt(context.arena, *owned);
  } else {
    arena_free(*owned);
  }
  *owned = context.arena;
  return STATUS_OK;
}

Status manager_run(const PassContext *context, const PassOptions *options, PassList passes,
                   const Graph *graph, const Graph **result, bool *stopped) {
  Arena *owned = context->spent;
  Status status = STATUS_OK;
  *stopped = false;
  *result = graph;
  for (uint32_t i = 0; i < passes.count && !*stopped && !status; ++i) {
    const char *name = passes.items[i]->name;
    if (!contains(options->disabled, options->disabled_count, name)) {
      status = run_in_arena(*context, options, passes.items[i], result, &owned);
    }
    *stopped = options->stop_after && strcmp(options->stop_after, name) == 0;
  }
  arena_adopt(context->arena, owned);
  return status;
}
