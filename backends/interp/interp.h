/* Inside the interpreter (run.c, bind.c). What each op computes: ir/ops/. */
#ifndef ATMC_BACKENDS_INTERP_INTERP_H
#define ATMC_BACKENDS_INTERP_INTERP_H

#include "backends/backend.h"
#include "ir/ops/interpret.h"

/* `graph` with its inputs declared as `types` and everything else inferred anew (bind.c). `graph`
 * itself when its inputs are so already. Fails, with a diagnostic, where the types do not fit. */
MUST_CHECK Status interp_bind(const Graph *graph, Arena *arena, Diag *diag,
                              const InterpTensor *inputs, const Graph **bound);

#endif
