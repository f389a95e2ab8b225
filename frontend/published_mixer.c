/* MLP-Mixer and its relatives: patches, then blocks at one resolution, here that of 224x224 images.
 */
#include "frontend/published.h"

#include <inttypes.h>

enum { IMAGE_SIDE = 224, CLASSES = 1000 };

/* What the blocks of a family have in common. */
typedef struct Kind {
  const char *block, *norm; /* ops: of a block, and before the head */
  const char *eps;          /* a key of both, or "" */
  const char *more;         /* keys of each block, or "" */
} Kind;

#define EPS ", \"eps\": 1e-6"
static const Kind mixer = {"mixer_block", "layer_norm", EPS, ""};
static const Kind gmixer = {"mixer_block", "layer_norm", EPS, ", \"gated\": true"};
static const Kind gmlp = {"gmlp_block", "layer_norm", EPS, ""};
static const Kind resmlp = {"resmlp_block", "affine", "", ""};

/* `patch` is the side of a patch in pixels; a grid of tokens has IMAGE_SIDE / patch of them on a
 * side. */
typedef struct Size {
  const Kind *kind;
  int layers, patch, channels;
  int channel_hidden, token_hidden; /* 0: the blocks have no such key */
} Size;

static const char *const names[] = {
    "mixer_s32", "mixer_s16", "mixer_b32", "mixer_b16",     "mixer_l32", "mixer_l16", "mixer_h14",
    "resmlp_12", "resmlp_24", "resmlp_36", "resmlp_big_24", "gmixer_12", "gmixer_24", "gmlp_ti16",
    "gmlp_s16",  "gmlp_b16",  NULL};
static const Size sizes[] = {
    {&mixer, 8, 32, 512, 2048, 256},   {&mixer, 8, 16, 512, 2048, 256},
    {&mixer, 12, 32, 768, 3072, 384},  {&mixer, 12, 16, 768, 3072, 384},
    {&mixer, 24, 32, 1024, 4096, 512}, {&mixer, 24, 16, 1024, 4096, 512},
    {&mixer, 32, 14, 1280, 5120, 640}, {&resmlp, 12, 16, 384, 1536, 0},
    {&resmlp, 24, 16, 384, 1536, 0},   {&resmlp, 36, 16, 384, 1536, 0},
    {&resmlp, 24, 8, 768, 3072, 0},    {&gmixer, 12, 16, 384, 1536, 384},
    {&gmixer, 24, 16, 384, 1536, 384}, {&gmlp, 30, 16, 128, 768, 0},
    {&gmlp, 30, 16, 256, 1536, 0},     {&gmlp, 30, 16, 512, 3072, 0},
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

static void write_block(StringBuilder *out, const Size *size, int block, const char *grid) {
  published_next_layer(out);
  string_builder_printf(out, "{\"op\": \"%s\", \"name\": \"blocks.%d\", \"grid\": %s",
                        size->kind->block, block, grid);
  if (size->token_hidden) {
    string_builder_printf(out, ", \"token_hidden\": %d", size->token_hidden);
  }
  string_builder_printf(out, ", \"channel_hidden\": %d%s%s}", size->channel_hidden,
                        size->kind->more, size->kind->eps);
}

static void write_mixer(StringBuilder *out, const PublishedRequest *request) {
  const Size *size = &sizes[request->model];
  const char *grid = grid_text(out->arena, request->options, size->patch);
  string_builder_printf(out,
                        "{\"op\": \"conv2d\", \"name\": \"stem.proj\", \"channels\": %d, "
                        "\"kernel\": %d, \"stride\": %d}",
                        size->channels, size->patch, size->patch);
  for (int i = 0; i < size->layers; ++i) write_block(out, size, i, grid);
  published_head(out, request, (PublishedNorm){size->kind->norm, size->kind->eps, ""}, CLASSES);
}

const PublishedFamily published_mixer = {names, false, false, patch_of, write_mixer};
