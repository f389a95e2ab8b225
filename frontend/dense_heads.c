/* Heads on a pyramid of maps, the finest first: a feature pyramid (FPN, arXiv 1612.03144), Semantic
 * FPN (arXiv 1901.02446) and UperNet (arXiv 1807.10221), with the names of published checkpoints.
 *
 * A `unit` is a convolution without a bias, a batch norm and a ReLU: PREFIX.conv and PREFIX.bn.
 */
#include <inttypes.h>

#include "frontend/layer.h"

static const char *numbered(Lowering *l, const char *prefix, const char *part, uint32_t number) {
  return arena_printf(l->arena, "%s.%s.%u", prefix, part, number);
}

/* -- the parts of heads ------------------------------------------------------------------------ */

/* A convolution of a square window that keeps the size: PREFIX.weight [channels,C,K,K] and, with
 * `bias`, PREFIX.bias. One of 1x1 is a linear. */
static ValueId convolve(Lowering *l, const char *prefix, ValueId x, int64_t channels,
                        int32_t kernel, bool bias) {
  Builder b = l->builder;
  int64_t depth = type_channels(graph_type(b.graph, x));
  const Recipe *w = layer_tensor(l, prefix, "weight", type_map(channels, depth, kernel, kernel));
  ValueId v = VALUE_NONE;
  if (bias) v = build_constant(b, layer_tensor(l, prefix, "bias", type_vector(channels)));
  if (kernel == 1) {
    w = recipe_reshape(b.graph->recipes, w, type_matrix(channels, depth));
    return build_linear(b, x, build_constant(b, w), v);
  }
  Window window = window_make(kernel, kernel, 1, 1, kernel / 2, kernel / 2);
  return build_conv2d(b, x, build_constant(b, w), v, window, 1);
}

static ValueId convolve_unit(Lowering *l, const char *prefix, const LayerSpec *spec, ValueId x,
                             int32_t kernel) {
  const char *conv = arena_printf(l->arena, "%s.conv", prefix);
  const char *norm = arena_printf(l->arena, "%s.bn", prefix);
  x = convolve(l, conv, x, spec->channels, kernel, false);
  return build_relu(l->builder, layer_batch_norm(l, norm, x, spec->eps));
}

/* `x` as large as `like`, bilinear between the middles of elements. */
static ValueId resize_like(Lowering *l, ValueId x, ValueId like) {
  return build_resize(l->builder, x, like, (AttrsRESIZE){0});
}

/* Adds to each map the coarser one before it, resized: from the coarsest down. */
static void add_top_down(Lowering *l, ValueId *maps, uint32_t count, bool nearest) {
  AttrsRESIZE resize = {.nearest = nearest};
  for (uint32_t i = count - 1; i > 0; --i) {
    ValueId coarse = build_resize(l->builder, maps[i], maps[i - 1], resize);
    maps[i - 1] = build_add(l->builder, maps[i - 1], coarse);
  }
}

/* All inputs are maps; how many there are. 0 after an error. */
static uint32_t check_levels(Lowering *l, const LayerSpec *spec, const Layer *const *inputs) {
  for (uint32_t i = 0; i < spec->inputs.count; ++i) {
    if (!layer_is_map(l, spec, inputs[i])) return 0;
  }
  return spec->inputs.count;
}

/* -- layers ------------------------------------------------------------------------------------ */

/* A map for each level, NAME.0 the finest; the layer itself is that. */
static void lower_fpn(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      Layer *result) {
  ValueId maps[LAYER_MAX_INPUTS];
  uint32_t count = check_levels(l, spec, inputs);
  for (uint32_t i = 0; i < count; ++i) {
    const char *prefix =
        arena_printf(l->arena, "%s.conv", numbered(l, spec->name, "lateral_convs", i));
    maps[i] = convolve(l, prefix, inputs[i]->value, spec->channels, 1, true);
  }
  if (count == 0) return;
  add_top_down(l, maps, count, true);
  for (uint32_t i = 0; i < count; ++i) {
    const char *prefix = arena_printf(l->arena, "%s.conv", numbered(l, spec->name, "fpn_convs", i));
    maps[i] = convolve(l, prefix, maps[i], spec->channels, 3, true);
    layer_add_part(l, result, i, maps[i], inputs[i]->extent);
  }
  result->value = maps[0];
  result->extent = inputs[0]->extent;
}

/* Level `level` of Semantic FPN: a unit, and for each step between it and the finest another, with
 * twice the size behind each. */
static ValueId scale_head(Lowering *l, const LayerSpec *spec, ValueId x, uint32_t level) {
  AttrsRESIZE twice = {.scale_h = 2, .scale_w = 2};
  const char *prefix = numbered(l, spec->name, "scale_heads", level);
  for (uint32_t i = 0; i < (level ? level : 1); ++i) {
    x = convolve_unit(l, arena_printf(l->arena, "%s.%u", prefix, 2 * i), spec, x, 3);
    if (level) x = build_resize(l->builder, x, VALUE_NONE, twice);
  }
  return x;
}

/* The sum of all levels at the size of the finest, classified. */
static void lower_semantic_fpn_head(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                    Layer *result) {
  ValueId sum = VALUE_NONE;
  uint32_t count = check_levels(l, spec, inputs);
  for (uint32_t i = 0; i < count; ++i) {
    ValueId x = scale_head(l, spec, inputs[i]->value, i);
    sum = i == 0 ? x : build_add(l->builder, sum, resize_like(l, x, sum));
  }
  if (count == 0) return;
  result->value = convolve(l, layer_part(l, spec, "conv_seg"), sum, spec->classes, 1, true);
  result->extent = inputs[0]->extent;
}

/* Means over cells of the coarsest map, each through a unit and back to its size, beside the map
 * itself, through another. */
static ValueId pool_pyramid(Lowering *l, const LayerSpec *spec, ValueId top) {
  Builder b = l->builder;
  ValueId parts[1 + JSON_MAX_INTS] = {top};
  for (uint32_t k = 0; k < spec->scales.count; ++k) {
    int32_t cells = (int32_t)spec->scales.items[k];
    const char *prefix = arena_printf(l->arena, "%s.1", numbered(l, spec->name, "psp_modules", k));
    ValueId pooled = build_adaptive_pool(b, top, cells, cells);
    parts[1 + k] = resize_like(l, convolve_unit(l, prefix, spec, pooled, 1), top);
  }
  ValueId all = build_concat(b, parts, 1 + spec->scales.count);
  return convolve_unit(l, layer_part(l, spec, "bottleneck"), spec, all, 3);
}

/* The levels' maps, from the finest on, at its size, side by side. The coarsest has no unit of its
 * own behind the sums. */
static ValueId fuse_levels(Lowering *l, const LayerSpec *spec, ValueId *maps, uint32_t count) {
  for (uint32_t i = 0; i + 1 < count; ++i) {
    maps[i] = convolve_unit(l, numbered(l, spec->name, "fpn_convs", i), spec, maps[i], 3);
  }
  for (uint32_t i = 1; i < count; ++i) maps[i] = resize_like(l, maps[i], maps[0]);
  return build_concat(l->builder, maps, count);
}

/* The channels that stand side by side are not too many. */
static bool fused_channels_fit(Lowering *l, const LayerSpec *spec, int64_t top) {
  int64_t pooled = top + spec->scales.count * spec->channels;
  int64_t fused = spec->inputs.count * spec->channels, most = pooled > fused ? pooled : fused;
  if (most > LAYER_MAX_CHANNELS) {
    layer_error(l, "channels", "%" PRId64 " channels side by side are more than %d", most,
                LAYER_MAX_CHANNELS);
  }
  return most <= LAYER_MAX_CHANNELS;
}

static void lower_uper_head(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                            Layer *result) {
  ValueId maps[LAYER_MAX_INPUTS];
  uint32_t count = check_levels(l, spec, inputs);
  if (count == 0) return;
  uint32_t top = count - 1;
  if (!fused_channels_fit(l, spec, layer_channels(l, inputs[top]))) return;
  maps[top] = pool_pyramid(l, spec, inputs[top]->value);
  for (uint32_t i = 0; i < top; ++i) {
    const char *prefix = numbered(l, spec->name, "lateral_convs", i);
    maps[i] = convolve_unit(l, prefix, spec, inputs[i]->value, 1);
  }
  add_top_down(l, maps, count, false);
  ValueId x = fuse_levels(l, spec, maps, count);
  x = convolve_unit(l, layer_part(l, spec, "fpn_bottleneck"), spec, x, 3);
  result->value = convolve(l, layer_part(l, spec, "conv_seg"), x, spec->classes, 1, true);
  result->extent = inputs[0]->extent;
}

/* Notes the tensors of a unit of a square window over `depth` channels. */
static void need_unit(Lowering *l, const char *prefix, const LayerSpec *spec, int64_t depth,
                      int64_t kernel) {
  static const char *const parts[] = {"weight", "bias", "running_mean", "running_var"};
  const char *norm = arena_printf(l->arena, "%s.bn", prefix);
  layer_tensor(l, arena_printf(l->arena, "%s.conv", prefix), "weight",
               type_map(spec->channels, depth, kernel, kernel));
  for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
    layer_tensor(l, norm, parts[i], type_vector(spec->channels));
  }
}

/* A second head that only training uses: a unit and a classifier. Its weights are counted and may
 * be in the file; nothing is computed, and its input goes through. */
static void lower_auxiliary_head(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                 Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  uint32_t first = l->need_count;
  const char *classifier = layer_part(l, spec, "conv_seg");
  need_unit(l, layer_part(l, spec, "convs.0"), spec, layer_channels(l, inputs[0]), 3);
  layer_tensor(l, classifier, "weight", type_map(spec->classes, spec->channels, 1, 1));
  layer_tensor(l, classifier, "bias", type_vector(spec->classes));
  for (uint32_t i = first; i < l->need_count; ++i) l->needs[i].optional = true;
  result->value = inputs[0]->value;
  result->extent = inputs[0]->extent;
}

static const JsonField fpn_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),
    LAYER_QUANTIZE_KEY,
};
#define HEAD_KEYS                                                                       \
  LAYER_COMMON_KEYS(1), LAYER_KEY(channels, INT, 1, 1, LAYER_MAX_CHANNELS),             \
      LAYER_KEY(classes, INT, 1, 1, LAYER_MAX_CHANNELS), LAYER_KEY(eps, REAL, 0, 0, 1), \
      LAYER_QUANTIZE_KEY
static const JsonField head_keys[] = {HEAD_KEYS};
static const JsonField uper_head_keys[] = {
    HEAD_KEYS,
    LAYER_KEY(scales, INTS, 0, 1, LAYER_MAX_WINDOW),
};

static const LayerOp ops[] = {
    LAYER_OP_OF(fpn, 2, LAYER_MAX_INPUTS, fpn_keys),
    LAYER_OP_OF(semantic_fpn_head, 2, LAYER_MAX_INPUTS, head_keys),
    LAYER_OP_OF(uper_head, 2, LAYER_MAX_INPUTS, uper_head_keys),
    LAYER_OP(auxiliary_head, 1, head_keys),
};
const LayerFamily dense_heads_family = {ops, sizeof ops / sizeof *ops};
