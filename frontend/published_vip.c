/* The Vision Permutator: patches, then four stages of blocks, at most one of which ends at half the
 * resolution. Images are of 224x224, where maps have as many places on a side as segments. */
#include "frontend/published.h"

enum { STAGES = 4, RATIO = 3, CLASSES = 1000 };

typedef struct Size {
  int depths[STAGES];
  int patch;
  int dims[STAGES];
  int segments[STAGES];
} Size;

static const char *const names[] = {"vip_s14", "vip_s7", "vip_m7", "vip_l7", NULL};
static const Size sizes[] = {
    {{4, 3, 8, 3}, 14, {384, 384, 384, 384}, {16, 16, 16, 16}},
    {{4, 3, 8, 3}, 7, {192, 384, 384, 384}, {32, 16, 16, 16}},
    {{4, 3, 14, 3}, 7, {256, 256, 512, 512}, {32, 32, 16, 16}},
    {{8, 8, 16, 4}, 7, {256, 512, 512, 512}, {32, 16, 16, 16}},
};

static void write_vip(StringBuilder *out, const PublishedRequest *request) {
  const Size *size = &sizes[request->model];
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"patch_embed.proj\", \"channels\": %d, "
                        "\"kernel\": %d, \"stride\": %d}",
                        size->dims[0], size->patch, size->patch);
  int part = 0; /* network.N is a stage, or the way to the next where that is smaller */
  for (int stage = 0; stage < STAGES; ++stage, ++part) {
    for (int block = 0; block < size->depths[stage]; ++block) {
      published_next_layer(out);
      string_builder_printf(
          out,
          "{\"op\": \"vip_block\", \"name\": \"network.%d.%d\", \"segments\": %d, "
          "\"mlp_ratio\": %d}",
          part, block, size->segments[stage], RATIO);
    }
    if (stage == STAGES - 1 || size->segments[stage] == size->segments[stage + 1]) continue;
    published_next_layer(out);
    string_builder_printf(out,
                          "{\"op\": \"conv2d\", \"name\": \"network.%d.proj\", \"channels\": %d, "
                          "\"kernel\": 2, \"stride\": 2}",
                          ++part, size->dims[stage + 1]);
  }
  published_head(out, request, (PublishedNorm){"layer_norm", "", ""}, CLASSES);
}

const PublishedFamily published_vip = {names, false, true, NULL, write_vip};
