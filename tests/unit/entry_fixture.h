/* A generated model in this process, of a plan made by hand (tiny_plan.h): three entries, of one
 * image, of two, and of three in rounds. */
#ifndef ATMC_TESTS_UNIT_ENTRY_FIXTURE_H
#define ATMC_TESTS_UNIT_ENTRY_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>

#include "backends/backend.h"
#include "runtime/atm_runtime.h"
#include "tests/unit/tiny_plan.h"

enum { H = 5, W = 7, ROWS = H * W, MOST = 3 };
enum { ENTRIES = 3, MOST_VARIANTS = 3 };

typedef struct Fixture {
  Arena *arena;
  Diag diag;
  Emitted object;
  LoadedModel *loaded;
  const atm_model *model;
  WeightsBlob blob;
  const void *in[1];
  void *out[1];
  char *workspace;
  size_t bytes;
} Fixture;

static inline void emit(Fixture *f, const TargetList *targets, bool external) {
  RecipeTable *recipes = recipe_table_new(f->arena);
  const Plan *plans[MOST_VARIANTS * ENTRIES];
  ArtifactVariant variants[MOST_VARIANTS];
  for (uint32_t v = 0; v < targets->count; ++v) {
    const Plan **of_variant = &plans[v * ENTRIES];
    const TargetInfo *target = targets->items[v];
    of_variant[0] = tiny_plan(f->arena, recipes, target, 1, H, W);
    of_variant[1] = tiny_plan(f->arena, recipes, target, 2, H, W);
    of_variant[2] = tiny_plan_rounds(f->arena, recipes, target, MOST, H, W);
    variants[v] = (ArtifactVariant){target, of_variant};
  }
  static const char *const classes[] = {"cat", "dog"};
  WeightSource source = {.read = tiny_read};
  f->blob = weights_blob_layout(f->arena, plans, targets->count * ENTRIES);
  ArtifactSpec spec = {.prefix = "tiny",
                       .variants = variants,
                       .variant_count = targets->count,
                       .plan_count = ENTRIES,
                       .blob = &f->blob,
                       .source = &source,
                       .external_weights = external,
                       .model_hash = "c0ffee",
                       .class_names = classes,
                       .class_count = 2,
                       .export_all = true};
  cr_assert_eq(llvm_emit(&spec, EMIT_OBJECT, f->arena, &f->diag, &f->object), STATUS_OK);
  cr_assert_eq(llvm_load(f->object.data, f->object.bytes, &f->diag, &f->loaded), STATUS_OK);
  const atm_model *(*model)(void) =
      (const atm_model *(*)(void))(uintptr_t)llvm_symbol(f->loaded, "tiny_model");
  cr_assert_not_null((void *)(uintptr_t)model);
  f->model = model();
}

/* `isas` as of --isa; NULL: what this machine has. */
static inline void open_fixture(Fixture *f, const char *isas, bool external) {
  *f = (Fixture){.arena = arena_new(), .diag = {.stream = stderr}};
  TargetList targets;
  cr_assert_eq(target_choose_list(&(TargetRequest){.isa = isas}, f->arena, &f->diag, &targets),
               STATUS_OK);
  emit(f, &targets, external);
  float *image = malloc(MOST * ROWS * TINY_IN * sizeof(float));
  for (size_t i = 0; i < MOST * ROWS * TINY_IN; ++i) image[i] = tiny_input(i);
  f->in[0] = image;
  f->out[0] = calloc(MOST * ROWS * TINY_OUT, sizeof(float));
  f->bytes = f->model->entries[1].workspace_base + 8 * f->model->entries[1].workspace_scratch;
  f->workspace = aligned_alloc(64, f->bytes);
}

static inline void close_fixture(Fixture *f) {
  free((void *)(uintptr_t)f->in[0]);
  free(f->out[0]);
  free(f->workspace);
  llvm_unload(f->loaded);
  free(f->object.data);
  arena_free(f->arena);
}

static inline void check_answer(const Fixture *f, size_t rows) {
  const float *out = f->out[0];
  for (size_t i = 0; i < rows * TINY_OUT; ++i) {
    double expected = tiny_expected(i / TINY_OUT, i % TINY_OUT);
    cr_assert_float_eq(out[i], expected, 2e-6, "element %zu: %g, expected %g", i, (double)out[i],
                       expected);
  }
}

/* The model's external weights; the caller frees them. */
static inline char *evaluated(const WeightsBlob *blob) {
  char *weights = aligned_alloc(128, blob->bytes);
  WeightSource source = {.read = tiny_read};
  cr_assert_eq(weights_blob_evaluate(blob, &source, weights), STATUS_OK);
  return weights;
}

#endif
