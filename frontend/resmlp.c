/* The layers of ResMLP (arXiv 2105.03404), under the names of timm:
 *
 *   affine(x) = alpha x + beta
 *   x = x + ls1 linear_tokens(affine(x))     over the tokens, the same for every channel
 *   x = x + ls2 mlp(affine(x))               over the channels
 *
 * The token weights fix the number of tokens, so the grid of tokens is part of the description.
 */
#include "frontend/layer.h"

/* The constant PREFIX.SUFFIX [C], published as [1,1,C]. */
static ValueId row_vector(Lowering *l, const char *prefix, const char *suffix, int64_t channels) {
  const Recipe *published =
      layer_tensor(l, prefix, suffix, type_make(3, (const int64_t[]){1, 1, channels}));
  return build_constant(l->builder,
                        recipe_reshape(l->model->graph->recipes, published, type_vector(channels)));
}

static ValueId affine(Lowering *l, const char *prefix, ValueId x) {
  int64_t channels = type_channels(graph_type(l->builder.graph, x));
  ValueId y = build_mul(l->builder, x, row_vector(l, prefix, "alpha", channels));
  return build_add(l->builder, y, row_vector(l, prefix, "beta", channels));
}

/* x plus y, each channel of which is scaled by the tensor NAME.SCALE. */
static ValueId add_scaled(Lowering *l, const LayerSpec *spec, const char *scale, ValueId x,
                          ValueId y) {
  Builder b = l->builder;
  Type type = type_vector(type_channels(graph_type(b.graph, x)));
  y = build_mul(b, y, build_constant(b, layer_tensor(l, spec->name, scale, type)));
  return build_add(b, x, y);
}

static void lower_affine(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  result->value = affine(l, spec->name, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static void lower_resmlp_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                               Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  ValueId x = inputs[0]->value;
  int32_t height = (int32_t)spec->grid[0], width = (int32_t)spec->grid[1];
  AttrsMIX_ROWS tokens = {.in_h = height, .in_w = width, .out_h = height, .out_w = width};
  ValueId y = affine(l, layer_part(l, spec, "norm1"), x);
  y = layer_mix_rows(l, layer_part(l, spec, "linear_tokens"), y, tokens);
  x = add_scaled(l, spec, "ls1", x, y);
  y = affine(l, layer_part(l, spec, "norm2"), x);
  y = layer_mlp(l, layer_part(l, spec, "mlp_channels"), y, spec->channel_hidden);
  result->value = add_scaled(l, spec, "ls2", x, y);
  result->extent = inputs[0]->extent;
}

static const JsonField affine_keys[] = {LAYER_COMMON_KEYS(1)};
static const JsonField resmlp_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(grid, PAIR, 1, 1, LAYER_MAX_GRID),
    LAYER_KEY(channel_hidden, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {
    LAYER_OP(affine, 1, affine_keys),
    LAYER_OP(resmlp_block, 1, resmlp_block_keys),
};
const LayerFamily resmlp_family = {ops, sizeof ops / sizeof *ops};
