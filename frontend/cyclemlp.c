/* The block of CycleMLP (arXiv 2107.10224): that of ATMNet at constant offsets, channel c at
 * (c + 1) mod 3 - 1. The published name sfc_h is of the branch along W, sfc_w of that along H. */
#include "frontend/token_mixer.h"

static const TokenMixerParts parts = {.along_w = "attn.sfc_h",
                                      .along_h = "attn.sfc_w",
                                      .identity = "attn.mlp_c",
                                      .weights = "attn.reweight",
                                      .proj = "attn.proj"};

static void lower_cycle_block(Lowering *l, const LayerSpec *spec, const Layer *const *inputs,
                              Layer *result) {
  if (!layer_is_map(l, spec, inputs[0])) return;
  int64_t channels = layer_channels(l, inputs[0]);
  if (!token_mixer_fits(l, spec, channels)) return;
  ValueId steps = build_constant(l->builder, recipe_iota3(l->model->graph->recipes, channels));
  Layer offsets = {.offsets_w = steps, .offsets_h = steps, .share = 1};
  result->value = token_mixer_block(l, spec, &parts, inputs[0]->value, &offsets);
  result->extent = inputs[0]->extent;
}

static const JsonField cycle_block_keys[] = {
    LAYER_COMMON_KEYS(1),
    LAYER_KEY(mlp_ratio, INT, 1, 1, LAYER_MAX_RATIO),
    LAYER_KEY(eps, REAL, 0, 0, 1),
};

static const LayerOp ops[] = {LAYER_OP(cycle_block, 1, cycle_block_keys)};
const LayerFamily cyclemlp_family = {ops, sizeof ops / sizeof *ops};
