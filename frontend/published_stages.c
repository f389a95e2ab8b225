/* ATMNet and CycleMLP: four stages of blocks, each at half the resolution of the one before. */
#include "frontend/published.h"

enum { STAGES = 4 };

typedef struct Size {
  int depths[STAGES];
  int ratios[STAGES];
  int dims[STAGES];
  int share[STAGES];
  int interval; /* of blocks that make new offsets */
  int classes;
} Size;

static const char *const atmnet_names[] = {"atmnet_xt", "atmnet_t", "atmnet_s", "atmnet_b",
                                           "atmnet_l",  "glyphs",   NULL};
static const Size atmnet_sizes[] = {
    {{2, 2, 4, 2}, {4, 4, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 2, 1000},
    {{2, 3, 10, 3}, {4, 4, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 2, 1000},
    {{3, 4, 18, 3}, {8, 8, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 6, 1000},
    {{3, 8, 27, 3}, {8, 8, 4, 4}, {64, 128, 320, 512}, {2, 4, 4, 8}, 6, 1000},
    {{3, 4, 24, 3}, {4, 4, 4, 4}, {96, 192, 384, 768}, {2, 4, 4, 8}, 6, 1000},
    {{2, 2, 4, 2}, {2, 2, 2, 2}, {32, 64, 96, 128}, {2, 4, 4, 8}, 2, 34},
};

static const char *const cyclemlp_names[] = {"cyclemlp_b1", "cyclemlp_b2", "cyclemlp_b3",
                                             "cyclemlp_b4", "cyclemlp_b5", NULL};
static const Size cyclemlp_sizes[] = {
    {.depths = {2, 2, 4, 2}, .ratios = {4, 4, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {2, 3, 10, 3}, .ratios = {4, 4, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {3, 4, 18, 3}, .ratios = {8, 8, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {3, 8, 27, 3}, .ratios = {8, 8, 4, 4}, .dims = {64, 128, 320, 512}, .classes = 1000},
    {.depths = {3, 4, 24, 3}, .ratios = {4, 4, 4, 4}, .dims = {96, 192, 384, 768}, .classes = 1000},
};

static const PublishedNorm layer_norm = {"layer_norm", ""};

/* A quarter of the image's resolution, in overlapping patches. */
static void write_stem(StringBuilder *out, const Size *size) {
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"patch_embed.proj\", \"channels\": %d, "
                        "\"kernel\": 7, \"stride\": 4, \"padding\": 2}",
                        size->dims[0]);
}

/* From a stage to the next. */
static void write_downsample(StringBuilder *out, const char *name, int channels) {
  published_next_layer(out);
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"%s\", \"channels\": %d, \"kernel\": 3, "
                        "\"stride\": 2, \"padding\": 1}",
                        name, channels);
}

/* The norm of a stage's last block, for a pyramid. */
static void write_norm(StringBuilder *out, const char *name, const char *block) {
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"layer_norm\", \"name\": \"%s\", \"inputs\": [\"%s\"]}",
                        name, block);
}

/* The output of a stage. */
static void write_level(StringBuilder *out, int stage, const char *norm) {
  string_builder_add(out, stage == 0 ? "\n  ],\n  \"outputs\": [\n    " : ",\n    ");
  string_builder_printf(out, "{\"name\": \"level%d\", \"from\": \"%s\", \"layout\": \"nchw\"}",
                        stage, norm);
}

/* -- ATMNet ------------------------------------------------------------------------------------ */

/* A block makes new offsets every `interval` blocks, but not the last of its stage. */
static bool makes_offsets(const Size *size, int stage, int block) {
  return block % size->interval == 0 && block != size->depths[stage] - 1;
}

/* `source` is the block whose offsets it uses: its own, or those of an earlier one. A positional
 * encoding stands in front of each block that makes some. */
static void write_atm_block(StringBuilder *out, const Size *size, int stage, int block,
                            int source) {
  published_next_layer(out);
  if (source == block) {
    string_builder_printf(out, "{\"op\": \"peg\", \"name\": \"pos_blocks.%d\"}", stage);
    published_next_layer(out);
  }
  string_builder_printf(out,
                        "{\"op\": \"atm_block\", \"name\": \"blocks.%d.%d\", \"mlp_ratio\": %d",
                        stage, block, size->ratios[stage]);
  if (source == block) {
    string_builder_printf(out, ", \"offsets\": \"new\", \"share\": %d}", size->share[stage]);
  } else {
    string_builder_printf(out, ", \"offsets\": \"blocks.%d.%d\"}", stage, source);
  }
}

/* The blocks of a stage, and the way to the next. */
static void write_atm_stage(StringBuilder *out, const Size *size, int stage) {
  int last = size->depths[stage] - 1, source = 0;
  for (int block = 0; block <= last; ++block) {
    if (makes_offsets(size, stage, block)) source = block;
    write_atm_block(out, size, stage, block, source);
  }
  if (stage == STAGES - 1) return;
  write_downsample(out, arena_printf(out->arena, "blocks.%d.%d.downsample.proj", stage, last),
                   size->dims[stage + 1]);
}

/* A classifier, or with `pyramid` the normalized maps of all four stages. */
static void write_atmnet(StringBuilder *out, const PublishedRequest *request) {
  bool pyramid = request->options->pyramid;
  const Size *size = &atmnet_sizes[request->model];
  write_stem(out, size);
  for (int stage = 0; stage < STAGES; ++stage) write_atm_stage(out, size, stage);
  for (int stage = 0; pyramid && stage < STAGES; ++stage) {
    write_norm(out, arena_printf(out->arena, "norm_%d", stage),
               arena_printf(out->arena, "blocks.%d.%d", stage, size->depths[stage] - 1));
  }
  for (int stage = 0; pyramid && stage < STAGES; ++stage) {
    write_level(out, stage, arena_printf(out->arena, "norm_%d", stage));
  }
  if (!pyramid) published_head(out, request, layer_norm, size->classes);
}

/* -- CycleMLP: network.N is a stage for even N, the way to the next for odd N ------------------ */

static void write_cycle_stage(StringBuilder *out, const Size *size, int stage) {
  for (int block = 0; block < size->depths[stage]; ++block) {
    published_next_layer(out);
    string_builder_printf(
        out, "{\"op\": \"cycle_block\", \"name\": \"network.%d.%d\", \"mlp_ratio\": %d}", 2 * stage,
        block, size->ratios[stage]);
  }
  if (stage == STAGES - 1) return;
  write_downsample(out, arena_printf(out->arena, "network.%d.proj", 2 * stage + 1),
                   size->dims[stage + 1]);
}

static void write_cyclemlp(StringBuilder *out, const PublishedRequest *request) {
  bool pyramid = request->options->pyramid;
  const Size *size = &cyclemlp_sizes[request->model];
  write_stem(out, size);
  for (int stage = 0; stage < STAGES; ++stage) write_cycle_stage(out, size, stage);
  for (int stage = 0; pyramid && stage < STAGES; ++stage) {
    write_norm(out, arena_printf(out->arena, "norm%d", 2 * stage),
               arena_printf(out->arena, "network.%d.%d", 2 * stage, size->depths[stage] - 1));
  }
  for (int stage = 0; pyramid && stage < STAGES; ++stage) {
    write_level(out, stage, arena_printf(out->arena, "norm%d", 2 * stage));
  }
  if (!pyramid) published_head(out, request, layer_norm, size->classes);
}

const PublishedFamily published_atmnet = {atmnet_names, true, false, NULL, write_atmnet};
const PublishedFamily published_cyclemlp = {cyclemlp_names, true, false, NULL, write_cyclemlp};
