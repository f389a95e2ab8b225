/* The block of ATMNet and CycleMLP:
 *
 *   y = layer_norm(x)
 *   w, h, i = linear(sample_w(y)), linear(sample_h(y)), linear(y)
 *   a = softmax over the branches of mlp(mean_hw(w + h + i))
 *   x = x + linear(w a_w + h a_h + i a_i)
 *   x = x + mlp(layer_norm(x))
 */
#include "frontend/token_mixer.h"

#include <inttypes.h>

bool token_mixer_fits(Lowering *l, const LayerSpec *spec, int64_t channels) {
  if (channels < 4) {
    layer_error(l, NULL, "%s needs at least 4 channels, not %" PRId64, spec->op, channels);
    return false;
  }
  return layer_ratio_fits(l, spec, channels);
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
static ValueId mixing_weights(Lowering *l, const char *prefix, ValueId sum) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, sum)), hidden = channels / 4;
  ValueId y = layer_linear(l, arena_printf(l->arena, "%s.fc1", prefix), build_mean_hw(b, sum),
                           hidden, true);
  const char *last = arena_printf(l->arena, "%s.fc2", prefix);
  const Recipe *weight = layer_tensor(l, last, "weight", type_matrix(3 * channels, hidden));
  const Recipe *bias = layer_tensor(l, last, "bias", type_vector(3 * channels));
  ValueId w = build_constant(b, branches_first(l, weight, channels, hidden));
  ValueId v = build_constant(b, branches_first(l, bias, channels, 0));
  return build_softmax(b, build_linear(b, build_gelu(b, y), w, v), 3);
}

/* A branch: samples along `axis`, then a linear whose published weight has the shape of a 1x1
 * convolution. */
static ValueId sampled_branch(Lowering *l, const char *prefix, ValueId y, ValueId offsets,
                              int32_t axis, int64_t share) {
  Builder b = l->builder;
  RecipeTable *table = l->model->graph->recipes;
  int64_t channels = type_channels(graph_type(b.graph, y));
  const Recipe *weight = layer_tensor(l, prefix, "weight", type_map(channels, channels, 1, 1));
  const Recipe *bias = layer_tensor(l, prefix, "bias", type_vector(channels));
  ValueId w = build_constant(b, recipe_reshape(table, weight, type_matrix(channels, channels)));
  ValueId sampled = build_axial_sample(b, y, offsets, axis, (int32_t)share);
  return build_linear(b, sampled, w, build_constant(b, bias));
}

ValueId token_mixer_mix(Lowering *l, const LayerSpec *spec, const TokenMixerParts *parts,
                        const ValueId branches[3]) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, branches[0]));
  ValueId sum = build_add(b, build_add(b, branches[0], branches[1]), branches[2]);
  ValueId weights = mixing_weights(l, layer_part(l, spec, parts->weights), sum);
  ValueId mixed = VALUE_NONE;
  for (int32_t i = 0; i < 3; ++i) {
    ValueId slice = build_slice(b, weights, i * (int32_t)channels, (int32_t)channels);
    ValueId part = build_mul(b, branches[i], slice);
    mixed = i == 0 ? part : build_add(b, mixed, part);
  }
  return layer_linear(l, layer_part(l, spec, parts->proj), mixed, channels, true);
}

/* The three branches of `y`, mixed; `layer` has the offsets. */
static ValueId mix_tokens(Lowering *l, const LayerSpec *spec, const TokenMixerParts *parts,
                          ValueId y, const Layer *layer) {
  int64_t channels = type_channels(graph_type(l->builder.graph, y));
  ValueId branches[3] = {
      sampled_branch(l, layer_part(l, spec, parts->along_w), y, layer->offsets_w, 2, layer->share),
      sampled_branch(l, layer_part(l, spec, parts->along_h), y, layer->offsets_h, 1, layer->share),
      layer_linear(l, layer_part(l, spec, parts->identity), y, channels, false),
  };
  return token_mixer_mix(l, spec, parts, branches);
}

ValueId token_mixer_block(Lowering *l, const LayerSpec *spec, const TokenMixerParts *parts,
                          ValueId x, const Layer *layer) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, x));
  ValueId y = layer_norm(l, layer_part(l, spec, "norm1"), x, spec->eps);
  x = build_add(b, x, mix_tokens(l, spec, parts, y, layer));
  y = layer_norm(l, layer_part(l, spec, "norm2"), x, spec->eps);
  y = layer_mlp(l, layer_part(l, spec, "mlp"), y, channels * spec->mlp_ratio);
  return build_add(b, x, y);
}
