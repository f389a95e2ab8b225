/* The descriptions of the published models, each written from the sizes of its family. */
#include "frontend/published.h"

#include <string.h>

#include "frontend/frontend.h"

static const PublishedFamily *const families[] = {&published_atmnet, &published_cyclemlp,
                                                  &published_mixer};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

/* Of all families, for --help and completion. */
static const char *const names[] = {"atmnet_xt",   "atmnet_t",    "atmnet_s",    "atmnet_b",
                                    "atmnet_l",    "glyphs",      "cyclemlp_b1", "cyclemlp_b2",
                                    "cyclemlp_b3", "cyclemlp_b4", "cyclemlp_b5", "mixer_s32",
                                    "mixer_s16",   "mixer_b32",   "mixer_b16",   "mixer_l32",
                                    "mixer_l16",   "mixer_h14",   NULL};

const char *const *published_model_names(void) {
  return names;
}

void published_next_layer(StringBuilder *out) {
  string_builder_add(out, ",\n    ");
}

void published_head(StringBuilder *out, const char *eps, int classes) {
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"layer_norm\", \"name\": \"norm\"%s}", eps);
  published_next_layer(out);
  string_builder_add(out, "{\"op\": \"mean_hw\"}");
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"linear\", \"name\": \"head\", \"channels\": %d}", classes);
  string_builder_add(out, "\n  ],\n  \"outputs\": [\n    {\"name\": \"logits\"}");
}

/* The family of a model, and which one of it; NULL: nobody published it. */
static const PublishedFamily *find(const char *name, uint32_t *model) {
  for (uint32_t f = 0; f < FAMILY_COUNT; ++f) {
    for (*model = 0; families[f]->names[*model]; ++*model) {
      if (strcmp(families[f]->names[*model], name) == 0) return families[f];
    }
  }
  return NULL;
}

const char *published_model_json(Arena *arena, const char *name, bool pyramid) {
  uint32_t model;
  const PublishedFamily *family = find(name, &model);
  if (!family || (pyramid && !family->has_pyramid)) return NULL;
  StringBuilder out = {.arena = arena};
  string_builder_printf(&out, "{\n  \"atmc\": 1,\n  \"name\": \"%s%s\",\n", name,
                        pyramid ? "_pyramid" : "");
  string_builder_add(&out,
                     "  \"inputs\": [\n"
                     "    {\"name\": \"image\", \"layout\": \"nchw\", \"channels\": 3}\n"
                     "  ],\n"
                     "  \"layers\": [\n    ");
  family->write(&out, model, pyramid);
  string_builder_add(&out, "\n  ]\n}\n");
  return string_builder_text(&out);
}
