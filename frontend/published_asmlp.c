/* AS-MLP: patches of 4x4, then four stages of blocks, each at half the resolution of the one before
 * and twice the channels. */
#include "frontend/published.h"

enum { STAGES = 4, PATCH = 4, RATIO = 4, SHIFT = 5, CLASSES = 1000 };

typedef struct Size {
  int depths[STAGES];
  int channels; /* of the first stage */
} Size;

static const char *const names[] = {"asmlp_t", "asmlp_s", "asmlp_b", NULL};
static const Size sizes[] = {
    {{2, 2, 6, 2}, 96},
    {{2, 2, 18, 2}, 96},
    {{2, 2, 18, 2}, 128},
};

static void write_stage(StringBuilder *out, const Size *size, int stage) {
  for (int block = 0; block < size->depths[stage]; ++block) {
    published_next_layer(out);
    string_builder_printf(out,
                          "{\"op\": \"asmlp_block\", \"name\": \"layers.%d.blocks.%d\", "
                          "\"mlp_ratio\": %d, \"shift\": %d}",
                          stage, block, RATIO, SHIFT);
  }
  if (stage == STAGES - 1) return;
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"patch_merging\", \"name\": \"layers.%d.downsample\"}",
                        stage);
}

static void write_asmlp(StringBuilder *out, const PublishedRequest *request) {
  const Size *size = &sizes[request->model];
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"patch_embed.proj\", \"channels\": %d, "
                        "\"kernel\": %d, \"stride\": %d}",
                        size->channels, PATCH, PATCH);
  published_next_layer(out);
  string_builder_add(out, "{\"op\": \"group_norm\", \"name\": \"patch_embed.norm\"}");
  for (int stage = 0; stage < STAGES; ++stage) write_stage(out, size, stage);
  published_head(out, request, (PublishedNorm){"group_norm", "", ""}, CLASSES);
}

const PublishedFamily published_asmlp = {names, false, false, NULL, write_asmlp};
