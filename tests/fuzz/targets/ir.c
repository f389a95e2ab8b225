/* Graphs as text: what is printed reads back as the same, and passes take whatever is read. */
#include <string.h>

#include "tests/fuzz/targets/pipeline.h"
#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 1;

static const char *print(const Graph *graph, Arena *arena) {
  StringBuilder text = {.arena = arena};
  graph_print(graph, &text);
  return string_builder_text(&text);
}

Status target_read(Fuzzed *f) {
  RecipeTable *recipes = recipe_table_new(f->arena);
  Graph *graph = NULL, *again = NULL;
  RETURN_IF_ERROR(graph_parse(f->arena, recipes, &f->diag, "x.ir", f->data, &graph));
  graph_verify(graph, "the reader");
  const char *text = print(graph, f->arena);
  target_check(!graph_parse(f->arena, recipes, &f->diag, "y.ir", text, &again), "it reads back");
  target_check(strcmp(text, print(again, f->arena)) == 0, "as the same");
  return pipeline_once(f, graph);
}
