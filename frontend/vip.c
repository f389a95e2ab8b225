/* The block of the Vision Permutator (arXiv 2106.12368), that of ATMNet with other branches, on
 * maps of S x S places whose channels are in S segments of D:
 *
 *   h   a linear over all (place of a column, channel of a segment)
 *   w   the same of a row
 *   c   a linear over the channels
 *
 * So all three have C = S D inputs. A row of the linear is a column of the map and a segment; in
 * which order these rows stand does not matter, so that three dimensions are enough to bring the
 * places of a column beside the channels of a segment:
 *
 *   [h, w s, d]  ->  [w s, h, d]  ->  [w, s, h d]       h w, s, d: places, segment, channel in it
 *   [h w, s, d]  ->  [s, h w, d]  ->  [s, h, w d]
 */
#include <inttypes.h>

#include "frontend/token_mixer.h"

static const TokenMixerParts parts = {.along_w = "attn.mlp_w",
                                      .along_h = "attn.mlp_h",
                                      .identity = "attn.mlp_c",
                                      .weights = "attn.reweight",
                                      .proj = "attn.proj"};

/* The first two dimensions of the map, seen as [height,width,channels], change places. */
static ValueId turn(Lowering *l, ValueId x, int32_t height, int32_t width, int32_t channels) {
  static const AttrsTRANSPOSE swap = {.first = 2, .second = 1, .third = 3};
  return build_transpose(l->builder, build_reshape(l->builder, x, height, width, channels), swap);
}

/* The branch of tensor PREFIX.weight whose rows are `first` places and segments turned with
 * `second` others. */
static ValueId permuted_branch(Lowering *l, const char *prefix, ValueId x, int32_t first,
                               int32_t second) {
  Builder b = l->builder;
  int32_t channels = (int32_t)type_channels(graph_type(b.graph, x));
  int32_t segments = first < second ? first : second, depth = channels / segments;
  ValueId y = turn(l, x, first, second, depth);
  y = build_reshape(b, y, segments, segments, channels);
  y = layer_linear(l, prefix, y, channels, false);
  y = turn(l, y, second, first, depth);
  return build_reshape(b, y, segments, segments, channels);
}

/* What is added to the block's input first. */
static ValueId mix_tokens(Lowering *l, const LayerSpec *spec, ValueId x) {
  int32_t segments = (int32_t)spec->segments;
  ValueId y = layer_norm(l, layer_part(l, spec, "norm1"), x, spec->eps);
  int64_t channels = type_channels(graph_type(l->builder.graph, y));
  ValueId branches[3] = {
      permuted_branch(l, layer_part(l, spec, parts.along_h), y, segments, segments * segments),
      permuted_branch(l, layer_part(l, spec, parts.along_w), y, segments * segments, segments),
      layer_linear(l, layer_part(l, spec, parts.identity), y, channels, false),
  };
  return token_mixer_mix(l, spec, &parts, branches);
}

static void lower_vip_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                            Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  if (!token_mixer_fits(l, spec, channels)) return;
  if (channels % spec->segments != 0) {
    layer_error(l, "segments", "\"segments\" (%" PRId64 ") must divide the channels (%" PRId64 ")",
                spec->segments, channels);
    return;
  }
  x = build_add(b, x, mix_tokens(l, spec, x));
  ValueId y = layer_norm(l, layer_part(l, spec, "norm2"), x, spec->eps);
  y = layer_mlp(l, layer_part(l, spec, "mlp"), y, channels * spec->mlp_ratio);
  result->value = build_add(b, x, y);
  result->extent = inputs[0]->extent;
}

static const JsonField vip_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(segments, INT, 1, 1, LAYER_MAX_GRID),
    LAYER_KEY(mlp_ratio, INT, 1, 1, LAYER_MAX_RATIO),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};

static const LayerOp ops[] = {LAYER_OP(vip_block, 1, vip_block_keys)};
const LayerFamily vip_family = {ops, sizeof ops / sizeof *ops};
