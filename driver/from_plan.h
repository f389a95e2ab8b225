/* --from-plan: plans that were printed, and perhaps edited, instead of those that the passes
 * make. */
#ifndef ATMC_DRIVER_FROM_PLAN_H
#define ATMC_DRIVER_FROM_PLAN_H

#include "driver/compilation.h"

/* As many files as resolutions, for one instruction set. */
MUST_CHECK Status from_plan_check(const Compilation *c, const ShapeList *shapes);
/* Reads resolution->plan from the file `path`. It must be of this model, at this resolution: the
 * same inputs and outputs as resolution->graph, the model's before all passes, and no other tensors
 * than the model's. */
MUST_CHECK Status from_plan_read(const Compilation *c, const char *path, const TargetInfo *target,
                                 Resolution *resolution);

#endif
