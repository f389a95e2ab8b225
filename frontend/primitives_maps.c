/* The layers that are one operation each and read whole maps. */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

/* Kernel, stride, padding and dilation as the layer has them. */
static Window window_of(const LayerSpec *spec) {
  return (Window){.kernel_h = (int32_t)spec->kernel[0],
                  .kernel_w = (int32_t)spec->kernel[1],
                  .stride_h = (int32_t)spec->stride[0],
                  .stride_w = (int32_t)spec->stride[1],
                  .pad_top = (int32_t)spec->padding[0],
                  .pad_left = (int32_t)spec->padding[1],
                  .pad_bottom = (int32_t)spec->padding[2],
                  .pad_right = (int32_t)spec->padding[3],
                  .dilation_h = (int32_t)spec->dilation[0],
                  .dilation_w = (int32_t)spec->dilation[1]};
}

/* The larger padding of an axis. */
static int64_t padding_of(WindowAxis axis) {
  return axis.before > axis.behind ? axis.before : axis.behind;
}

/* -- convolutions ------------------------------------------------------------------------------ */

/* The number of groups; 0 after an error. */
static int64_t check_groups(Lowering *l, const LayerSpec *spec, int64_t depth) {
  int64_t groups = spec->groups ? spec->groups : 1;
  if (depth % groups == 0 && spec->channels % groups == 0) return groups;
  layer_error(l, "groups",
              "\"groups\" (%" PRId64 ") must divide the input channels (%" PRId64
              ") and the output channels (%" PRId64 ")",
              groups, depth, spec->channels);
  return 0;
}

/* NAME.weight [O, depth / groups, KH, KW]. */
static const Recipe *convolution_weight(Lowering *l, const LayerSpec *spec, int64_t depth,
                                        int64_t groups) {
  Type type = type_map(spec->channels, depth / groups, spec->kernel[0], spec->kernel[1]);
  return layer_tensor(l, spec->name, "weight", type);
}

/* NAME.bias [O], unless the layer has "bias": false. */
static ValueId convolution_bias(Lowering *l, const LayerSpec *spec) {
  if (!spec->bias) return VALUE_NONE;
  return build_constant(l->builder,
                        layer_tensor(l, spec->name, "bias", type_vector(spec->channels)));
}

/* A 1x1 convolution is a linear from the start, so that every pass sees it as one. */
static void lower_conv2d(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  int64_t depth = layer_channels(l, inputs[0]), groups = check_groups(l, spec, depth);
  Window window = window_of(spec);
  WindowAxis rows = window_rows(&window), columns = window_columns(&window);
  if (!groups) return;
  if (padding_of(rows) >= window_extent(rows) || padding_of(columns) >= window_extent(columns)) {
    layer_error(l, "padding", "the padding must be smaller than the kernel");
    return;
  }
  const Recipe *weight = convolution_weight(l, spec, depth, groups);
  if (groups == 1 && window_is_one(&window)) {
    Type matrix = type_matrix(spec->channels, depth);
    ValueId w = build_constant(b, recipe_reshape(b.graph->recipes, weight, matrix));
    result->value = build_linear(b, inputs[0]->value, w, convolution_bias(l, spec));
  } else {
    ValueId w = build_constant(b, weight);
    result->value =
        build_conv2d(b, inputs[0]->value, w, convolution_bias(l, spec), window, (int32_t)groups);
  }
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
}

/* The groups of channels with offsets of their own; 0 after an error. */
static int64_t offset_groups(Lowering *l, const LayerSpec *spec, const Layer *const *inputs) {
  int64_t depth = layer_channels(l, inputs[0]), offsets = layer_channels(l, inputs[1]);
  int64_t taps = spec->kernel[0] * spec->kernel[1], groups = offsets / (2 * taps);
  if (groups < 1 || offsets != 2 * taps * groups || depth % groups != 0) {
    layer_error(l, "inputs",
                "%" PRId64 " channels of offsets are not 2 for each of %" PRId64
                " taps, for a number of groups that divides the channels (%" PRId64 ")",
                offsets, taps, depth);
    return 0;
  }
  if (spec->inputs.count == 2 || layer_channels(l, inputs[2]) == taps * groups) return groups;
  layer_error(l, "inputs", "the mask has %" PRId64 " channels, not %" PRId64,
              layer_channels(l, inputs[2]), taps * groups);
  return 0;
}

/* Offsets, and a mask, have the rows of the result. */
static bool taps_meet(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      ExtentId extent) {
  for (uint32_t i = 1; i < spec->inputs.count; ++i) {
    if (!layer_is_map(l, spec, inputs[i])) return false;
    if (layer_extents_meet(l, inputs[i]->extent, extent)) continue;
    bool open = inputs[i]->is_input && layer_is_open(l, inputs[i]);
    layer_error(l, "inputs", "%s has not the height and width of the result%s",
                error_list_quote(l->arena, inputs[i]->name),
                open ? "; an input of the model is known to have them only where it and the map's "
                       "inputs fix \"height\" and \"width\""
                     : "");
    return false;
  }
  return true;
}

/* The weights as patches are laid out: [O, KH*KW*C]. */
static const Recipe *patch_weight(Lowering *l, const Recipe *weight, int64_t groups) {
  static const uint32_t channels_last[4] = {0, 2, 3, 1};
  RecipeTable *table = l->model->graph->recipes;
  const Recipe *w =
      recipe_permute(table, recipe_spread_groups(table, weight, groups), channels_last);
  const int64_t *d = w->type.dims;
  return recipe_reshape(table, w, type_matrix(d[0], d[1] * d[2] * d[3]));
}

/* As torchvision defines it: inputs are the map, the offsets and, if it is there, the mask. */
static void lower_deform_conv2d(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  int64_t depth = layer_channels(l, inputs[0]), groups = check_groups(l, spec, depth);
  Window window = window_of(spec);
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
  if (!groups) return;
  if (!taps_meet(l, spec, inputs, result->extent)) return;
  int64_t own = offset_groups(l, spec, inputs);
  if (!own) return;
  ValueId mask = spec->inputs.count == 3 ? inputs[2]->value : VALUE_NONE;
  ValueId patches =
      build_deform_patches(b, inputs[0]->value, inputs[1]->value, mask, window, (int32_t)own);
  const Recipe *weight = patch_weight(l, convolution_weight(l, spec, depth, groups), groups);
  result->value = build_linear(b, patches, build_constant(b, weight), convolution_bias(l, spec));
}

/* -- samples and means ------------------------------------------------------------------------- */

/* The second input has the offsets: one channel for each `share` channels of the first. */
static void lower_axial_sample(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                               Layer *result) {
  if (!layer_is_map(l, spec, inputs[0]) || !layer_is_map(l, spec, inputs[1])) return;
  int64_t channels = layer_channels(l, inputs[0]), offsets = layer_channels(l, inputs[1]);
  int64_t share = spec->share ? spec->share : 1;
  int32_t axis = layer_axis(l, spec);
  if (!axis || !layer_rows_meet(l, inputs[0], inputs[1])) return;
  if (offsets * share != channels) {
    layer_error(l, "inputs",
                "%" PRId64 " offsets, each shared by %" PRId64 ", do not fit %" PRId64 " channels",
                offsets, share, channels);
  } else {
    result->value =
        build_axial_sample(l->builder, inputs[0]->value, inputs[1]->value, axis, (int32_t)share);
    result->extent = inputs[0]->extent;
  }
}

static void lower_mean_hw(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                          Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  result->value = build_mean_hw(l->builder, inputs[0]->value);
}

/* More padding than half of what the kernel covers would make windows with nothing inside. */
static bool pool_padding_fits(Lowering *l, const Window *window) {
  WindowAxis rows = window_rows(window), columns = window_columns(window);
  bool fits = 2 * padding_of(rows) <= window_extent(rows) &&
              2 * padding_of(columns) <= window_extent(columns);
  if (!fits) layer_error(l, "padding", "the padding must be at most half the kernel");
  return fits;
}

static void lower_average_pool(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                               Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Window window = window_of(spec);
  if (!pool_padding_fits(l, &window)) return;
  result->value = build_average_pool(l->builder, inputs[0]->value, window, spec->count_padding);
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
}

/* Of what is inside of each window. */
static void lower_max_pool(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                           Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Window window = window_of(spec);
  if (!pool_padding_fits(l, &window)) return;
  result->value = build_max_pool(l->builder, inputs[0]->value, window);
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
}

static void lower_adaptive_average_pool(Lowering *l, const LayerSpec *spec,
                                        const Layer *const *inputs, Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  result->value = build_adaptive_pool(l->builder, inputs[0]->value, (int32_t)spec->size[0],
                                      (int32_t)spec->size[1]);
  result->extent = layer_size_extent(l, spec->size[0], spec->size[1]);
}

/* How elements are made; false after an error. */
static bool resize_mode(Lowering *l, const LayerSpec *spec, AttrsRESIZE *resize) {
  const char *mode = spec->mode ? spec->mode : "bilinear";
  resize->nearest = strcmp(mode, "nearest") == 0;
  resize->aligned = spec->align_corners;
  if (!resize->nearest && strcmp(mode, "bilinear") != 0) {
    layer_error(l, "mode", "\"mode\" must be \"bilinear\" or \"nearest\", not %s",
                error_list_quote(l->arena, mode));
    return false;
  }
  if (!resize->nearest || !resize->aligned) return true;
  layer_error(l, "align_corners", "\"align_corners\" goes with \"bilinear\", not with \"nearest\"");
  return false;
}

/* To a size, by whole factors, or to the size of the second input. */
static void lower_resize(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  const Layer *like = spec->inputs.count == 2 ? inputs[1] : NULL;
  if ((spec->size[0] != 0) + (spec->scale[0] != 0) + (like != NULL) != 1) {
    layer_error(l,
                spec->size[0]    ? "size"
                : spec->scale[0] ? "scale"
                                 : NULL,
                "resize needs either \"size\", \"scale\" or a second input that has the size");
    return;
  }
  if (like && !layer_is_map(l, spec, like)) return;
  AttrsRESIZE resize = {.height = (int32_t)spec->size[0],
                        .width = (int32_t)spec->size[1],
                        .scale_h = (int32_t)spec->scale[0],
                        .scale_w = (int32_t)spec->scale[1]};
  if (!resize_mode(l, spec, &resize)) return;
  ValueId other = like ? like->value : VALUE_NONE;
  result->value = build_resize(l->builder, inputs[0]->value, other, resize);
  result->extent = like ? like->extent : layer_derived_extent(l);
}

static const JsonField convolution_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(kernel, PAIR, 1, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(stride, PAIR, 0, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(padding, SIDES, 0, 0, LAYER_MAX_WINDOW),
    LAYER_KEY(dilation, PAIR, 0, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(groups, INT, 0, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(bias, BOOL, 0, 0, 0),
    LAYER_QUANTIZE_KEY,
};
static const JsonField axial_sample_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(axis, TEXT, 1, 1, 1),
    LAYER_KEY(share, INT, 0, 1, LAYER_MAX_CHANNELS),
};
static const JsonField mean_hw_keys[] = {LAYER_COMMON_KEYS(0)};
static const JsonField average_pool_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(kernel, PAIR, 1, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(stride, PAIR, 1, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(padding, SIDES, 0, 0, LAYER_MAX_WINDOW),
    LAYER_KEY(count_padding, BOOL, 0, 0, 0),
};
static const JsonField max_pool_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(kernel, PAIR, 1, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(stride, PAIR, 1, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(padding, SIDES, 0, 0, LAYER_MAX_WINDOW),
    LAYER_KEY(dilation, PAIR, 0, 1, LAYER_MAX_WINDOW),
};
static const JsonField adaptive_average_pool_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(size, PAIR, 1, 1, LAYER_MAX_SIDE),
};
static const JsonField resize_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(size, PAIR, 0, 1, LAYER_MAX_SIDE),
    LAYER_KEY(scale, PAIR, 0, 1, LAYER_MAX_WINDOW),
    LAYER_KEY(mode, TEXT, 0, 1, 16),
    LAYER_KEY(align_corners, BOOL, 0, 0, 0),
};

static const LayerOp ops[] = {
    LAYER_OP(conv2d, 1, convolution_keys),
    LAYER_OP_OF(deform_conv2d, 2, 3, convolution_keys),
    LAYER_OP(axial_sample, 2, axial_sample_keys),
    LAYER_OP(mean_hw, 1, mean_hw_keys),
    LAYER_OP(average_pool, 1, average_pool_keys),
    LAYER_OP(max_pool, 1, max_pool_keys),
    LAYER_OP(adaptive_average_pool, 1, adaptive_average_pool_keys),
    LAYER_OP_OF(resize, 1, 2, resize_keys),
};
const LayerFamily maps_family = {ops, sizeof ops / sizeof *ops};
