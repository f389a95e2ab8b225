/* Plans as text: what is printed reads back as the same. */
#include "ir/plan.h"

#include <string.h>

#include "backends/backend.h"
#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 1;

static const char *print(const Plan *plan, Arena *arena) {
  StringBuilder text = {.arena = arena};
  plan_print(plan, &text);
  return string_builder_text(&text);
}

Status target_read(Fuzzed *f) {
  RecipeTable *recipes = recipe_table_new(f->arena);
  const TargetInfo *target = target_choose(&(TargetRequest){.isa = "v3"}, f->arena, &f->diag);
  const Plan *plan = NULL, *again = NULL;
  PlanText from = {"x.plan", f->data, target};
  RETURN_IF_ERROR(plan_parse(f->arena, recipes, &f->diag, &from, &plan));
  from.text = print(plan, f->arena);
  target_check(!plan_parse(f->arena, recipes, &f->diag, &from, &again), "it reads back");
  target_check(strcmp(from.text, print(again, f->arena)) == 0, "as the same");
  return STATUS_OK;
}
