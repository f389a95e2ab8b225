/* The block of MLP-Mixer (arXiv 2105.01601):
 *
 *   x = x + fc2 gelu fc1 layer_norm(x)     fc1, fc2 over the tokens, the same for every channel
 *   x = x + mlp(layer_norm(x))             over the channels
 *
 * The token weights fix the number of tokens, so the grid of tokens is part of the description.
 */
#include "frontend/layer.h"

/* The hidden tokens stand as a map [token_hidden, 1] between the two products over tokens. */
static void lower_mixer_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                              Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  ValueId x = inputs[0]->value;
  int32_t height = (int32_t)spec->grid[0], width = (int32_t)spec->grid[1];
  int32_t hidden = (int32_t)spec->token_hidden;
  ValueId y = layer_norm(l, layer_part(l, spec, "norm1"), x, spec->eps);
  y = layer_mix_rows(l, layer_part(l, spec, "mlp_tokens.fc1"), y,
                     (AttrsMIX_ROWS){.in_h = height, .in_w = width, .out_h = hidden, .out_w = 1});
  y = layer_mix_rows(l, layer_part(l, spec, "mlp_tokens.fc2"), build_gelu(b, y),
                     (AttrsMIX_ROWS){.in_h = hidden, .in_w = 1, .out_h = height, .out_w = width});
  x = build_add(b, x, y);
  y = layer_norm(l, layer_part(l, spec, "norm2"), x, spec->eps);
  y = layer_mlp(l, layer_part(l, spec, "mlp_channels"), y, spec->channel_hidden);
  result->value = build_add(b, x, y);
  result->extent = inputs[0]->extent;
}

static const JsonField mixer_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(grid, PAIR, 1, 1, LAYER_MAX_GRID),
    LAYER_KEY(token_hidden, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(channel_hidden, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {LAYER_OP(mixer_block, 1, mixer_block_keys)};
const LayerFamily mixer_family = {ops, sizeof ops / sizeof *ops};
