/* VMamba, and its first generation: four stages of blocks, each at half the resolution of the one
 * before and twice the channels. Numbers in the names of stem and downsampling are places in the
 * published sequences. */
#include "frontend/published.h"

enum { STAGES = 4, RATIO = 4, CLASSES = 1000, STATES_V0 = 16, EXPANSION_V0 = 2 };

typedef struct Size {
  int depths[STAGES];
  int channels; /* of the first stage */
  int expansion;
} Size;

static const char *const names[] = {"vmamba_t", "vmamba_s", "vmamba_b", NULL};
static const Size sizes[] = {
    {{2, 2, 8, 2}, 96, 1},
    {{2, 2, 15, 2}, 96, 2},
    {{2, 2, 15, 2}, 128, 2},
};
static const char *const v0_names[] = {"vmamba_v0_t", "vmamba_v0_s", "vmamba_v0_b", NULL};
static const Size v0_sizes[] = {
    {{2, 2, 9, 2}, 96, EXPANSION_V0},
    {{2, 2, 27, 2}, 96, EXPANSION_V0},
    {{2, 2, 27, 2}, 128, EXPANSION_V0},
};

/* A description in the making. `prefix` stands before the names of all layers. */
typedef struct Writing {
  StringBuilder *out;
  const Size *size;
  const char *prefix;
} Writing;

/* A convolution, and a layer norm behind it. */
static void write_step(const Writing *w, const char *convolution, int channels, const char *norm) {
  string_builder_printf(w->out,
                        "{\"op\": \"conv2d\", \"name\": \"%s%s\", \"channels\": %d, \"kernel\": 3, "
                        "\"stride\": 2, \"padding\": 1}",
                        w->prefix, convolution, channels);
  published_next_layer(w->out);
  string_builder_printf(w->out, "{\"op\": \"layer_norm\", \"name\": \"%s%s\"}", w->prefix, norm);
}

static void write_stem(const Writing *w) {
  write_step(w, "patch_embed.0", w->size->channels / 2, "patch_embed.2");
  published_next_layer(w->out);
  string_builder_add(w->out, "{\"op\": \"gelu\"}");
  published_next_layer(w->out);
  write_step(w, "patch_embed.5", w->size->channels, "patch_embed.7");
}

/* The blocks of a stage. */
static void write_blocks(const Writing *w, int stage, const char *keys) {
  for (int block = 0; block < w->size->depths[stage]; ++block) {
    published_next_layer(w->out);
    string_builder_printf(w->out,
                          "{\"op\": \"vss_block\", \"name\": \"%slayers.%d.blocks.%d\", %s}",
                          w->prefix, stage, block, keys);
  }
}

/* The norms of the stages' last blocks, and what is made of them. */
static void write_levels(const Writing *w, const PublishedRequest *request) {
  const char *levels[STAGES];
  for (int stage = 0; stage < STAGES; ++stage) {
    levels[stage] = arena_printf(w->out->arena, "%soutnorm%d", w->prefix, stage);
    published_next_layer(w->out);
    string_builder_printf(w->out,
                          "{\"op\": \"layer_norm\", \"name\": \"%s\", \"inputs\": "
                          "[\"%slayers.%d.blocks.%d\"]}",
                          levels[stage], w->prefix, stage, w->size->depths[stage] - 1);
  }
  published_levels(w->out, request, levels, STAGES);
}

/* The maps of all stages, or logits. */
static void write_end(const Writing *w, const PublishedRequest *request) {
  if (request->options->pyramid || request->options->head) {
    write_levels(w, request);
  } else {
    published_head(w->out, request, (PublishedNorm){"layer_norm", "", "classifier."}, CLASSES);
  }
}

static void write_vmamba(StringBuilder *out, const PublishedRequest *request) {
  Writing w = {out, &sizes[request->model], request->options->head ? "backbone." : ""};
  const char *keys = arena_printf(out->arena, "\"states\": 1, \"expansion\": %d, \"mlp_ratio\": %d",
                                  w.size->expansion, RATIO);
  write_stem(&w);
  for (int stage = 0; stage < STAGES; ++stage) {
    write_blocks(&w, stage, keys);
    if (stage == STAGES - 1) continue;
    published_next_layer(out);
    write_step(&w, arena_printf(out->arena, "layers.%d.downsample.1", stage),
               w.size->channels << (stage + 1),
               arena_printf(out->arena, "layers.%d.downsample.3", stage));
  }
  write_end(&w, request);
}

static void write_vmamba_v0(StringBuilder *out, const PublishedRequest *request) {
  Writing w = {out, &v0_sizes[request->model], request->options->head ? "backbone." : ""};
  const char *keys = arena_printf(out->arena, "\"states\": %d, \"expansion\": %d, \"gated\": true",
                                  STATES_V0, w.size->expansion);
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"%spatch_embed.0\", \"channels\": %d, "
                        "\"kernel\": 4, \"stride\": 4}",
                        w.prefix, w.size->channels);
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"layer_norm\", \"name\": \"%spatch_embed.2\"}", w.prefix);
  for (int stage = 0; stage < STAGES; ++stage) {
    write_blocks(&w, stage, keys);
    if (stage == STAGES - 1) continue;
    published_next_layer(out);
    string_builder_printf(out, "{\"op\": \"token_merging\", \"name\": \"%slayers.%d.downsample\"}",
                          w.prefix, stage);
  }
  write_end(&w, request);
}

const PublishedFamily published_vmamba = {names, true, false, NULL, write_vmamba};
const PublishedFamily published_vmamba_v0 = {v0_names, true, false, NULL, write_vmamba_v0};
