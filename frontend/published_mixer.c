/* MLP-Mixer: patches, then blocks at one resolution, here that of 224x224 images. */
#include "frontend/published.h"

#include <inttypes.h>

enum { IMAGE_SIDE = 224, CLASSES = 1000 };

/* `patch` is the side of a patch in pixels; a grid of tokens has IMAGE_SIDE / patch of them on a
 * side. */
typedef struct Size {
  int layers, patch, channels;
  int channel_hidden, token_hidden;
} Size;

static const char *const names[] = {"mixer_s32", "mixer_s16", "mixer_b32", "mixer_b16",
                                    "mixer_l32", "mixer_l16", "mixer_h14", NULL};
static const Size sizes[] = {
    {8, 32, 512, 2048, 256},   {8, 16, 512, 2048, 256},   {12, 32, 768, 3072, 384},
    {12, 16, 768, 3072, 384},  {24, 32, 1024, 4096, 512}, {24, 16, 1024, 4096, 512},
    {32, 14, 1280, 5120, 640},
};

/* The layers of model `model` of `names`. */
static int patch_of(uint32_t model) {
  return sizes[model].patch;
}

/* The key of the grid of tokens that images of `o` have. */
static const char *grid_text(Arena *arena, const PublishedOptions *o, int patch) {
  int64_t h = (o->height ? o->height : IMAGE_SIDE) / patch;
  int64_t w = (o->width ? o->width : IMAGE_SIDE) / patch;
  return h == w ? arena_printf(arena, "%" PRId64, h)
                : arena_printf(arena, "[%" PRId64 ", %" PRId64 "]", h, w);
}

static void write_mixer(StringBuilder *out, const PublishedRequest *request) {
  static const char eps[] = ", \"eps\": 1e-6";
  const Size *size = &sizes[request->model];
  const char *grid = grid_text(out->arena, request->options, size->patch);
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"stem.proj\", \"channels\": %d, "
                        "\"kernel\": %d, \"stride\": %d}",
                        size->channels, size->patch, size->patch);
  for (int i = 0; i < size->layers; ++i) {
    published_next_layer(out);
    string_builder_printf(out,
                          "{\"op\": \"mixer_block\", \"name\": \"blocks.%d\", \"grid\": %s, "
                          "\"token_hidden\": %d, \"channel_hidden\": %d%s}",
                          i, grid, size->token_hidden, size->channel_hidden, eps);
  }
  published_head(out, request, eps, CLASSES);
}

const PublishedFamily published_mixer = {names, false, patch_of, write_mixer};
