/* Plans of models as text, and texts that were edited, which are refused. */
#ifndef ATMC_TESTS_UNIT_PLAN_TEXT_FIXTURE_H
#define ATMC_TESTS_UNIT_PLAN_TEXT_FIXTURE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/backend.h"
#include "frontend/frontend.h"
#include "passes/pass.h"

typedef struct Text {
  Arena *arena;
  RecipeTable *recipes;
  const TargetInfo *target;
  const char *text;
} Text;

static inline Text print_file(const char *path, const TargetRequest *request, bool quantize,
                              Type type) {
  Text t = {.arena = arena_new()};
  Diag diag = {.stream = stderr};
  Model *read;
  t.recipes = recipe_table_new(t.arena);
  t.target = target_choose(request, t.arena, &diag);
  cr_assert(t.target);
  cr_assert_eq(frontend_read_model(t.arena, t.recipes, &diag, path, &read), STATUS_OK);
  PassContext context = {.arena = t.arena,
                         .diag = &diag,
                         .target = t.target,
                         .input_types = &type,
                         .input_count = 1,
                         .quantize = quantize};
  PassOptions options = {.stream = stderr};
  const Graph *graph = read->graph;
  for (int part = PIPELINE_ONCE; part <= PIPELINE_PER_RESOLUTION; ++part) {
    bool stopped;
    PassList passes = pipeline_passes((PipelinePart)part);
    cr_assert_eq(manager_run(&context, &options, passes, graph, &graph, &stopped), STATUS_OK);
  }
  const Plan *plan;
  cr_assert_eq(plan_build(&context, graph, &plan), STATUS_OK);
  PlanFault fault;
  cr_expect(plan_verify(plan, t.arena, &fault), "%s, %s: %s (kernel %d, step %d)", path,
            t.target->name, fault.message, (int)fault.kernel, (int)fault.step);
  StringBuilder out = {.arena = t.arena};
  plan_print(plan, &out);
  t.text = string_builder_text(&out);
  return t;
}

/* The text with `from` replaced once. */
static inline const char *edit(const Text *t, const char *from, const char *to) {
  const char *at = strstr(t->text, from);
  cr_assert(at, "no \"%s\"", from);
  return arena_printf(t->arena, "%.*s%s%s", (int)(at - t->text), t->text, to, at + strlen(from));
}

static inline const char *message_of(const Text *t, const char *text) {
  char *message = NULL;
  size_t bytes;
  FILE *stream = open_memstream(&message, &bytes);
  Diag diag = {.stream = stream};
  const Plan *plan;
  PlanText from = {"p.plan", text, t->target};
  Status status = plan_parse(t->arena, t->recipes, &diag, &from, &plan);
  fclose(stream);
  const char *copy = arena_strdup(t->arena, message);
  free(message);
  cr_expect_eq(status, STATUS_BAD_INPUT, "accepted");
  cr_expect_eq(diag.errors, 1);
  return copy;
}

static inline void refuses(const Text *t, const char *from, const char *to, const char *because) {
  const char *message = message_of(t, edit(t, from, to));
  cr_expect(strstr(message, because), "\"%s\" -> \"%s\": %s", from, to, message);
}

#endif
