/* The files of `atmc compile`. */
#ifndef ATMC_DRIVER_OUTPUTS_H
#define ATMC_DRIVER_OUTPUTS_H

#include "driver/compilation.h"

/* Checks --output (its folder too) and --prefix: before the work begins. */
MUST_CHECK Status outputs_check(const Options *options, Arena *arena, Diag *diag);

/* Checks that --emit lists what can be made for the target. */
MUST_CHECK Status outputs_check_target(const Options *options, const TargetInfo *target,
                                       Diag *diag);

/* Emits and writes what --emit lists, all or nothing, and then prints the closing summary. */
MUST_CHECK Status outputs_write(Compilation *c);

#endif
