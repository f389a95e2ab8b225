/* RISC-V of 64 bits with its vectors (V), of which code uses 128 bits, as NEON's: every V has them.
 * Products are in floats. */
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"

static const char *const features[] = {"v", NULL};
static const char *const cpus[] = {"spacemit-x60", NULL};

static const TargetRow rows[] = {
    {.info = {.name = "rv64gcv",
              .triple = "riscv64-unknown-linux-gnu",
              .cpu = "generic-rv64",
              .tune = "generic-rv64",
              .features = "+m,+a,+f,+d,+c,+v",
              .vector_floats = 4,
              .vector_registers = 32,
              .has_fma = true,
              .has_half = false,
              .tile_rows = 6,
              .tile_columns = 16,
              .isa_bits = ATM_ISA_RISCV_V},
     .isa = "rvv",
     .baseline_cpu = "generic-rv64",
     .baseline_features = "+m,+a,+f,+d,+c",
     .requires = features,
     .cpus = cpus},
};

static const char *const arches[] = {"riscv64", "riscv64gc", NULL};

const TargetFamily target_family_riscv = {.arches = arches,
                                          .name = "riscv64",
                                          .rows = rows,
                                          .row_count = sizeof rows / sizeof *rows,
                                          .in_floats = true};
