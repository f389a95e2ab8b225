/* The layers of ATMNet (arXiv 2203.06108): the block (token_mixer.c), with the offsets that it
 * makes or reuses, and the positional encoding before it.
 *
 * New offsets are one linear of a layer norm of the block's input, W half first.
 */
#include <inttypes.h>
#include <string.h>

#include "frontend/token_mixer.h"

/* One offset for each `share` channels, on the block's own map: a linear of 2 C / share channels.
 */
static void new_offsets(Lowering *l, const LayerSpec *spec, ValueId x, Layer *result) {
  int64_t channels = type_channels(graph_type(l->builder.graph, x));
  int64_t share = spec->share ? spec->share : 1;
  if (channels % share != 0) {
    layer_error(l, "share", "\"share\" (%" PRId64 ") must divide the channels (%" PRId64 ")", share,
                channels);
    return;
  }
  int32_t count = (int32_t)(channels / share);
  ValueId norm = layer_norm(l, layer_part(l, spec, "offset_layer.0"), x, spec->eps);
  ValueId both = layer_linear(l, layer_part(l, spec, "offset_layer.1"), norm, 2 * count, true);
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

/* Those of an earlier block, which must fit this one's map. A block that was wrong itself was
 * reported already, and says nothing here. */
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
  } else if (!layer_extents_meet(l, from->extent, input->extent)) {
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

static const TokenMixerParts parts = {.along_w = "atm.atm_w",
                                      .along_h = "atm.atm_h",
                                      .identity = "atm.atm_c",
                                      .weights = "atm.fusion",
                                      .proj = "atm.proj"};

/* The offsets stay in *result, so that later blocks can reuse them. */
static void lower_atm_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                            Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  if (!token_mixer_fits(l, spec, channels)) return;
  if (strcmp(spec->offsets, "new") == 0) {
    new_offsets(l, spec, x, result);
  } else if (strcmp(spec->offsets, "zero") == 0) {
    zero_offsets(l, spec, x, result);
  } else {
    reuse_offsets(l, spec, inputs[0], result);
  }
  if (value_is_none(result->offsets_w)) return;
  result->value = token_mixer_block(l, spec, &parts, x, result);
  result->extent = inputs[0]->extent;
}

/* x plus a depthwise 3x3 convolution of it. */
static void lower_peg(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                      Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  int64_t channels = layer_channels(l, inputs[0]);
  const char *prefix = layer_part(l, spec, "proj");
  Window window = window_make(3, 3, 1, 1, 1, 1);
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
    LAYER_QUANTIZE_KEY,
};
static const JsonField peg_keys[] = {LAYER_COMMON_KEYS(1)};

static const LayerOp ops[] = {
    LAYER_OP(atm_block, 1, atm_block_keys),
    LAYER_OP(peg, 1, peg_keys),
};
const LayerFamily atmnet_family = {ops, sizeof ops / sizeof *ops};
