/* AArch64 with NEON, which every armv8-a CPU has.
 *
 * 6x16: A is loaded as scalars that multiply whole vectors by lane, 24 accumulators of 32. */
#include "backends/llvm/targets.h"
#include "runtime/atm_runtime.h"

static const char *const no_features[] = {NULL};
static const char *const cpus[] = {
    "generic",     "cortex-a53",   "cortex-a55", "cortex-a57",  "cortex-a72",  "cortex-a73",
    "cortex-a75",  "cortex-a76",   "cortex-a77", "cortex-a78",  "cortex-a510", "cortex-a710",
    "cortex-x1",   "cortex-x2",    "cortex-x3",  "neoverse-n1", "neoverse-n2", "neoverse-v1",
    "neoverse-v2", "apple-m1",     "apple-m2",   "apple-m3",    "ampere1",     "a64fx",
    "carmel",      "thunderx2t99", NULL};

static const TargetRow rows[] = {
    {.info = {.name = "armv8-a",
              .triple = "aarch64-unknown-linux-gnu",
              .cpu = "generic",
              .tune = NULL,
              .features = "+neon,+fp-armv8",
              .vector_floats = 4,
              .vector_registers = 32,
              .has_fma = true,
              .has_half = true,
              .tile_rows = 6,
              .tile_columns = 16,
              .dot = DOT_LONG_PAIRS,
              .dot_rows = 6,
              .dot_columns = 8,
              .isa_bits = ATM_ISA_ARM_NEON},
     .isa = "neon",
     .baseline_cpu = "generic",
     .requires = no_features,
     .cpus = cpus},
};

static const char *const arches[] = {"aarch64", "arm64", NULL};

const TargetFamily target_family_arm = {
    .arches = arches, .name = "aarch64", .rows = rows, .row_count = 1};
