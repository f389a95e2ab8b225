/* The descriptions of the published ATMNets, written from a table of their sizes. */
#include <string.h>

#include "frontend/frontend.h"
#include "support/string_builder.h"

enum { STAGES = 4 };

typedef struct Size {
  const char *name;
  int depths[STAGES];
  int ratios[STAGES];
  int dims[STAGES];
  int share[STAGES];
  int interval; /* of blocks that make new offsets */
  int classes;
} Size;

static const Size sizes[] = {
    {"atmnet_xt", {2, 2, 4, 2}, {4, 4, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 2, 1000},
    {"atmnet_t", {2, 3, 10, 3}, {4, 4, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 2, 1000},
    {"atmnet_s", {3, 4, 18, 3}, {8, 8, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 6, 1000},
    {"atmnet_b", {3, 8, 27, 3}, {8, 8, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 6, 1000},
    {"atmnet_l", {3, 4, 24, 3}, {4, 4, 4, 4}, {96, 192, 384, 768}, {2, 4, 4, 8}, 6, 1000},
    {"glyphs", {2, 2, 4, 2}, {2, 2, 2, 2}, {32, 64, 96, 128}, {2, 4, 4, 8}, 2, 34},
};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes };

static const char *const names[] = {"atmnet_xt", "atmnet_t", "atmnet_s", "atmnet_b",
                                    "atmnet_l",  "glyphs",   NULL};

const char *const *published_model_names(void) {
  return names;
}

/* Begins a line of the list of layers. */
static void next_layer(StringBuilder *out) {
  string_builder_add(out, ",\n    ");
}

/* A block makes new offsets every `interval` blocks, but not the last of its stage. */
static bool makes_offsets(const Size *size, int stage, int block) {
  return block % size->interval == 0 && block != size->depths[stage] - 1;
}

static void write_block(StringBuilder *out, const Size *size, int stage, int block, int source) {
  next_layer(out);
  if (source == block) {
    string_builder_printf(out, "{\"op\": \"peg\", \"name\": \"pos_blocks.%d\"}", stage);
    next_layer(out);
  }
  string_builder_printf(out,
                        "{\"op\": \"atm_block\", \"name\": \"blocks.%d.%d\", \"mlp_ratio\": %d",
                        stage, block, size->ratios[stage]);
  if (source == block)
    string_builder_printf(out, ", \"offsets\": \"new\", \"share\": %d}", size->share[stage]);
  else
    string_builder_printf(out, ", \"offsets\": \"blocks.%d.%d\"}", stage, source);
}

static void write_stage(StringBuilder *out, const Size *size, int stage) {
  int last = size->depths[stage] - 1, source = 0;
  for (int block = 0; block <= last; block++) {
    if (makes_offsets(size, stage, block)) source = block;
    write_block(out, size, stage, block, source);
  }
  if (stage == STAGES - 1) return;
  next_layer(out);
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"blocks.%d.%d.downsample.proj\", "
                        "\"channels\": %d, \"kernel\": 3, \"stride\": 2, \"padding\": 1}",
                        stage, last, size->dims[stage + 1]);
}

/* A norm of each stage's last block. */
static void write_pyramid(StringBuilder *out, const Size *size) {
  for (int stage = 0; stage < STAGES; stage++) {
    next_layer(out);
    string_builder_printf(
        out, "{\"op\": \"layer_norm\", \"name\": \"norm_%d\", \"inputs\": [\"blocks.%d.%d\"]}",
        stage, stage, size->depths[stage] - 1);
  }
  string_builder_add(out, "\n  ],\n  \"outputs\": [");
  for (int stage = 0; stage < STAGES; stage++)
    string_builder_printf(
        out, "%s\n    {\"name\": \"level%d\", \"from\": \"norm_%d\", \"layout\": \"nchw\"}",
        stage == 0 ? "" : ",", stage, stage);
}

static void write_head(StringBuilder *out, const Size *size) {
  next_layer(out);
  string_builder_add(out, "{\"op\": \"layer_norm\", \"name\": \"norm\"}");
  next_layer(out);
  string_builder_add(out, "{\"op\": \"mean_hw\"}");
  next_layer(out);
  string_builder_printf(out, "{\"op\": \"linear\", \"name\": \"head\", \"channels\": %d}",
                        size->classes);
  string_builder_add(out, "\n  ],\n  \"outputs\": [\n    {\"name\": \"logits\"}");
}

const char *published_model_json(Arena *arena, const char *name, bool pyramid) {
  const Size *size = sizes;
  while (size < sizes + SIZE_COUNT && strcmp(size->name, name) != 0) size++;
  if (size == sizes + SIZE_COUNT) return NULL;
  StringBuilder out = {.arena = arena};
  string_builder_printf(&out, "{\n  \"atmc\": 1,\n  \"name\": \"%s%s\",\n", name,
                        pyramid ? "_pyramid" : "");
  string_builder_add(&out,
                     "  \"inputs\": [\n"
                     "    {\"name\": \"image\", \"layout\": \"nchw\", \"channels\": 3}\n"
                     "  ],\n"
                     "  \"layers\": [\n    ");
  string_builder_printf(&out,
                        "{\"op\": \"conv2d\", \"name\": \"patch_embed.proj\", \"channels\": %d, "
                        "\"kernel\": 7, \"stride\": 4, \"padding\": 2}",
                        size->dims[0]);
  for (int stage = 0; stage < STAGES; stage++) write_stage(&out, size, stage);
  if (pyramid)
    write_pyramid(&out, size);
  else
    write_head(&out, size);
  string_builder_add(&out, "\n  ]\n}\n");
  return string_builder_text(&out);
}
