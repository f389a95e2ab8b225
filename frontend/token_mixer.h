/* The block that ATMNet and CycleMLP have in common: three branches of linears on rows sampled
 * along W, along H, and as they are, mixed by weights made of their mean, then an MLP. */
#ifndef ATMC_FRONTEND_TOKEN_MIXER_H
#define ATMC_FRONTEND_TOKEN_MIXER_H

#include "frontend/layer.h"

/* The published names of the mixer's linears, behind the block's own. */
typedef struct TokenMixerParts {
  const char *along_w, *along_h, *identity;
  const char *weights; /* of the branches: an MLP */
  const char *proj;
} TokenMixerParts;

/* Whether a block on `channels` channels is within the limits; reports when it is not. */
bool token_mixer_fits(Lowering *l, const LayerSpec *spec, int64_t channels);

/* The block on `x`, with the offsets of `layer`. */
ValueId token_mixer_block(Lowering *l, const LayerSpec *spec, const TokenMixerParts *parts,
                          ValueId x, const Layer *layer);
/* The sum of three branches, maps of C channels, weighted by the softmax of an MLP of their mean,
 * and projected: the tensors NAME.WEIGHTS and NAME.PROJ of `parts`. */
ValueId token_mixer_mix(Lowering *l, const LayerSpec *spec, const TokenMixerParts *parts,
                        const ValueId branches[3]);

#endif
