/* atmc weights: deterministic weights for a model, so that a full-size one needs no download. */
#include "driver/commands.h"
#include "driver/output.h"
#include "frontend/frontend.h"
#include "support/panic.h"

/* The tensor that `need` asks for, filled by the recipe of `seed`. */
static NamedTensor make_tensor(Arena *arena, const WeightNeed *need, uint64_t seed) {
  int64_t count;
  CHECK(type_count(need->type, &count));
  float *data = ARENA_ARRAY(arena, (size_t)count, float);
  synthetic_tensor(need->name, need->type, seed, data);
  return (NamedTensor){need->name, need->type.rank, need->type.dims, data};
}

Status cmd_weights(const Options *options, Arena *arena, Diag *diag) {
  Model *model;
  RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  RecipeTable *recipes = recipe_table_new(arena);
  RETURN_IF_ERROR(frontend_read_model(arena, recipes, diag, options->argument, &model));
  NamedTensor *tensors = ARENA_ARRAY(arena, model->need_count, NamedTensor);
  for (uint32_t i = 0; i < model->need_count; ++i) {
    tensors[i] = make_tensor(arena, &model->needs[i], options->synthetic);
  }
  char *data;
  size_t bytes;
  safetensors_write(arena, tensors, model->need_count, &data, &bytes);
  return output_file(arena, diag, options->output, data, bytes);
}
