/* A row of the target table, for the tests of plans, which ask no backend. */
#ifndef ATMC_TESTS_UNIT_TARGET_V4_H
#define ATMC_TESTS_UNIT_TARGET_V4_H

#include "ir/plan.h"

static const TargetInfo target = {.name = "x86-64-v4",
                                  .vector_floats = 16,
                                  .vector_registers = 32,
                                  .has_fma = true,
                                  .tile_rows = 14,
                                  .tile_columns = 32};

#endif
