/* Descriptions, up to the plan for one small resolution; the plan's text reads back. */
#include "tests/fuzz/targets/pipeline.h"

#include "frontend/frontend.h"
#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 64; /* as many as are found in one go */

Status target_read(Fuzzed *f) {
  Model *model = NULL;
  RecipeTable *recipes = recipe_table_new(f->arena);
  RETURN_IF_ERROR(frontend_read_model(f->arena, recipes, &f->diag, target_file(f), &model));
  graph_verify(model->graph, "the frontend");
  return pipeline_try(f, model->graph);
}
