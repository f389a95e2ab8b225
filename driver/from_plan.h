/* --from-plan: plans that were printed, and perhaps edited, instead of those that the passes
 * make. */
#ifndef ATMC_DRIVER_FROM_PLAN_H
#define ATMC_DRIVER_FROM_PLAN_H

#include "driver/compilation.h"

/* Reads the files into c->plan_texts. */
MUST_CHECK Status from_plan_open(Compilation *c);
/* The instruction set of --isa; or, where neither that nor --cpu is given, the one that the first
 * plan is for, if there is one and --target takes it. NULL: nobody named one. */
const char *from_plan_isa(const Compilation *c);
/* As many files as resolutions, for one instruction set. */
MUST_CHECK Status from_plan_check(const Compilation *c, const ShapeList *shapes);
/* Takes resolution->plan from the text of file `index`. It must be of this model, at this
 * resolution: the same inputs and outputs as resolution->graph, the model's before all passes, and
 * no other tensors than the model's. */
MUST_CHECK Status from_plan_read(const Compilation *c, uint32_t index, const TargetInfo *target,
                                 Resolution *resolution);

#endif
