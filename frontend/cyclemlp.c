/* The block of CycleMLP (arXiv 2107.10224): that of ATMNet at constant offsets, channel c at
 * (c + 1) mod 3 - 1. The published name sfc_h is of the branch along W, sfc_w of that along H. */
#include "frontend/token_mixer.h"

static const TokenMixerParts parts = {.along_w = "attn.sfc_h",
                                      .along_h = "attn.sfc_w",
                                      .identity = "attn.mlp_c",
                                      .weights = "attn.reweight",
                                      .proj = "attn.proj"};

/* The published buffers of offsets are laid out as those of deformable convolutions,
 * [1,2C,1,1]: for each channel its step along H and its step along W, one of which is 0. */
static void note_offsets(Lowering *l, const LayerSpec *spec, int64_t channels) {
  RecipeTable *table = l->model->graph->recipes;
  Type row = type_matrix(1, channels), published = type_map(1, 2 * channels, 1, 1);
  const Recipe *steps = recipe_reshape(table, recipe_iota3(table, channels), row);
  const Recipe *none = recipe_fill(table, 0, row);
  const struct {
    const char *part;
    const Recipe *h, *w;
  } buffers[] = {{parts.along_w, none, steps}, {parts.along_h, steps, none}};
  for (uint32_t i = 0; i < 2; ++i) {
    const Recipe *both = recipe_concat(table, buffers[i].h, buffers[i].w);
    const Recipe *pairs = recipe_permute(table, both, (const uint32_t[]){1, 0});
    layer_constant(l, layer_part(l, spec, buffers[i].part), "offset",
                   recipe_reshape(table, pairs, published));
  }
}

/* The offsets are constants, 0, 1, -1, 0, ..: an iota3, which a pass makes shifts of. */
static void lower_cycle_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                              Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  int64_t channels = layer_channels(l, inputs[0]);
  if (!token_mixer_fits(l, spec, channels)) return;
  ValueId steps = build_constant(l->builder, recipe_iota3(l->model->graph->recipes, channels));
  Layer offsets = {.offsets_w = steps, .offsets_h = steps, .share = 1};
  result->value = token_mixer_block(l, spec, &parts, inputs[0]->value, &offsets);
  result->extent = inputs[0]->extent;
  note_offsets(l, spec, channels);
}

static const JsonField cycle_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(mlp_ratio, INT, 1, 1, LAYER_MAX_RATIO),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {LAYER_OP(cycle_block, 1, cycle_block_keys)};
const LayerFamily cyclemlp_family = {ops, sizeof ops / sizeof *ops};
