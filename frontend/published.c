/* The descriptions of the published models, each written from the sizes of its family. */
#include "frontend/published.h"

#include <inttypes.h>
#include <string.h>

#include "frontend/error_list.h"
#include "frontend/json_quote.h"
#include "support/nearest.h"

static const PublishedFamily *const families[] = {
    &published_atmnet, &published_cyclemlp, &published_mixer,    &published_asmlp,
    &published_vip,    &published_vmamba,   &published_vmamba_v0};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

/* Of all families, for --help and completion. */
static const char *const names[] = {
    "atmnet_xt",   "atmnet_t",    "atmnet_s",    "atmnet_b",      "atmnet_l",    "glyphs",
    "cyclemlp_b1", "cyclemlp_b2", "cyclemlp_b3", "cyclemlp_b4",   "cyclemlp_b5", "mixer_s32",
    "mixer_s16",   "mixer_b32",   "mixer_b16",   "mixer_l32",     "mixer_l16",   "mixer_h14",
    "resmlp_12",   "resmlp_24",   "resmlp_36",   "resmlp_big_24", "gmixer_12",   "gmixer_24",
    "gmlp_ti16",   "gmlp_s16",    "gmlp_b16",    "asmlp_t",       "asmlp_s",     "asmlp_b",
    "vip_s14",     "vip_s7",      "vip_m7",      "vip_l7",        "vmamba_t",    "vmamba_s",
    "vmamba_b",    "vmamba_v0_t", "vmamba_v0_s", "vmamba_v0_b",   NULL};

const char *const *published_model_names(void) {
  return names;
}

void published_next_layer(StringBuilder *out) {
  string_builder_add(out, ",\n    ");
}

void published_head(StringBuilder *out, const PublishedRequest *request, PublishedNorm norm,
                    int classes) {
  uint32_t wanted = request->options->classes;
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"%s\", \"name\": \"%snorm\"%s}", norm.op, norm.prefix,
                        norm.eps);
  published_next_layer(out);
  string_builder_add(out, "{\"op\": \"mean_hw\"}");
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"linear\", \"name\": \"%shead\", \"channels\": %u}",
                        norm.prefix, wanted ? wanted : (uint32_t)classes);
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

/* The line of class names. */
static void write_classes(StringBuilder *out, const ClassNames *names) {
  if (names->count == 0) return;
  string_builder_add(out, ",\n  \"classes\": [");
  for (uint32_t i = 0; i < names->count; ++i) {
    string_builder_add(out, i ? ", " : "");
    json_quote(out, names->items[i]);
  }
  string_builder_add(out, "]");
}

/* What stands behind the name of the model. */
static const char *suffix_of(Arena *arena, const PublishedOptions *options) {
  if (options->head) return arena_printf(arena, "_%s", options->head);
  return options->pyramid ? "_pyramid" : "";
}

enum { IMAGE_SIDE = 224, RESIZED_SIDE = 256 }; /* of evaluations */

/* The shorter side of a photo of which the middle `crop` x `crop` is shown: in proportion to
 * RESIZED_SIDE, but Vision Permutators S and M are evaluated on 9/10 of the photo. */
static int64_t resized_side(const char *name, int64_t crop) {
  bool tenths = strncmp(name, "vip_s", 5) == 0 || strncmp(name, "vip_m", 5) == 0;
  return tenths ? crop * 10 / 9 : crop * RESIZED_SIDE / IMAGE_SIDE;
}

/* Photos as the authors evaluate (timm for its models): Mixers and gMLPs see them from -1 to 1, all
 * others as is usual for ImageNet. */
static void write_pixels(StringBuilder *out, const char *name, const PublishedOptions *o) {
  bool halves = strncmp(name, "mixer_", 6) == 0 || strncmp(name, "gmlp_", 5) == 0;
  string_builder_printf(out,
                        "    {\"name\": \"image\", \"channels\": 3,\n"
                        "     \"pixels\": {\"format\": \"u8\", \"layout\": \"nhwc\", \"order\": "
                        "\"rgb\",\n                \"mean\": [%s], \"std\": [%s]}",
                        halves ? "0.5, 0.5, 0.5" : "0.485, 0.456, 0.406",
                        halves ? "0.5, 0.5, 0.5" : "0.229, 0.224, 0.225");
  int64_t crop = o->height ? o->height : IMAGE_SIDE;
  if (!o->pyramid && !o->head && o->height == o->width) {
    string_builder_printf(out,
                          ",\n     \"resize\": {\"to\": %" PRId64 ", \"crop\": %" PRId64
                          ", \"filter\": \"bicubic\"}",
                          resized_side(name, crop), crop);
  }
  string_builder_add(out, "}\n");
}

static const char *write(Arena *arena, const PublishedFamily *family, const char *name,
                         const PublishedRequest *request) {
  StringBuilder out = {.arena = arena};
  string_builder_printf(&out, "{\n  \"atmc\": 1,\n  \"name\": \"%s%s\",\n", name,
                        suffix_of(arena, request->options));
  string_builder_add(&out, "  \"inputs\": [\n");
  if (request->options->pixels) {
    write_pixels(&out, name, request->options);
  } else {
    string_builder_add(&out, "    {\"name\": \"image\", \"layout\": \"nchw\", \"channels\": 3}\n");
  }
  string_builder_add(&out,
                     "  ],\n"
                     "  \"layers\": [\n    ");
  family->write(&out, request);
  string_builder_add(&out, "\n  ]");
  write_classes(&out, &request->options->class_names);
  string_builder_add(&out, "\n}\n");
  return string_builder_text(&out);
}

/* What is wrong with the options for the model; NULL: nothing. */
static const char *problem(Arena *arena, const PublishedFamily *family, const char *name,
                           const PublishedRequest *request) {
  const PublishedOptions *o = request->options;
  if (o->pixels && strcmp(name, "glyphs") == 0) {
    return "--pixels: glyphs has no photos; write its mean and std by hand";
  }
  if (o->pyramid && !family->has_pyramid) {
    const char *why = family->patch ? "has one resolution, and no stages" : "has none here";
    return arena_printf(arena, "--pyramid: %s %s", name, why);
  }
  if (o->head && !family->has_pyramid) {
    return arena_printf(arena, "--head: %s has one resolution, and no stages", name);
  }
  if (o->head && o->pyramid) return "--head: a pyramid has no head";
  if (o->answer && !o->head) return "--answer: goes with --head";
  if (o->head && o->class_names.count) {
    return "--class-names: names go with an output of one vector per image";
  }
  if (o->pyramid && (o->classes || o->class_names.count)) {
    return "--pyramid: a pyramid has maps and no classes";
  }
  if (o->height && family->has_one_size) {
    return arena_printf(arena, "--size: %s takes images of 224x224 alone", name);
  }
  if (o->height && !family->patch) {
    return arena_printf(arena, "--size: %s takes images of any size, which --shape names later",
                        name);
  }
  int patch = family->patch ? family->patch(request->model) : 1;
  if (o->height % patch == 0 && o->width % patch == 0) return NULL;
  return arena_printf(arena, "--size: patches of %dx%d do not tile images of %" PRId64 "x%" PRId64,
                      patch, patch, o->height, o->width);
}

static Status unknown_name(Arena *arena, Diag *diag, const char *name) {
  const char *near = nearest_name(name, names, sizeof names / sizeof *names - 1);
  const char *quoted = error_list_quote(arena, name);
  if (near) return diag_usage_error(diag, "no model %s; did you mean %s?", quoted, near);
  return diag_usage_error(diag, "no model %s; see atmc init --help", quoted);
}

Status published_write(Arena *arena, Diag *diag, const char *name, const PublishedOptions *options,
                       const char **text) {
  PublishedRequest request = {.options = options};
  const PublishedFamily *family = find(name, &request.model);
  const char *alias = family ? NULL : published_alias(arena, name);
  if (alias) {
    diag_note(diag, diag_file(name), "called %s here", alias);
    name = alias;
    family = find(name, &request.model);
  }
  if (!family) return unknown_name(arena, diag, name);
  const char *bad = problem(arena, family, name, &request);
  if (bad) return diag_usage_error(diag, "%s", bad);
  *text = write(arena, family, name, &request);
  return STATUS_OK;
}
