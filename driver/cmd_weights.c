/* atmc weights: deterministic weights for a model, so that a full-size one needs no download. */
#include <stdlib.h>

#include "driver/commands.h"
#include "driver/output.h"
#include "driver/progress.h"
#include "frontend/frontend.h"
#include "support/atomic_file.h"
#include "support/memory.h"
#include "support/panic.h"

/* The tensor that `need` asks for, filled by the recipe of `seed`. */
static Status write_tensor(const WeightNeed *need, uint64_t seed, AtomicFiles *files) {
  int64_t count;
  CHECK(type_count(need->type, &count));
  float *data = memory_new((size_t)count, sizeof *data, need->name);
  synthetic_tensor(need->name, need->type, seed, data);
  Status status = atomic_files_append(files, data, (size_t)count * sizeof *data);
  free(data);
  return status;
}

/* One after the other: only one is in memory. */
static Status write_tensors(const Model *model, const Options *options, Arena *arena, Diag *diag,
                            AtomicFiles *files) {
  NamedTensor *tensors = ARENA_ARRAY(arena, model->need_count, NamedTensor);
  for (uint32_t i = 0; i < model->need_count; ++i) {
    const WeightNeed *need = &model->needs[i];
    tensors[i] = (NamedTensor){need->name, need->type.rank, need->type.dims};
  }
  size_t bytes;
  const char *header = safetensors_header(arena, tensors, model->need_count, NULL, &bytes);
  RETURN_IF_ERROR(atomic_files_begin(files, options->output, false));
  RETURN_IF_ERROR(atomic_files_append(files, header, bytes));
  Progress progress = progress_begin(arena, 1, options->quiet);
  progress_step(&progress, "writing");
  for (uint32_t i = 0; i < model->need_count; ++i) {
    RETURN_IF_ERROR(write_tensor(&model->needs[i], options->synthetic, files));
    progress_share(&progress, (i + 1.0) / model->need_count);
  }
  progress_end(&progress);
  RETURN_IF_ERROR(atomic_files_end(files));
  return output_commit(files, diag);
}

Status cmd_weights(const Options *options, Arena *arena, Diag *diag) {
  Model *model;
  RETURN_IF_ERROR(output_check(options, arena, diag, options->output));
  RecipeTable *recipes = recipe_table_new(arena);
  RETURN_IF_ERROR(frontend_read_model(arena, recipes, diag, options->argument, &model));
  AtomicFiles *files = atomic_files_new(arena, diag);
  Status status = write_tensors(model, options, arena, diag, files);
  atomic_files_discard(files);
  return status;
}
