/* A fingerprint of what an artifact was made from. Not cryptographic. */
#ifndef ATMC_DRIVER_MODEL_HASH_H
#define ATMC_DRIVER_MODEL_HASH_H

#include "frontend/frontend.h"
#include "support/arena.h"

/* 16 hex digits, in `arena`, of what was read: the description, names, types and shapes of the
 * tensors, the bytes of all, and the class names. Files that have changed since say nothing. */
const char *model_hash(Arena *arena, const Model *model, const Weights *weights);

#endif
