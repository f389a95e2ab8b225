/* The layers that only move elements. */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

/* Along the channels; all inputs have the rows of the first. */
static void lower_concat(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  ValueId parts[LAYER_MAX_INPUTS];
  int64_t channels = 0;
  for (uint32_t i = 0; i < spec->inputs.count; ++i) {
    if (!layer_rows_meet(l, inputs[0], inputs[i])) return;
    parts[i] = inputs[i]->value;
    channels += layer_channels(l, inputs[i]);
  }
  if (channels > LAYER_MAX_CHANNELS) {
    layer_error(l, "inputs", "%" PRId64 " channels are more than %d", channels, LAYER_MAX_CHANNELS);
    return;
  }
  result->value = build_concat(l->builder, parts, spec->inputs.count);
  result->extent = inputs[0]->extent;
}

/* Channels [begin, begin + channels). */
static void lower_slice(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                        Layer *result) {
  int64_t channels = layer_channels(l, inputs[0]);
  if (spec->begin + spec->channels > channels) {
    layer_error(l, "begin", "channels %" PRId64 " to %" PRId64 " of %" PRId64, spec->begin,
                spec->begin + spec->channels, channels);
    return;
  }
  result->value =
      build_slice(l->builder, inputs[0]->value, (int32_t)spec->begin, (int32_t)spec->channels);
  result->extent = inputs[0]->extent;
}

/* One of `parts` equal parts of the channels. */
static void lower_split(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                        Layer *result) {
  int64_t channels = layer_channels(l, inputs[0]), each = channels / spec->parts;
  if (channels % spec->parts != 0) {
    layer_error(l, "parts", "\"parts\" (%" PRId64 ") must divide the channels (%" PRId64 ")",
                spec->parts, channels);
  } else if (spec->part >= spec->parts) {
    layer_error(l, "part", "\"part\" must be below \"parts\" (%" PRId64 "), not %" PRId64,
                spec->parts, spec->part);
  } else {
    result->value =
        build_slice(l->builder, inputs[0]->value, (int32_t)(spec->part * each), (int32_t)each);
    result->extent = inputs[0]->extent;
  }
}

/* The first channel of each group, then the second of each, and so on. */
static void lower_channel_shuffle(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                  Layer *result) {
  int64_t channels = layer_channels(l, inputs[0]);
  if (channels % spec->groups != 0) {
    layer_error(l, "groups", "\"groups\" (%" PRId64 ") must divide the channels (%" PRId64 ")",
                spec->groups, channels);
    return;
  }
  result->value = build_shuffle(l->builder, inputs[0]->value, (int32_t)spec->groups);
  result->extent = inputs[0]->extent;
}

/* Whether the result is a map, and of which size, is in its type alone. */
static ExtentId extent_of(Lowering *l, ValueId value) {
  bool is_map = graph_type(l->model->graph, value).rank == 4;
  return is_map ? layer_derived_extent(l) : EXTENT_NONE;
}

/* Whether the elements fill the new shape, inference says, once they can be counted. */
static void lower_reshape(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                          Layer *result) {
  result->value = build_reshape(l->builder, inputs[0]->value, (int32_t)spec->height,
                                (int32_t)spec->width, (int32_t)spec->channels);
  result->extent = extent_of(l, result->value);
}

/* Which dimension the letter at `at` means: 1 H, 2 W, 3 C; 0: none. */
static int32_t dimension_of(const char *order, uint32_t at) {
  static const char letters[] = "hwc";
  const char *letter = order[at] ? strchr(letters, order[at]) : NULL;
  return letter ? (int32_t)(letter - letters) + 1 : 0;
}

/* What becomes the channels must be known: everything behind is built on their number. */
static void lower_transpose(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                            Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  AttrsTRANSPOSE a = {.first = dimension_of(spec->order, 0),
                      .second = dimension_of(spec->order, 1),
                      .third = dimension_of(spec->order, 2)};
  bool all = a.first && a.second && a.third && a.first != a.second && a.first != a.third &&
             a.second != a.third;
  if (!all) {
    layer_error(l, "order", "\"order\" must name \"h\", \"w\" and \"c\" once each, not %s",
                error_list_quote(l->arena, spec->order));
    return;
  }
  Type type = graph_type(l->model->graph, inputs[0]->value);
  if (type.dims[a.third] == DIM_OPEN) {
    layer_error(l, "order", "channels must be known: give the input its \"height\" and \"width\"");
    return;
  }
  result->value = build_transpose(l->builder, inputs[0]->value, a);
  result->extent = layer_derived_extent(l);
}

static const JsonField concat_keys[] = {LAYER_COMMON_KEYS(0)};
static const JsonField slice_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(begin, INT, 1, 0, LAYER_MAX_CHANNELS),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
};
static const JsonField split_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(parts, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(part, INT, 1, 0, LAYER_MAX_CHANNELS),
};
static const JsonField channel_shuffle_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(groups, INT, 1, 1, LAYER_MAX_CHANNELS),
};
static const JsonField reshape_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(height, INT, 0, 1, LAYER_MAX_SIDE),
    LAYER_KEY(width, INT, 0, 1, LAYER_MAX_SIDE),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
};
static const JsonField transpose_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(order, TEXT, 1, 3, 3),
};

static const LayerOp ops[] = {
    LAYER_OP_OF(concat, 2, LAYER_MAX_INPUTS, concat_keys),
    LAYER_OP(slice, 1, slice_keys),
    LAYER_OP(split, 1, split_keys),
    LAYER_OP(channel_shuffle, 1, channel_shuffle_keys),
    LAYER_OP(reshape, 1, reshape_keys),
    LAYER_OP(transpose, 1, transpose_keys),
};
const LayerFamily layouts_family = {ops, sizeof ops / sizeof *ops};
