/* The published models: the files of examples/models are what is generated, and have the published
 * numbers of parameters. */
#include <criterion/criterion.h>
#include <string.h>

#include "frontend/frontend.h"
#include "support/atomic_file.h"

static Arena *arena;
static Diag diag;

static void set_up(void) {
  arena = arena_new();
  diag = (Diag){.stream = stderr};
}
static void tear_down(void) {
  arena_free(arena);
}
TestSuite(published, .init = set_up, .fini = tear_down);

static const char *model_path(const char *name, bool pyramid) {
  return arena_printf(arena, ATMC_SOURCE_DIR "/examples/models/%s%s.json", name,
                      pyramid ? "_pyramid" : "");
}

static int64_t count_parameters(const Model *model) {
  int64_t sum = 0, count;
  for (uint32_t i = 0; i < model->need_count; i++) {
    cr_assert(type_count(model->needs[i].type, &count));
    sum += count;
  }
  return sum;
}

Test(published, writes_the_files_of_the_examples) {
  for (const char *const *name = published_model_names(); *name; name++) {
    for (int pyramid = 0; pyramid < (strcmp(*name, "glyphs") ? 2 : 1); pyramid++) {
      const char *path = model_path(*name, pyramid);
      char *text;
      size_t bytes;
      cr_assert_eq(atomic_file_read(arena, &diag, path, &text, &bytes), STATUS_OK);
      cr_expect_str_eq(published_model_json(arena, *name, pyramid), text, "%s", path);
    }
  }
  cr_expect_null(published_model_json(arena, "atmnet_xxl", false));
}

Test(published, has_the_published_numbers_of_parameters) {
  static const struct {
    const char *name;
    int64_t parameters, pyramid;
    uint32_t tensors;
  } sizes[] = {
      {"atmnet_xt", 15349128, 14837152, 230}, {"atmnet_t", 27152232, 26640256, 394},
      {"atmnet_s", 38631448, 38119472, 576},  {"atmnet_b", 52154792, 51642816, 835},
      {"atmnet_l", 76238032, 75470376, 694},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (int pyramid = 0; pyramid < 2; pyramid++) {
      Model *model;
      RecipeTable *recipes = recipe_table_new(arena);
      const char *path = model_path(sizes[i].name, pyramid);
      cr_assert_eq(frontend_read_model(arena, recipes, &diag, path, &model), STATUS_OK);
      cr_expect_eq(count_parameters(model), pyramid ? sizes[i].pyramid : sizes[i].parameters);
      cr_expect_eq(model->need_count, sizes[i].tensors + (pyramid ? 4 : 0));
      cr_expect_eq(model->graph->output_count, pyramid ? 4 : 1);
    }
  }
}

Test(published, binds_the_trained_model) {
  Model *model;
  Weights *weights;
  RecipeTable *recipes = recipe_table_new(arena);
  const char *path = ATMC_SOURCE_DIR "/examples/glyphs/glyphs.safetensors";
  cr_assert_eq(frontend_read_model(arena, recipes, &diag, model_path("glyphs", false), &model), 0);
  cr_assert_eq(weights_open(arena, &diag, path, &weights), STATUS_OK);
  cr_assert_eq(weights_bind(weights, model, false, &diag), STATUS_OK);
  cr_expect_eq(count_parameters(model), 944466);
  cr_assert_eq(model->class_count, 34);
  cr_expect_str_eq(model->class_names[10], "A");
  weights_close(weights);
}
