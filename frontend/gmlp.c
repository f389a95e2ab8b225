/* The block of gMLP (arXiv 2105.08050), under the names of timm:
 *
 *   u, v = halves of gelu(fc1(layer_norm(x)))
 *   x = x + fc2(u proj(layer_norm(v)))        proj over the tokens, the same for every channel
 *
 * proj fixes the number of tokens, so the grid of tokens is part of the description. The norm of v
 * has the usual eps, whatever that of the block is.
 */
#include "frontend/halves.h"

static void lower_gmlp_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                             Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  if (!halves_fit(l, "channel_hidden", spec->channel_hidden)) return;
  Builder b = l->builder;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  int32_t height = (int32_t)spec->grid[0], width = (int32_t)spec->grid[1];
  AttrsMIX_ROWS tokens = {.in_h = height, .in_w = width, .out_h = height, .out_w = width};
  Halves h =
      halves_begin(l, layer_part(l, spec, "mlp_channels.fc1"), spec->channel_hidden, channels);
  ValueId y = layer_norm(l, layer_part(l, spec, "norm"), x, spec->eps);
  ValueId v = build_gelu(b, halves_linear(l, &h, HALF_GATES, y));
  v = layer_norm(l, layer_part(l, spec, "mlp_channels.gate.norm"), v, LAYER_EPS);
  v = layer_mix_rows(l, layer_part(l, spec, "mlp_channels.gate.proj"), v, tokens);
  ValueId u = build_gelu(b, halves_linear(l, &h, HALF_VALUES, y));
  y = layer_linear(l, layer_part(l, spec, "mlp_channels.fc2"), build_mul(b, v, u), channels, true);
  result->value = build_add(b, x, y);
  result->extent = inputs[0]->extent;
}

static const JsonField gmlp_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(grid, PAIR, 1, 1, LAYER_MAX_GRID),
    LAYER_KEY(channel_hidden, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {LAYER_OP(gmlp_block, 1, gmlp_block_keys)};
const LayerFamily gmlp_family = {ops, sizeof ops / sizeof *ops};
