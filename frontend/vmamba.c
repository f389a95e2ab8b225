/* The blocks of VMamba (arXiv 2401.10166). Of the first generation, `gated`, x and z are the two
 * halves of in_proj's columns and there is no MLP:
 *
 *   u = silu(depthwise(in_proj(layer_norm(x))))
 *   [t, B, C] = x_proj_weight[k] u,  step = softplus(dt_projs_weight[k] t + dt_projs_bias[k])
 *   y = (scan_0 + scan_2) + (scan_1 + scan_3) + (sum of Ds) u
 *   x = x + out_proj(layer_norm(y) silu(z))
 *   x = x + mlp(layer_norm(x))
 *
 * Of the four walks k over the whole map, 0 and 2 go along rows, 1 and 3 along columns, 2 and 3
 * backwards. One product makes t, B and C of all of them, those of an axis side by side, so that a
 * scan reads few lines of each token: t of 0, t of 2, B and C of 0, B and C of 2; the same of 1, 3.
 */
#include <inttypes.h>
#include <string.h>

#include "frontend/layer.h"

enum { WALKS = 4, ALONG_ROWS = 2, ALONG_COLUMNS = 1, MAX_STATES = 32, MERGED = 4 };
enum { FORWARD = 1, BACKWARD = 2, BOTH = FORWARD | BACKWARD };

/* The scans of one block, over maps of d channels. */
typedef struct Scans {
  const char *prefix;
  int64_t channels, states, rank;
} Scans;

/* -- constants --------------------------------------------------------------------------------- */

/* -exp of the rows of walk `walk` of A_logs [walks * C,states], as selective_scan reads them:
 * [states * C]. */
static const Recipe *decay_rates(Lowering *l, const Recipe *logs, int64_t walk, int64_t channels) {
  RecipeTable *table = l->model->graph->recipes;
  const Recipe *rows = recipe_slice(table, logs, walk * channels, channels);
  const Recipe *turned = recipe_permute(table, rows, (const uint32_t[]){1, 0});
  Type flat = type_vector(channels * logs->type.dims[1]);
  const Recipe *rates = recipe_exp(table, recipe_reshape(table, turned, flat));
  return recipe_mul(table, rates, recipe_fill(table, -1, flat));
}

/* What is added of u itself: the sum over `walks` of Ds [walks * C]. */
static ValueId skip(Lowering *l, const Recipe *gains, int64_t walks, ValueId u) {
  RecipeTable *table = l->model->graph->recipes;
  int64_t channels = type_channels(graph_type(l->builder.graph, u));
  const Recipe *sum = recipe_slice(table, gains, 0, channels);
  for (int64_t k = 1; k < walks; ++k) {
    sum = recipe_add(table, sum, recipe_slice(table, gains, k * channels, channels));
  }
  return build_mul(l->builder, u, build_constant(l->builder, sum));
}

/* -- the cross scan ---------------------------------------------------------------------------- */

/* x_proj_weight [4,r+2n,d] as one matrix: for each axis t of both ways, then B and C of both. */
static ValueId project(Lowering *l, const Scans *s, ValueId u) {
  RecipeTable *table = l->model->graph->recipes;
  int64_t each = s->rank + 2 * s->states;
  const Recipe *published = layer_tensor(l, s->prefix, "x_proj_weight",
                                         type_make(3, (const int64_t[]){WALKS, each, s->channels}));
  const Recipe *w = recipe_reshape(table, published, type_matrix(WALKS * each, s->channels));
  const Recipe *joint = NULL;
  for (int64_t part = 0; part < 2 * WALKS; ++part) {
    int64_t axis = part / WALKS, walk = axis + part % 2 * 2;
    bool mixers = part % WALKS >= 2;
    const Recipe *rows = recipe_slice(table, w, walk * each + (mixers ? s->rank : 0),
                                      mixers ? 2 * s->states : s->rank);
    joint = joint ? recipe_concat(table, joint, rows) : rows;
  }
  return build_linear(l->builder, u, build_constant(l->builder, joint), VALUE_NONE);
}

/* Where what walks `axis` and axis + 2 take begins in the product. */
static int64_t axis_begin(const Scans *s, int64_t axis) {
  return axis * 2 * (s->rank + 2 * s->states);
}

/* The steps of walk `walk`. */
static ValueId steps_of(Lowering *l, const Scans *s, ValueId p, int64_t walk) {
  Builder b = l->builder;
  RecipeTable *table = b.graph->recipes;
  const Recipe *weights =
      layer_tensor(l, s->prefix, "dt_projs_weight",
                   type_make(3, (const int64_t[]){WALKS, s->channels, s->rank}));
  const Recipe *biases =
      layer_tensor(l, s->prefix, "dt_projs_bias", type_matrix(WALKS, s->channels));
  const Recipe *w = recipe_reshape(table, recipe_slice(table, weights, walk, 1),
                                   type_matrix(s->channels, s->rank));
  const Recipe *bias =
      recipe_reshape(table, recipe_slice(table, biases, walk, 1), type_vector(s->channels));
  int64_t begin = axis_begin(s, walk % 2) + walk / 2 * s->rank;
  ValueId t = build_slice(b, p, (int32_t)begin, (int32_t)s->rank);
  ValueId shift = build_constant(b, bias);
  return build_softplus(b, build_linear(b, t, build_constant(b, w), shift));
}

/* Both ways along one axis: walk `first` and, backwards, first + 2. */
static ValueId scan_axis(Lowering *l, const Scans *s, ValueId u, ValueId p, int64_t first) {
  Builder b = l->builder;
  const Recipe *logs =
      layer_tensor(l, s->prefix, "A_logs", type_matrix(WALKS * s->channels, s->states));
  const Recipe *rates = recipe_concat(b.graph->recipes, decay_rates(l, logs, first, s->channels),
                                      decay_rates(l, logs, first + 2, s->channels));
  int64_t begin = axis_begin(s, first) + 2 * s->rank;
  ValueId mixers = build_slice(b, p, (int32_t)begin, (int32_t)(4 * s->states));
  const ValueId operands[] = {u, mixers, build_constant(b, rates), steps_of(l, s, p, first),
                              steps_of(l, s, p, first + 2)};
  return build_selective_scan(
      b, operands,
      (AttrsSELECTIVE_SCAN){.axis = first == 0 ? ALONG_ROWS : ALONG_COLUMNS, .ways = BOTH});
}

static ValueId cross_scan(Lowering *l, const Scans *s, ValueId u) {
  Builder b = l->builder;
  ValueId p = project(l, s, u);
  ValueId rows = scan_axis(l, s, u, p, 0), columns = scan_axis(l, s, u, p, 1);
  const Recipe *gains = layer_tensor(l, s->prefix, "Ds", type_vector(WALKS * s->channels));
  return build_add(b, build_add(b, rows, columns), skip(l, gains, WALKS, u));
}

/* -- layers ------------------------------------------------------------------------------------ */

/* PREFIX.conv2d.weight [C,1,3,3] and, with `bias`, PREFIX.conv2d.bias [C]. */
static ValueId convolve(Lowering *l, const char *prefix, ValueId x, bool bias) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, x));
  const char *name = arena_printf(l->arena, "%s.conv2d", prefix);
  ValueId w = build_constant(b, layer_tensor(l, name, "weight", type_map(channels, 1, 3, 3)));
  ValueId v = VALUE_NONE;
  if (bias) v = build_constant(b, layer_tensor(l, name, "bias", type_vector(channels)));
  return build_conv2d(b, x, w, v, window_make(3, 3, 1, 1, 1, 1), (int32_t)channels);
}

/* PREFIX.in_proj.weight [d,C], or rows [begin, begin + d) of [2d,C]. */
static ValueId project_in(Lowering *l, const Scans *s, ValueId x, bool gated, int64_t begin) {
  Builder b = l->builder;
  int64_t depth = type_channels(graph_type(b.graph, x)), rows = s->channels * (gated ? 2 : 1);
  const char *name = arena_printf(l->arena, "%s.in_proj", s->prefix);
  const Recipe *whole = layer_tensor(l, name, "weight", type_matrix(rows, depth));
  const Recipe *w = recipe_slice(b.graph->recipes, whole, begin, s->channels);
  return build_linear(b, x, build_constant(b, w), VALUE_NONE);
}

/* What is added to the block's input first. */
static ValueId mix_tokens(Lowering *l, const LayerSpec *spec, const Scans *s, ValueId x) {
  Builder b = l->builder;
  int64_t channels = type_channels(graph_type(b.graph, x));
  ValueId y = layer_norm(l, layer_part(l, spec, "norm"), x, spec->eps);
  ValueId u = convolve(l, s->prefix, project_in(l, s, y, spec->gated, 0), spec->gated);
  ValueId scanned = cross_scan(l, s, build_silu(b, u));
  ValueId out = layer_norm(l, layer_part(l, spec, "op.out_norm"), scanned, spec->eps);
  if (spec->gated) {
    out = build_mul(b, out, build_silu(b, project_in(l, s, y, true, s->channels)));
  }
  return layer_linear(l, layer_part(l, spec, "op.out_proj"), out, channels, false);
}

/* The products that the keys ask for are no wider than a layer may be. */
static bool block_fits(Lowering *l, const LayerSpec *spec, const Scans *s, int64_t channels) {
  if (s->channels * (spec->gated ? 2 : 1) > LAYER_MAX_CHANNELS) {
    layer_error(l, "expansion", "%" PRId64 " times %" PRId64 " channels are more than %d",
                spec->expansion, channels, LAYER_MAX_CHANNELS / (spec->gated ? 2 : 1));
    return false;
  }
  if (WALKS * (s->rank + 2 * s->states) > LAYER_MAX_CHANNELS) {
    layer_error(l, "rank",
                "four walks of rank %" PRId64 " and %" PRId64 " state%s are more than %d channels",
                s->rank, s->states, s->states == 1 ? "" : "s", LAYER_MAX_CHANNELS);
    return false;
  }
  return !spec->mlp_ratio || layer_ratio_fits(l, spec, channels);
}

static void lower_vss_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                            Layer *result) {
  enum { TOKENS_OF_RANK = 16 }; /* channels, for each of the rank that is usual */
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  ValueId x = inputs[0]->value;
  int64_t channels = layer_channels(l, inputs[0]);
  Scans s = {.prefix = layer_part(l, spec, "op"),
             .channels = channels * (spec->expansion ? spec->expansion : 1),
             .states = spec->states,
             .rank = spec->rank ? spec->rank : (channels + TOKENS_OF_RANK - 1) / TOKENS_OF_RANK};
  if (!block_fits(l, spec, &s, channels)) return;
  x = build_add(b, x, mix_tokens(l, spec, &s, x));
  if (spec->mlp_ratio) {
    ValueId y = layer_norm(l, layer_part(l, spec, "norm2"), x, spec->eps);
    y = layer_mlp(l, layer_part(l, spec, "mlp"), y, channels * spec->mlp_ratio);
    x = build_add(b, x, y);
  }
  result->value = x;
  result->extent = inputs[0]->extent;
}

/* The columns (kw,kh,c) of a vector or a matrix of 4C columns as patches have them, (kh,kw,c). */
static const Recipe *rows_first(Lowering *l, const Recipe *r) {
  RecipeTable *table = l->model->graph->recipes;
  int64_t columns = r->type.dims[r->type.rank - 1];
  int64_t rows = r->type.rank == 2 ? r->type.dims[0] : 1;
  Type split = type_map(rows, 2, 2, columns / MERGED);
  const Recipe *turned =
      recipe_permute(table, recipe_reshape(table, r, split), (const uint32_t[]){0, 2, 1, 3});
  return recipe_reshape(table, turned, r->type);
}

/* Four tokens side by side, (0,0), (1,0), (0,1), (1,1), with a row or a column of zeros where there
 * is no second one; a layer norm of them, and an FC to 2C channels. */
static void lower_token_merging(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  Builder b = l->builder;
  int64_t channels = layer_channels(l, inputs[0]);
  if (channels > LAYER_MAX_CHANNELS / MERGED) {
    layer_error(l, NULL, "token_merging takes at most %d channels, not %" PRId64,
                LAYER_MAX_CHANNELS / MERGED, channels);
    return;
  }
  Window window = window_make(2, 2, 2, 2, 0, 0);
  window.pad_bottom = window.pad_right = 1;
  const char *norm = layer_part(l, spec, "norm");
  Type all = type_vector(MERGED * channels);
  const Recipe *gain = layer_tensor(l, norm, "weight", all);
  const Recipe *bias = layer_tensor(l, norm, "bias", all);
  const Recipe *w = layer_tensor(l, layer_part(l, spec, "reduction"), "weight",
                                 type_matrix(2 * channels, MERGED * channels));
  ValueId y = build_patches(b, inputs[0]->value, VALUE_NONE, window, false);
  ValueId shift = build_constant(b, rows_first(l, bias));
  y = build_layer_norm(b, y, build_constant(b, rows_first(l, gain)), shift, spec->eps);
  result->value = build_linear(b, y, build_constant(b, rows_first(l, w)), VALUE_NONE);
  result->extent = layer_window_extent(l, inputs[0]->extent, window);
}

/* Of one walk: its inputs are u, the steps, and B and C side by side. */
static void lower_selective_scan(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                                 Layer *result) {
  static const struct Walk {
    const char *name;
    int32_t axis, ways;
  } walks[WALKS] = {{"rows", ALONG_ROWS, FORWARD},
                    {"columns", ALONG_COLUMNS, FORWARD},
                    {"rows_back", ALONG_ROWS, BACKWARD},
                    {"columns_back", ALONG_COLUMNS, BACKWARD}};
  uint32_t walk = 0;
  while (walk < WALKS && strcmp(walks[walk].name, spec->walk) != 0) ++walk;
  if (walk == WALKS) {
    layer_error(l, "walk",
                "\"walk\" must be \"rows\", \"columns\", \"rows_back\" or \"columns_back\", not %s",
                error_list_quote(l->arena, spec->walk));
    return;
  }
  for (uint32_t i = 0; i < 3; ++i) {
    if (!layer_is_map(l, spec, inputs[i]) || !layer_rows_meet(l, inputs[0], inputs[i])) return;
  }
  int64_t channels = layer_channels(l, inputs[0]), mixers = layer_channels(l, inputs[2]);
  if (layer_channels(l, inputs[1]) != channels) {
    layer_error(l, "inputs", "%" PRId64 " steps do not fit %" PRId64 " channels",
                layer_channels(l, inputs[1]), channels);
  } else if (mixers % 2 || mixers > 2 * MAX_STATES) {
    layer_error(l, "inputs", "%" PRId64 " channels are not B and C of 1 to %d states", mixers,
                MAX_STATES);
  } else {
    Builder b = l->builder;
    const Recipe *logs = layer_tensor(l, spec->name, "A_logs", type_matrix(channels, mixers / 2));
    const Recipe *gains = layer_tensor(l, spec->name, "Ds", type_vector(channels));
    const ValueId operands[5] = {inputs[0]->value, inputs[2]->value,
                                 build_constant(b, decay_rates(l, logs, 0, channels)),
                                 inputs[1]->value, VALUE_NONE};
    ValueId y = build_selective_scan(
        b, operands, (AttrsSELECTIVE_SCAN){.axis = walks[walk].axis, .ways = walks[walk].ways});
    result->value = build_add(b, y, skip(l, gains, 1, inputs[0]->value));
    result->extent = inputs[0]->extent;
  }
}

static const JsonField vss_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(states, INT, 1, 1, MAX_STATES),
    LAYER_KEY(rank, INT, 0, 1, LAYER_MAX_CHANNELS),
    LAYER_KEY(expansion, INT, 0, 1, LAYER_MAX_RATIO),
    LAYER_KEY(mlp_ratio, INT, 0, 1, LAYER_MAX_RATIO),
    LAYER_KEY(gated, BOOL, 0, 0, 0),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};
static const JsonField token_merging_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(eps, REAL, 0, 0, 1),
    LAYER_QUANTIZE_KEY,
};
static const JsonField selective_scan_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(walk, TEXT, 1, 1, 16),
};

static const LayerOp ops[] = {
    LAYER_OP(vss_block, 1, vss_block_keys),
    LAYER_OP(token_merging, 1, token_merging_keys),
    LAYER_OP(selective_scan, 3, selective_scan_keys),
};
const LayerFamily vmamba_family = {ops, sizeof ops / sizeof *ops};
