/* The layers of ATMNet (arXiv 2203.06108): the block and the positional encoding before it.
 *
 *   y = layer_norm(x)
 *   w, h, i = linear(sample_w(y)), linear(sample_h(y)), linear(y)
 *   a = softmax over the branches of mlp(mean_hw(w + h + i))
 *   x = x + linear(w a_w + h a_h + i a_i)
 *   x = x + mlp(layer_norm(x))
 *
 * New offsets are one linear of a layer norm of the block's input, W half first.
 */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

static const char *tensor_prefix(Lowering *l, const LayerSpec *spec, const char *part) {
  return arena_printf(l->arena, "%s.%s", spec->name, part);
}

/* linear, gelu, linear: the tensors PREFIX.fc1 and PREFIX.fc2. */
static ValueId mlp(Lowering *l, const char *prefix, ValueId x, int64_t hidden) {
  int64_t channels = type_channels(graph_type(l->builder.graph, x));
  ValueId y = layer_linear(l, arena_printf(l->arena, "%s.fc1", prefix), x, hidden, true);
  y = build_gelu(l->builder, y);
  return layer_linear(l, arena_printf(l->arena, "%s.fc2", prefix), y, channels, true);
}

static void new_offsets(Lowering *l, const LayerSpec *spec, ValueId x, Layer *result) {
  int64_t channels = type_channels(graph_type(l->builder.graph, x));
  int64_t share = spec->share ? spec->share : 1;
  if (channels % share != 0) {
    layer_error(l, "share", "\"share\" (%" PRId64 ") must divide the channels (%" PRId64 ")", share,
                channels);
    return;
  }
  int32_t count = (int32_t)(channels / share);
  ValueId norm = layer_norm(l, tensor_prefix(l, spec, "offset_layer.0"), x, spec->eps);
  ValueId both = layer_linear(l, tensor_prefix(l, spec, "offset_layer.1"), norm, 2 * count, true);
  result->offsets_w = build_slice(l->builder, both, 0, count);
  result->offsets_h = build_slice(l->builder, both, count, count);
  result->share = share;
}

/* One constant offset for all channels. */
static void zero_offsets(Lowering *l, const LayerSpec *spec, ValueId x, Layer *result) {
  if (spec->share) {
    layer_error(l, "share", "\"share\" goes with new or reused offsets, not with \"zero\"");
    return;
  }
  const Recipe *zero = recipe_fill(l->model->graph->recipes, 0, type_vector(1));
  result->offsets_w = result->offsets_h = build_constant(l->builder, zero);
  result->share = type_channels(graph_type(l->builder.graph, x));
}

static void reuse_offsets(Lowering *l, const LayerSpec *spec, const Layer *input, Layer *result) {
  uint32_t index = 0;
  const char *name = error_list_quote(l->arena, spec->offsets);
  bool found = name_table_find(&l->layer_names, spec->offsets, &index);
  const Layer *from = &l->layers[index];
  if (found && value_is_none(from->value)) return;
  if (!found || value_is_none(from->offsets_w)) {
    layer_error(l, "offsets",
                "\"offsets\" must be \"new\", \"zero\" or the name of a block before, not %s",
                name);
  } else if (from->extent != input->extent) {
    layer_error(l, "offsets", "the offsets of %s are for a map of another height and width", name);
  } else if (layer_channels(l, from) != layer_channels(l, input)) {
    layer_error(l, "offsets", "the offsets of %s are for %" PRId64 " channels, not %" PRId64, name,
                layer_channels(l, from), layer_channels(l, input));
  } else if (spec->share && spec->share != from->share) {
    layer_error(l, "share", "%s shares its offsets by %" PRId64 ", not %" PRId64, name, from->share,
                spec->share);
  } else {
    result->offsets_w = from->offsets_w;
    result->offsets_h = from->offsets_h;
    result->share = from->share;
  }
}

/* The published order of the rows of the last linear is [channel][branch]; slices want
 * [branch][channel]. `rest` is the length of a row; 0: a bias. */
static const Recipe *branches_first(Lowering *l, const Recipe *r, int64_t channels, int64_t rest) {
  RecipeTable *table = l->model->graph->recipes;
  Type split = type_make(rest ? 3 : 2, (const int64_t[]){channels, 3, rest});
  const Recipe *turned =
      recipe_permute(table, recipe_reshape(table, r, split), (const uint32_t[]){1, 0, 2});
  return recipe_reshape(table, turned, r->type);
}

/* The softmax over the branches, [N, 3C]. */
static ValueId mixing_weights(Lowering *l, const LayerSpec *spec, ValueId sum) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, sum)), hidden = channels / 4;
  ValueId y = layer_linear(l, tensor_prefix(l, spec, "atm.fusion.fc1"), build_mean_hw(b, sum),
                           hidden, true);
  const char *prefix = tensor_prefix(l, spec, "atm.fusion.fc2");
  const Recipe *weight = layer_tensor(l, prefix, "weight", type_matrix(3 * channels, hidden));
  const Recipe *bias = layer_tensor(l, prefix, "bias", type_vector(3 * channels));
  ValueId w = build_constant(b, branches_first(l, weight, channels, hidden));
  ValueId v = build_constant(b, branches_first(l, bias, channels, 0));
  return build_softmax(b, build_linear(b, build_gelu(b, y), w, v), 3);
}

/* A branch of the token mixer: samples along `axis`, then a linear whose published weight has the
 * shape of a 1x1 convolution. */
static ValueId sampled_branch(Lowering *l, const LayerSpec *spec, const char *part, ValueId y,
                              ValueId offsets, int32_t axis, int64_t share) {
  Builder b = l->builder;
  RecipeTable *table = l->model->graph->recipes;
  int64_t channels = type_channels(graph_type(b.graph, y));
  const char *prefix = tensor_prefix(l, spec, part);
  const Recipe *weight = layer_tensor(l, prefix, "weight", type_map(channels, channels, 1, 1));
  const Recipe *bias = layer_tensor(l, prefix, "bias", type_vector(channels));
  ValueId w = build_constant(b, recipe_reshape(table, weight, type_matrix(channels, channels)));
  ValueId sampled = build_axial_sample(b, y, offsets, axis, (int32_t)share);
  return build_linear(b, sampled, w, build_constant(b, bias));
}

static ValueId mix_tokens(Lowering *l, const LayerSpec *spec, ValueId y, const Layer *layer) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, y));
  ValueId branches[3] = {
      sampled_branch(l, spec, "atm.atm_w", y, layer->offsets_w, 2, layer->share),
      sampled_branch(l, spec, "atm.atm_h", y, layer->offsets_h, 1, layer->share),
      layer_linear(l, tensor_prefix(l, spec, "atm.atm_c"), y, channels, false),
  };
  ValueId sum = build_add(b, build_add(b, branches[0], branches[1]), branches[2]);
  ValueId weights = mixing_weights(l, spec, sum);
  ValueId mixed = VALUE_NONE;
  for (int32_t i = 0; i < 3; i++) {
    ValueId slice = build_slice(b, weights, i * (int32_t)channels, (int32_t)channels);
    ValueId part = build_mul(b, branches[i], slice);
    mixed = i == 0 ? part : build_add(b, mixed, part);
  }
  return layer_linear(l, tensor_prefix(l, spec, "atm.proj"), mixed, channels, true);
}

static void lower_atm_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                            Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  if (channels < 4) {
    layer_error(l, NULL, "an atm_block needs at least 4 channels, not %" PRId64, channels);
    return;
  }
  if (channels > LAYER_MAX_CHANNELS / spec->mlp_ratio) {
    layer_error(l, "mlp_ratio",
                "%" PRId64 " channels times %" PRId64 " are more than %d hidden channels", channels,
                spec->mlp_ratio, LAYER_MAX_CHANNELS);
    return;
  }
  if (strcmp(spec->offsets, "new") == 0)
    new_offsets(l, spec, x, result);
  else if (strcmp(spec->offsets, "zero") == 0)
    zero_offsets(l, spec, x, result);
  else
    reuse_offsets(l, spec, inputs[0], result);
  if (value_is_none(result->offsets_w)) return;
  Builder b = l->builder;
  ValueId y = layer_norm(l, tensor_prefix(l, spec, "norm1"), x, spec->eps);
  x = build_add(b, x, mix_tokens(l, spec, y, result));
  y = layer_norm(l, tensor_prefix(l, spec, "norm2"), x, spec->eps);
  y = mlp(l, tensor_prefix(l, spec, "mlp"), y, channels * spec->mlp_ratio);
  result->value = build_add(b, x, y);
  result->extent = inputs[0]->extent;
}

/* x plus a depthwise 3x3 convolution of it. */
static void lower_peg(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  int64_t channels = layer_channels(l, inputs[0]);
  const char *prefix = tensor_prefix(l, spec, "proj");
  Window window = {3, 3, 1, 1, 1, 1};
  ValueId w = build_constant(b, layer_tensor(l, prefix, "weight", type_map(channels, 1, 3, 3)));
  ValueId v = build_constant(b, layer_tensor(l, prefix, "bias", type_vector(channels)));
  ValueId y = build_conv2d(b, inputs[0]->value, w, v, window, (int32_t)channels);
  result->value = build_add(b, y, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static const JsonField atm_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(mlp_ratio, INT, 1, 1, LAYER_MAX_RATIO),
    LAYER_KEY(offsets, TEXT, 1, 1, LAYER_MAX_NAME),
    LAYER_KEY(share, INT, 0, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(eps, REAL, 0, 0, 1),
};
static const JsonField peg_keys[] = {LAYER_COMMON_KEYS(1)};

static const LayerOp ops[] = {
    LAYER_OP(atm_block, 1, atm_block_keys),
    LAYER_OP(peg, 1, peg_keys),
};
const LayerFamily atmnet_family = {ops, sizeof ops / sizeof *ops};
