/* Little-endian POWER of 64 bits: its ABI asks for a POWER8, whose vectors (VSX) are as wide as
 * NEON's. Products are in floats. */
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"

static const char *const features[] = {NULL};
static const char *const cpus[] = {"pwr8", "pwr9", "pwr10", NULL};

static const TargetRow rows[] = {
    {.info = {.name = "power8",
              .triple = "powerpc64le-unknown-linux-gnu",
              .cpu = "pwr8",
              .tune = "pwr8",
              .features = "",
              .vector_floats = 4,
              .vector_registers = 64,
              .has_fma = true,
              .has_half = false,
              .tile_rows = 6,
              .tile_columns = 16,
              .isa_bits = ATM_ISA_POWER8},
     .isa = "vsx",
     .baseline_cpu = "pwr8",
     .requires = features,
     .cpus = cpus},
};

static const char *const arches[] = {"powerpc64le", "ppc64le", NULL};

const TargetFamily target_family_power = {.arches = arches,
                                          .name = "powerpc64le",
                                          .rows = rows,
                                          .row_count = sizeof rows / sizeof *rows,
                                          .in_floats = true};
