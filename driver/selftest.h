/* What PREFIX_selftest compares with (--selftest). */
#ifndef ATMC_DRIVER_SELFTEST_H
#define ATMC_DRIVER_SELFTEST_H

#include "driver/compilation.h"

/* Interprets the resolution with the fewest multiply-adds on the self-test's inputs, and records
 * some of its outputs in the compilation's arena. Outputs that are not finite are diagnosed. */
MUST_CHECK Status selftest_record(Compilation *c, const ArtifactSelftest **selftest);

#endif
