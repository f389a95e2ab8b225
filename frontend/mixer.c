/* The block of MLP-Mixer (arXiv 2105.01601):
 *
 *   x = x + fc2 gelu fc1 layer_norm(x)     fc1, fc2 over the tokens, the same for every channel
 *   x = x + fc2 gelu fc1 layer_norm(x)     over the channels
 *
 * and that of gMixer, of timm, where instead of GELU the second half of what fc1 makes gates the
 * first: value gate sigmoid(gate).
 *
 * The token weights fix the number of tokens, so the grid of tokens is part of the description.
 */
#include "frontend/halves.h"

/* x gate sigmoid(gate). */
static ValueId gate_silu(Lowering *l, ValueId x, ValueId gate) {
  Builder b = l->builder;
  return build_mul(b, x, build_mul(b, gate, build_sigmoid(b, gate)));
}

/* A half of the hidden tokens of `x`, as `a` says. */
static ValueId half_of_tokens(Lowering *l, const Halves *halves, Half half, ValueId x,
                              AttrsMIX_ROWS a) {
  ValueId w = halves_weight(l, halves, half);
  return build_mix_rows(l->builder, x, w, halves_bias(l, halves, half), a);
}

/* fc1 over the tokens, and what is done to its result. The hidden tokens stand as a map
 * [hidden, 1]. */
static ValueId hide_tokens(Lowering *l, const LayerSpec *spec, ValueId x) {
  Builder b = l->builder;
  const char *fc1 = layer_part(l, spec, "mlp_tokens.fc1");
  AttrsMIX_ROWS a = {.in_h = (int32_t)spec->grid[0],
                     .in_w = (int32_t)spec->grid[1],
                     .out_h = (int32_t)spec->token_hidden,
                     .out_w = 1};
  if (!spec->gated) return build_gelu(b, layer_mix_rows(l, fc1, x, a));
  Halves h = halves_begin(l, fc1, spec->token_hidden, (int64_t)a.in_h * a.in_w);
  a.out_h /= 2;
  ValueId gate = half_of_tokens(l, &h, HALF_GATES, x, a);
  return gate_silu(l, half_of_tokens(l, &h, HALF_VALUES, x, a), gate);
}

/* fc1 over the channels, and what is done to its result. */
static ValueId hide_channels(Lowering *l, const LayerSpec *spec, ValueId x) {
  Builder b = l->builder;
  const char *fc1 = layer_part(l, spec, "mlp_channels.fc1");
  if (!spec->gated) return build_gelu(b, layer_linear(l, fc1, x, spec->channel_hidden, true));
  Halves h = halves_begin(l, fc1, spec->channel_hidden, type_channels(graph_type(b.graph, x)));
  ValueId gate = halves_linear(l, &h, HALF_GATES, x);
  return gate_silu(l, halves_linear(l, &h, HALF_VALUES, x), gate);
}

static void lower_mixer_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                              Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  if (spec->gated && !halves_fit(l, "token_hidden", spec->token_hidden)) return;
  if (spec->gated && !halves_fit(l, "channel_hidden", spec->channel_hidden)) return;
  Builder b = l->builder;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  ValueId y = layer_norm(l, layer_part(l, spec, "norm1"), x, spec->eps);
  y = hide_tokens(l, spec, y);
  y = layer_mix_rows(l, layer_part(l, spec, "mlp_tokens.fc2"), y,
                     (AttrsMIX_ROWS){.in_h = (int32_t)(spec->token_hidden / (spec->gated ? 2 : 1)),
                                     .in_w = 1,
                                     .out_h = (int32_t)spec->grid[0],
                                     .out_w = (int32_t)spec->grid[1]});
  x = build_add(b, x, y);
  y = layer_norm(l, layer_part(l, spec, "norm2"), x, spec->eps);
  y = hide_channels(l, spec, y);
  y = layer_linear(l, layer_part(l, spec, "mlp_channels.fc2"), y, channels, true);
  result->value = build_add(b, x, y);
  result->extent = inputs[0]->extent;
}

static const JsonField mixer_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(grid, PAIR, 1, 1, LAYER_MAX_GRID),
    LAYER_KEY(token_hidden, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(channel_hidden, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(gated, BOOL, 0, 0, 0),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {LAYER_OP(mixer_block, 1, mixer_block_keys)};
const LayerFamily mixer_family = {ops, sizeof ops / sizeof *ops};
