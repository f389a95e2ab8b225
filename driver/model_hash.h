/* A fingerprint of what an artifact was made from. */
#ifndef ATMC_DRIVER_MODEL_HASH_H
#define ATMC_DRIVER_MODEL_HASH_H

#include "frontend/frontend.h"

/* Of what was read: the description, names, types and shapes of the
 * tensors, the bytes of all, and the class names. Files that have changed since say nothing. */
uint64_t model_hash(const Model *model, const Weights *weights);

#endif
