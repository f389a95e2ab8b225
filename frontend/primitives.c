/* The layers that are one operation each. */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

static void lower_conv2d(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  int64_t depth = layer_channels(l, inputs[0]), channels = spec->channels, groups = spec->groups;
  const int64_t *kernel = spec->kernel, *stride = spec->stride, *padding = spec->padding;
  if (groups != 1 && groups != depth) {
    layer_error(l, "groups",
                "\"groups\" must be 1 or the number of input channels (%" PRId64 "), not %" PRId64,
                depth, groups);
    return;
  }
  if (groups != 1 && channels != depth) {
    layer_error(l, "channels",
                "with one group per channel there are as many output channels as input channels "
                "(%" PRId64 "), not %" PRId64,
                depth, channels);
    return;
  }
  if (padding[0] >= kernel[0] || padding[1] >= kernel[1]) {
    layer_error(l, "padding", "the padding must be smaller than the kernel");
    return;
  }
  Builder b = l->builder;
  Window window = {(int32_t)kernel[0], (int32_t)kernel[1],  (int32_t)stride[0],
                   (int32_t)stride[1], (int32_t)padding[0], (int32_t)padding[1]};
  Type type = type_map(channels, depth / groups, kernel[0], kernel[1]);
  ValueId w = build_constant(b, layer_tensor(l, spec->name, "weight", type)), v = VALUE_NONE;
  if (spec->bias) v = build_constant(b, layer_tensor(l, spec->name, "bias", type_vector(channels)));
  result->value = build_conv2d(b, inputs[0]->value, w, v, window, (int32_t)groups);
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
}

static void lower_linear(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  result->value = layer_linear(l, spec->name, inputs[0]->value, spec->channels, spec->bias);
  result->extent = inputs[0]->extent;
}

static void lower_layer_norm(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                             Layer *result) {
  result->value = layer_norm(l, spec->name, inputs[0]->value, spec->eps);
  result->extent = inputs[0]->extent;
}

static void lower_gelu(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                       Layer *result) {
  (void)spec;
  result->value = build_gelu(l->builder, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static void lower_mean_hw(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                          Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  result->value = build_mean_hw(l->builder, inputs[0]->value);
}

/* Two maps of one size, two vectors, or a map and a vector per image. */
static void lower_add(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      Layer *result) {
  (void)spec;
  int64_t c0 = layer_channels(l, inputs[0]), c1 = layer_channels(l, inputs[1]);
  const char *first = error_list_quote(l->arena, inputs[0]->name);
  const char *second = error_list_quote(l->arena, inputs[1]->name);
  if (c0 != c1) {
    layer_error(l, "inputs", "%s has %" PRId64 " channels, %s has %" PRId64, first, c0, second, c1);
    return;
  }
  if (inputs[1]->extent != EXTENT_NONE && inputs[0]->extent != inputs[1]->extent) {
    layer_error(l, "inputs", "%s and %s differ in height and width", first, second);
    return;
  }
  result->value = build_add(l->builder, inputs[0]->value, inputs[1]->value);
  result->extent = inputs[0]->extent;
}

static void lower_axial_sample(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                               Layer *result) {
  if (!layer_is_map(l, spec, inputs[0]) || !layer_is_map(l, spec, inputs[1])) return;
  int64_t channels = layer_channels(l, inputs[0]), offsets = layer_channels(l, inputs[1]);
  int64_t share = spec->share ? spec->share : 1;
  bool along_w = strcmp(spec->axis, "w") == 0;
  if (!along_w && strcmp(spec->axis, "h") != 0) {
    layer_error(l, "axis", "\"axis\" must be \"h\" or \"w\", not %s",
                error_list_quote(l->arena, spec->axis));
  } else if (inputs[0]->extent != inputs[1]->extent) {
    layer_error(l, "inputs", "%s and %s differ in height and width",
                error_list_quote(l->arena, inputs[0]->name),
                error_list_quote(l->arena, inputs[1]->name));
  } else if (offsets * share != channels) {
    layer_error(l, "inputs",
                "%" PRId64 " offsets, each shared by %" PRId64 ", do not fit %" PRId64 " channels",
                offsets, share, channels);
  } else {
    result->value = build_axial_sample(l->builder, inputs[0]->value, inputs[1]->value,
                                       along_w ? 2 : 1, (int32_t)share);
    result->extent = inputs[0]->extent;
  }
}

static const JsonField conv2d_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(kernel, PAIR, 1, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(stride, PAIR, 0, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(padding, PAIR, 0, 0, LAYER_MAX_WINDOW),
    LAYER_KEY(groups, INT, 0, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(bias, BOOL, 0, 0, 0),
};
static const JsonField linear_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(bias, BOOL, 0, 0, 0),
};
static const JsonField layer_norm_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(eps, REAL, 0, 0, 1),
};
static const JsonField plain_keys[] = {LAYER_COMMON_KEYS(0)};
static const JsonField axial_sample_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(axis, TEXT, 1, 1, 1),
    LAYER_KEY(share, INT, 0, 1, LAYER_MAX_CHANNELS),
};

static const LayerOp ops[] = {
    LAYER_OP(conv2d, 1, conv2d_keys),
    LAYER_OP(linear, 1, linear_keys),
    LAYER_OP(layer_norm, 1, layer_norm_keys),
    LAYER_OP(gelu, 1, plain_keys),
    LAYER_OP(mean_hw, 1, plain_keys),
    LAYER_OP(add, 2, plain_keys),
    LAYER_OP(axial_sample, 2, axial_sample_keys),
};
const LayerFamily primitives_family = {ops, sizeof ops / sizeof *ops};
