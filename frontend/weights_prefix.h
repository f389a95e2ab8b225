/* Prefixes of the names in a weights file (weights_prefix.c). */
#ifndef ATMC_FRONTEND_WEIGHTS_PREFIX_H
#define ATMC_FRONTEND_WEIGHTS_PREFIX_H

#include "frontend/weights.h"

/* Where the file has not all names that the model wants, but one prefix before all of them: takes
 * that off, keeps the tensors that had it, and says so. Of two such prefixes neither is taken,
 * which is an error. Does nothing behind weights_take_prefix. */
MUST_CHECK Status weights_find_prefix(Weights *weights, const Model *model, Diag *diag);
/* Where the model's names are not in the file: names of both sides, and the prefix that fits most
 * of them, as notes. */
void weights_explain(const Weights *weights, const Model *model, Diag *diag);

#endif
