/* The published models: the files of examples/models are what is generated, and have the published
 * numbers of parameters. */
#include <criterion/criterion.h>
#include <string.h>

#include "frontend/frontend.h"
#include "ir/macs.h"
#include "passes/pass.h"
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
  for (uint32_t i = 0; i < model->need_count; ++i) {
    cr_assert(type_count(model->needs[i].type, &count));
    sum += count;
  }
  return sum;
}

static bool has_pyramid(const char *name) {
  return strncmp(name, "atmnet_", 7) == 0 || strncmp(name, "cyclemlp_", 9) == 0;
}

Test(published, writes_the_files_of_the_examples) {
  for (const char *const *name = published_model_names(); *name; ++name) {
    for (int pyramid = 0; pyramid < (has_pyramid(*name) ? 2 : 1); ++pyramid) {
      const char *path = model_path(*name, pyramid);
      char *text;
      size_t bytes;
      cr_assert_eq(atomic_file_read(arena, &diag, path, SIZE_MAX, &text, &bytes), STATUS_OK);
      PublishedOptions options = {.pyramid = pyramid};
      const char *written;
      cr_assert_eq(published_write(arena, &diag, *name, &options, &written), STATUS_OK);
      cr_expect_str_eq(written, text, "%s", path);
    }
  }
}

/* How photos become inputs: "mean", and of what size the middle is taken; NULL: they are kept. */
Test(published, says_how_photos_are_seen) {
  static const char half[] = "\"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5]";
  static const char usual[] = "\"mean\": [0.485, 0.456, 0.406], \"std\": [0.229, 0.224, 0.225]";
  static const struct Case {
    const char *name;
    PublishedOptions options;
    const char *numbers, *resize;
  } cases[] = {
      {"atmnet_xt", {0}, usual, "\"to\": 256, \"crop\": 224,"},
      {"cyclemlp_b1", {0}, usual, "\"to\": 256, \"crop\": 224,"},
      {"mixer_b16", {0}, half, "\"to\": 256, \"crop\": 224,"},
      {"mixer_b16", {.height = 384, .width = 384}, half, "\"to\": 438, \"crop\": 384,"},
      {"mixer_b16", {.height = 384, .width = 256}, half, NULL},
      {"gmlp_s16", {0}, half, "\"to\": 256, \"crop\": 224,"},
      {"gmixer_12", {0}, usual, "\"to\": 256, \"crop\": 224,"},
      {"vip_s7", {0}, usual, "\"to\": 248, \"crop\": 224,"},
      {"vip_m7", {0}, usual, "\"to\": 248, \"crop\": 224,"},
      {"vip_l7", {0}, usual, "\"to\": 256, \"crop\": 224,"},
      {"atmnet_xt", {.pyramid = true}, usual, NULL},
      {"atmnet_xt", {.head = "semantic_fpn"}, usual, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    PublishedOptions options = cases[i].options;
    const char *text;
    options.pixels = true;
    cr_assert_eq(published_write(arena, &diag, cases[i].name, &options, &text), STATUS_OK);
    const char *resize = strstr(text, "\"resize\": {");
    cr_expect(strstr(text, cases[i].numbers), "%s: %s", cases[i].name, text);
    cr_expect(strstr(text, "\"format\": \"u8\""), "%s", cases[i].name);
    cr_expect_eq(resize != NULL, cases[i].resize != NULL, "%s: %zu", cases[i].name, i);
    if (resize) cr_expect(strstr(resize, cases[i].resize), "%s: %.60s", cases[i].name, resize);
  }
}

Test(published, refuses_what_cannot_be) {
  static const char *const names[] = {"a"};
  static const struct Case {
    const char *name;
    PublishedOptions options;
  } cases[] = {
      {"atmnet_xxl", {0}},
      {"glyphs", {.pixels = true}},
      {"mixer_s32", {.pyramid = true}},
      {"atmnet_xt", {.pyramid = true, .classes = 10}},
      {"atmnet_xt", {.pyramid = true, .class_names = {names, 1}}},
      {"atmnet_xt", {.height = 384, .width = 384}},
      {"mixer_b16", {.height = 384, .width = 392}},
      {"vip_s7", {.height = 448, .width = 448}},
  };
  diag.stream = NULL;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const char *text;
    cr_expect_eq(published_write(arena, &diag, cases[i].name, &cases[i].options, &text),
                 STATUS_USAGE, "%zu", i);
  }
}

Test(published, knows_what_others_call_the_models) {
  static const char *const aliases[][2] = {
      {"ActivexTiny", "atmnet_xt"},
      {"active_xt", "atmnet_xt"},
      {"ActiveLarge", "atmnet_l"},
      {"mixer_b16_224", "mixer_b16"},
      {"cyclemlp-b1", "cyclemlp_b1"},
      {"CycleMLP_B5", "cyclemlp_b5"},
      {"Mixer-L/16", "mixer_l16"},
      {"mixer_b16_224.goog_in21k_ft_in1k", "mixer_b16"},
      {"resmlp_12_224.fb_in1k", "resmlp_12"},
      {"asmlp_tiny_patch4_shift5_224", "asmlp_t"},
      {"AS_MLP_B", "asmlp_b"},
      {"resmlp_big_24_distilled_224", "resmlp_big_24"},
  };
  PublishedOptions options = {0};
  diag.stream = NULL;
  for (size_t i = 0; i < sizeof aliases / sizeof *aliases; ++i) {
    const char *theirs, *ours;
    cr_assert_eq(published_write(arena, &diag, aliases[i][0], &options, &theirs), STATUS_OK);
    cr_assert_eq(published_write(arena, &diag, aliases[i][1], &options, &ours), STATUS_OK);
    cr_expect_str_eq(theirs, ours);
  }
}

/* Pyramid 0: there is none. */
typedef struct Published {
  const char *name;
  int64_t parameters, pyramid;
  uint32_t tensors;
} Published;

static void check_published(const Published *published, bool pyramid) {
  Model *model;
  RecipeTable *recipes = recipe_table_new(arena);
  const char *path = model_path(published->name, pyramid);
  cr_assert_eq(frontend_read_model(arena, recipes, &diag, path, &model), STATUS_OK);
  cr_expect_eq(count_parameters(model), pyramid ? published->pyramid : published->parameters,
               "%s: %lld", path, (long long)count_parameters(model));
  cr_expect_eq(model->need_count, published->tensors + (pyramid ? 4 : 0), "%s: %u", path,
               model->need_count);
  cr_expect_eq(model->graph->output_count, pyramid ? 4 : 1);
}

Test(published, has_the_published_numbers_of_parameters) {
  static const Published models[] = {
      {"atmnet_xt", 15349128, 14837152, 230},
      {"atmnet_t", 27152232, 26640256, 394},
      {"atmnet_s", 38631448, 38119472, 576},
      {"atmnet_b", 52154792, 51642816, 835},
      {"atmnet_l", 76238032, 75470376, 694},
      {"cyclemlp_b1", 15155400, 14643424, 202},
      {"cyclemlp_b2", 26802504, 26290528, 354},
      {"cyclemlp_b3", 38385720, 37873744, 544},
      {"cyclemlp_b4", 51796552, 51284576, 791},
      {"cyclemlp_b5", 75747280, 74979624, 658},
      {"mixer_s32", 19104624, 0, 102},
      {"mixer_s16", 18528264, 0, 102},
      {"mixer_b32", 60293428, 0, 150},
      {"mixer_b16", 59880472, 0, 150},
      {"mixer_l32", 206939264, 0, 294},
      {"mixer_l16", 208196168, 0, 294},
      {"mixer_h14", 432350952, 0, 390},
      {"resmlp_12", 15350872, 0, 150},
      {"resmlp_24", 30020680, 0, 294},
      {"resmlp_36", 44690488, 0, 438},
      {"resmlp_big_24", 129138280, 0, 294},
      {"gmixer_12", 12701080, 0, 150},
      {"gmixer_24", 24721096, 0, 294},
      {"gmlp_ti16", 5867328, 0, 306},
      {"gmlp_s16", 19422656, 0, 306},
      {"gmlp_b16", 73075392, 0, 306},
      {"asmlp_t", 28282696, 0, 257},
      {"asmlp_s", 49594696, 0, 497},
      {"asmlp_b", 87752808, 0, 497},
      {"vip_s14", 29892904, 0, 312},
      {"vip_s7", 25114984, 0, 314},
      {"vip_m7", 55272488, 0, 416},
      {"vip_l7", 87784936, 0, 620},
  };
  for (size_t i = 0; i < sizeof models / sizeof *models; ++i) {
    check_published(&models[i], false);
    if (models[i].pyramid) check_published(&models[i], true);
  }
}

static uint64_t count_macs(const char *name) {
  static const int64_t image[] = {1, 224, 224, 3};
  Type type = type_make(4, image);
  PassContext context = {.arena = arena, .diag = &diag, .input_types = &type, .input_count = 1};
  Model *model;
  const Graph *graph;
  const char *path = model_path(name, false);
  cr_assert_eq(frontend_read_model(arena, recipe_table_new(arena), &diag, path, &model), STATUS_OK);
  cr_assert_eq(pass_table[PASS_specialize_shapes].run(&context, model->graph, &graph), STATUS_OK);
  return macs_of_graph(graph);
}

/* Those of all linears and convolutions that PyTorch runs (bench/peers/relatives.py); AS-MLP's
 * means over all of a map end in linears too. */
Test(published, has_the_published_numbers_of_multiply_adds) {
  static const struct Case {
    const char *name;
    uint64_t macs;
  } cases[] = {
      {"resmlp_12", 3009739776},        {"resmlp_24", 5961292800},
      {"resmlp_36", 8912845824},        {"resmlp_big_24", 100230739968},
      {"gmixer_12", 2659310592},        {"gmixer_24", 5260434432},
      {"gmlp_ti16", 1328989184},        {"gmlp_s16", 4392060928},
      {"gmlp_b16", 15720452096},        {"asmlp_t", 4350425088 + 76800},
      {"asmlp_s", 8512223232 + 150528}, {"asmlp_b", 15126077440 + 200704},
      {"vip_s14", 6855613440},          {"vip_s7", 6901767168},
      {"vip_m7", 16284307456},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    cr_expect_eq(count_macs(cases[i].name), cases[i].macs, "%s: %llu", cases[i].name,
                 (unsigned long long)count_macs(cases[i].name));
  }
}

Test(published, binds_the_trained_model) {
  Model *model;
  Weights *weights;
  RecipeTable *recipes = recipe_table_new(arena);
  const char *path = ATMC_SOURCE_DIR "/examples/glyphs/glyphs.safetensors";
  cr_assert_eq(frontend_read_model(arena, recipes, &diag, model_path("glyphs", false), &model), 0);
  cr_assert_eq(weights_open(arena, &diag, path, NULL, &weights), STATUS_OK);
  cr_assert_eq(weights_bind(weights, model, false, &diag), STATUS_OK);
  cr_expect_eq(count_parameters(model), 944466);
  cr_assert_eq(model->class_count, 34);
  cr_expect_str_eq(model->class_names[10], "A");
  weights_close(weights);
}
