/* The layers that are one operation each and treat rows alike; primitives_maps.c has those that
 * read whole maps, primitives_layouts.c those that only move elements. */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

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

/* With the statistics of training: a gain and a bias for each channel. */
static void lower_batch_norm(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                             Layer *result) {
  result->value = layer_batch_norm(l, spec->name, inputs[0]->value, spec->eps);
  result->extent = inputs[0]->extent;
}

/* Over the channels, or over `groups` groups of them, element by element. */
static void lower_softmax(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                          Layer *result) {
  int64_t channels = layer_channels(l, inputs[0]), groups = spec->groups ? spec->groups : channels;
  if (channels % groups != 0) {
    layer_error(l, "groups", "\"groups\" (%" PRId64 ") must divide the channels (%" PRId64 ")",
                groups, channels);
    return;
  }
  result->value = build_softmax(l->builder, inputs[0]->value, (int32_t)groups);
  result->extent = inputs[0]->extent;
}

/* The largest channels of a vector, and as the second result their indices. */
static void lower_top_k(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                        Layer *result) {
  int64_t channels = layer_channels(l, inputs[0]);
  if (inputs[0]->extent != EXTENT_NONE) {
    layer_error(l, "inputs", "%s is a map; top_k takes a vector",
                error_list_quote(l->arena, inputs[0]->name));
  } else if (spec->k > channels) {
    layer_error(l, "k", "\"k\" (%" PRId64 ") is more than the channels (%" PRId64 ")", spec->k,
                channels);
  } else {
    result->value = build_top_k(l->builder, inputs[0]->value, (int32_t)spec->k);
  }
}

/* The number of the largest channel of each row. */
static void lower_argmax(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                         Layer *result) {
  int64_t channels = layer_channels(l, inputs[0]);
  bool bytes = spec->type && strcmp(spec->type, "uint8") == 0;
  if (spec->type && !bytes && strcmp(spec->type, "int32") != 0) {
    layer_error(l, "type", "\"type\" must be \"int32\" or \"uint8\", not %s",
                error_list_quote(l->arena, spec->type));
  } else if (bytes && channels > 256) {
    layer_error(l, "type", "\"uint8\" cannot number %" PRId64 " channels", channels);
  } else {
    result->value = build_argmax(l->builder, inputs[0]->value, bytes ? DTYPE_U8 : DTYPE_S32);
    result->extent = inputs[0]->extent;
  }
}

/* -- element by element ------------------------------------------------------------------------ */

static void lower_gelu(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                       Layer *result) {
  (void)spec;
  result->value = build_gelu(l->builder, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static void lower_relu(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                       Layer *result) {
  (void)spec;
  result->value = build_relu(l->builder, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static void lower_sigmoid(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                          Layer *result) {
  (void)spec;
  result->value = build_sigmoid(l->builder, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static void lower_silu(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                       Layer *result) {
  (void)spec;
  result->value = build_silu(l->builder, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

static void lower_softplus(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                           Layer *result) {
  (void)spec;
  result->value = build_softplus(l->builder, inputs[0]->value);
  result->extent = inputs[0]->extent;
}

/* Zeros, as many as its input has elements. */
static void lower_zeros(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                        Layer *result) {
  (void)spec;
  result->value = build_fill(l->builder, inputs[0]->value, 0);
  result->extent = inputs[0]->extent;
}

/* Two maps of one size, two vectors, or a map and a vector per image, in any order: *map is the
 * former. */
static bool find_pair(Lowering *l, const Layer *const *inputs, const Layer **map,
                      const Layer **other) {
  int64_t c0 = layer_channels(l, inputs[0]), c1 = layer_channels(l, inputs[1]);
  bool swapped = inputs[0]->extent == EXTENT_NONE && inputs[1]->extent != EXTENT_NONE;
  *map = inputs[swapped];
  *other = inputs[!swapped];
  if (c0 == c1) return (*other)->extent == EXTENT_NONE || layer_rows_meet(l, inputs[0], inputs[1]);
  layer_error(l, "inputs", "%s has %" PRId64 " channels, %s has %" PRId64,
              error_list_quote(l->arena, inputs[0]->name), c0,
              error_list_quote(l->arena, inputs[1]->name), c1);
  return false;
}

/* Element by element, or a vector of each image to all of its rows; so does mul. */
static void lower_add(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      Layer *result) {
  (void)spec;
  const Layer *map, *other;
  if (!find_pair(l, inputs, &map, &other)) return;
  result->value = build_add(l->builder, map->value, other->value);
  result->extent = map->extent;
}

static void lower_mul(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      Layer *result) {
  (void)spec;
  const Layer *map, *other;
  if (!find_pair(l, inputs, &map, &other)) return;
  result->value = build_mul(l->builder, map->value, other->value);
  result->extent = map->extent;
}

static const JsonField linear_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(bias, BOOL, 0, 0, 0),
    LAYER_QUANTIZE_KEY,
};
static const JsonField layer_norm_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(eps, REAL, 0, 0, 1),
};
static const JsonField softmax_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(groups, INT, 0, 1, LAYER_MAX_CHANNELS),
};
static const JsonField top_k_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(k, INT, 1, 1, LAYER_MAX_CHANNELS),
};
static const JsonField argmax_keys[] = {
    LAYER_COMMON_KEYS(0),
    LAYER_KEY(type, TEXT, 0, 1, 16),
};
static const JsonField plain_keys[] = {LAYER_COMMON_KEYS(0)};

static const LayerOp ops[] = {
    LAYER_OP(linear, 1, linear_keys),   LAYER_OP(layer_norm, 1, layer_norm_keys),
    LAYER_OP(softmax, 1, softmax_keys), LAYER_OP(gelu, 1, plain_keys),
    LAYER_OP(relu, 1, plain_keys),      LAYER_OP(sigmoid, 1, plain_keys),
    LAYER_OP(zeros, 1, plain_keys),     LAYER_OP(add, 2, plain_keys),
    LAYER_OP(mul, 2, plain_keys),       LAYER_OP(top_k, 1, top_k_keys),
    LAYER_OP(argmax, 1, argmax_keys),   LAYER_OP(batch_norm, 1, layer_norm_keys),
    LAYER_OP(silu, 1, plain_keys),      LAYER_OP(softplus, 1, plain_keys),
};
const LayerFamily primitives_family = {ops, sizeof ops / sizeof *ops};
