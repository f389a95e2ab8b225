/* The layers of AS-MLP (arXiv 2107.08391), and its block under the authors' names:
 *
 *   y = gelu(norm(conv1(norm(x))))
 *   y = gelu(conv2_1(shift along W of y)) + gelu(conv2_2(shift along H of y))
 *   x = x + conv3(norm(y))
 *   x = x + mlp(norm(x))
 *
 * The convolutions are 1x1. The norm is over all elements of an image, GroupNorm with one group:
 *
 *   (x - mean) / sqrt(mean of (x - mean)^2 + eps), then gain and bias of each channel
 *
 * in two passes over the map, as sums of squares would lose digits where means are large. Means are
 * first over the rows, then over the channels: a linear of C equal weights.
 */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

enum { MAX_SHIFT = OP_MAX_SHIFT_PERIOD - 1 };

/* v [N,1]: the mean over the rows and channels of `x`. */
static ValueId mean_of_all(Lowering *l, ValueId x) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, x));
  const Recipe *w = recipe_fill(b.graph->recipes, 1.0 / (double)channels, type_matrix(1, channels));
  ValueId weights = build_constant(b, w);
  return build_linear(b, build_mean_hw(b, x), weights, VALUE_NONE);
}

/* [N,channels]: `v` [N,1] times `factor`, in each channel. */
static ValueId spread(Lowering *l, ValueId v, double factor, int64_t channels) {
  Builder b = l->builder;
  const Recipe *w = recipe_fill(b.graph->recipes, factor, type_matrix(channels, 1));
  return build_linear(b, v, build_constant(b, w), VALUE_NONE);
}

/* All elements of an image with mean 0 and variance 1. */
static ValueId normalize_maps(Lowering *l, ValueId x, double eps) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, x));
  ValueId centered = build_add(b, x, spread(l, mean_of_all(l, x), -1, channels));
  ValueId variance = mean_of_all(l, build_mul(b, centered, centered));
  return build_mul(b, centered, spread(l, build_rsqrt(b, variance, eps), 1, channels));
}

/* With gain PREFIX.weight [C] and bias PREFIX.bias [C]. */
static ValueId norm(Lowering *l, const char *prefix, ValueId x, double eps) {
  Builder b = l->builder;
  Type type = type_vector(type_channels(graph_type(b.graph, x)));
  const Recipe *gain = layer_tensor(l, prefix, "weight", type);
  const Recipe *bias = layer_tensor(l, prefix, "bias", type);
  ValueId y = build_mul(b, normalize_maps(l, x, eps), build_constant(b, gain));
  return build_add(b, y, build_constant(b, bias));
}

/* The tensors PREFIX.weight [channels,C,1,1] and PREFIX.bias [channels]. */
static ValueId convolve(Lowering *l, const char *prefix, ValueId x, int64_t channels) {
  Builder b = l->builder;
  int64_t depth = type_channels(graph_type(b.graph, x));
  const Recipe *published = layer_tensor(l, prefix, "weight", type_map(channels, depth, 1, 1));
  const Recipe *w = recipe_reshape(b.graph->recipes, published, type_matrix(channels, depth));
  ValueId weight = build_constant(b, w);
  const Recipe *bias = layer_tensor(l, prefix, "bias", type_vector(channels));
  return build_linear(b, x, weight, build_constant(b, bias));
}

/* Channels in `size` runs, the last of which may be shorter or missing: run g of place i is x at
 * i + size / 2 - g, zero outside. */
static ValueId shift(Lowering *l, ValueId x, int32_t axis, int32_t size) {
  if (size == 1) return x;
  int32_t channels = (int32_t)type_channels(graph_type(l->builder.graph, x));
  AttrsAXIAL_SHIFT a = {.axis = axis,
                        .share = (channels + size - 1) / size,
                        .period = size,
                        .step = size - 1, /* one back, modulo the period */
                        .phase = size - 1,
                        .lowest = -(size / 2)};
  return build_axial_shift(l->builder, x, a);
}

/* So that the middle run stays where it is. */
static bool shift_fits(Lowering *l, const LayerSpec *spec) {
  if (spec->shift % 2 == 1) return true;
  layer_error(l, "shift", "\"shift\" must be odd, not %" PRId64, spec->shift);
  return false;
}

/* -- layers ------------------------------------------------------------------------------------ */

static void lower_group_norm(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                             Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  result->value = norm(l, spec->name, inputs[0]->value, spec->eps);
  result->extent = inputs[0]->extent;
}

static void lower_axial_shift(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                              Layer *result) {
  if (!layer_is_map(l, spec, inputs[0]) || !shift_fits(l, spec)) return;
  int32_t axis = layer_axis(l, spec);
  if (!axis) return;
  result->value = shift(l, inputs[0]->value, axis, (int32_t)spec->shift);
  result->extent = inputs[0]->extent;
}

/* What is added to the block's input first. */
static ValueId mix_tokens(Lowering *l, const LayerSpec *spec, ValueId x) {
  Builder b = l->builder;
  int32_t size = (int32_t)spec->shift;
  int64_t channels = type_channels(graph_type(b.graph, x));
  ValueId y = norm(l, layer_part(l, spec, "norm1"), x, spec->eps);
  y = convolve(l, layer_part(l, spec, "axial_shift.conv1"), y, channels);
  y = build_gelu(b, norm(l, layer_part(l, spec, "axial_shift.norm1"), y, spec->eps));
  const char *conv_w = layer_part(l, spec, "axial_shift.conv2_1");
  const char *conv_h = layer_part(l, spec, "axial_shift.conv2_2");
  ValueId w = build_gelu(b, convolve(l, conv_w, shift(l, y, 2, size), channels));
  ValueId h = build_gelu(b, convolve(l, conv_h, shift(l, y, 1, size), channels));
  y = norm(l, layer_part(l, spec, "axial_shift.norm2"), build_add(b, w, h), spec->eps);
  return convolve(l, layer_part(l, spec, "axial_shift.conv3"), y, channels);
}

static void lower_asmlp_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                              Layer *result) {
  if (!layer_is_map(l, spec, inputs[0]) || !shift_fits(l, spec)) return;
  Builder b = l->builder;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  if (!layer_ratio_fits(l, spec, channels)) return;
  x = build_add(b, x, mix_tokens(l, spec, x));
  ValueId y = norm(l, layer_part(l, spec, "norm2"), x, spec->eps);
  y = build_gelu(b, convolve(l, layer_part(l, spec, "mlp.fc1"), y, channels * spec->mlp_ratio));
  y = convolve(l, layer_part(l, spec, "mlp.fc2"), y, channels);
  result->value = build_add(b, x, y);
  result->extent = inputs[0]->extent;
}

/* NAME.reduction.weight [2C,4C,1,1], whose columns are (kw,kh,c), as that of a 2x2 convolution. */
static const Recipe *merging_weight(Lowering *l, const LayerSpec *spec, int64_t channels) {
  RecipeTable *table = l->model->graph->recipes;
  const Recipe *published = layer_tensor(l, layer_part(l, spec, "reduction"), "weight",
                                         type_map(2 * channels, 4 * channels, 1, 1));
  return recipe_reshape(table, published, type_matrix(2 * channels, 4 * channels));
}

/* Norm and convolution of four places beside each other. The norm's mean and variance are those of
 * the map, and its gain and bias, which are of 4C channels, go into the convolution. */
static void lower_patch_merging(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  RecipeTable *table = b.graph->recipes;
  int64_t channels = layer_channels(l, inputs[0]);
  if (channels > LAYER_MAX_CHANNELS / 4) {
    layer_error(l, NULL, "patch_merging takes at most %d channels, not %" PRId64,
                LAYER_MAX_CHANNELS / 4, channels);
    return;
  }
  const char *prefix = layer_part(l, spec, "norm");
  const Recipe *gain = layer_tensor(l, prefix, "weight", type_vector(4 * channels));
  const Recipe *bias = layer_tensor(l, prefix, "bias", type_vector(4 * channels));
  const Recipe *w = merging_weight(l, spec, channels);
  const Recipe *columns = recipe_reshape(table, recipe_mul_columns(table, w, gain),
                                         type_map(2 * channels, 2, 2, channels));
  ValueId weight =
      build_constant(b, recipe_permute(table, columns, (const uint32_t[]){0, 3, 2, 1}));
  ValueId added = build_constant(b, recipe_matvec(table, w, bias));
  Window window = window_make(2, 2, 2, 2, 0, 0);
  ValueId y = normalize_maps(l, inputs[0]->value, spec->eps);
  result->value = build_conv2d(b, y, weight, added, window, 1);
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
}

static const JsonField group_norm_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(eps, REAL, 0, 0, 1),
};
static const JsonField axial_shift_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(axis, TEXT, 1, 1, 1),
    LAYER_KEY(shift, INT, 1, 1, MAX_SHIFT),
};
static const JsonField asmlp_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(mlp_ratio, INT, 1, 1, LAYER_MAX_RATIO),
    LAYER_KEY(shift, INT, 1, 1, MAX_SHIFT),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};
static const JsonField patch_merging_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {
    LAYER_OP(group_norm, 1, group_norm_keys),
    LAYER_OP(axial_shift, 1, axial_shift_keys),
    LAYER_OP(asmlp_block, 1, asmlp_block_keys),
    LAYER_OP(patch_merging, 1, patch_merging_keys),
};
const LayerFamily asmlp_family = {ops, sizeof ops / sizeof *ops};
