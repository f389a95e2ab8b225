/* AArch64 with NEON, which every armv8-a CPU has, and two more with instructions for quantized
 * products: Armv8.2's sdot, and the smmla of Armv8.6.
 *
 * 6x16: 24 sums, a vector of each of 6 rows, whose lanes multiply, and two of columns are the 32
 * registers. So it is for sdot. smmla needs eight registers of columns beside its sums, and long
 * pairs those of two steps: 16 sums, the most that do not spill (bench/mca.sh).
 *
 * The lists of features are what LLVM calls them on the host (row_of_host asks for all of a row);
 * those of CPUs are LLVM's names, each with the best row that it runs. Rows are best first.
 */
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"

static const char *const features_i8mm[] = {"dotprod", "i8mm", NULL};
static const char *const features_dotprod[] = {"dotprod", NULL};
static const char *const features_neon[] = {NULL};

static const char *const cpus_i8mm[] = {
    "ampere1",     "ampere1a",    "ampere1b",    "apple-a15",       "apple-a16",   "apple-a17",
    "apple-m2",    "apple-m3",    "apple-m4",    "cortex-a510",     "cortex-a520", "cortex-a710",
    "cortex-a715", "cortex-a720", "cortex-a725", "cortex-x2",       "cortex-x3",   "cortex-x4",
    "cortex-x925", "neoverse-n2", "neoverse-n3", "neoverse-512tvb", "neoverse-v1", "neoverse-v2",
    "neoverse-v3", "oryon-1",     NULL};
static const char *const cpus_dotprod[] = {"apple-a13",  "apple-a14",   "apple-m1",    "cortex-a55",
                                           "cortex-a75", "cortex-a76",  "cortex-a77",  "cortex-a78",
                                           "cortex-x1",  "neoverse-e1", "neoverse-n1", NULL};
static const char *const cpus_neon[] = {"generic",    "cortex-a53",   "cortex-a57",
                                        "cortex-a72", "cortex-a73",   "a64fx",
                                        "carmel",     "thunderx2t99", NULL};

/* What all rows have in common: the CPU, its vectors, and the tile of floats. */
#define NEON_FLOATS                                                                               \
  .triple = "aarch64-unknown-linux-gnu", .cpu = "generic", .tune = "generic", .vector_floats = 4, \
  .vector_registers = 32, .has_fma = true, .has_half = true, .row_lanes = ROW_LANES_MULTIPLIED,   \
  .fma_overwrites = true, .long_vectors = 2, .number_min = true, .look_up = LOOK_UP_BYTES,        \
  .tile_rows = 6, .tile_columns = 16, .row_vectors = 16, .normalized_rows = 3

static const TargetRow rows[] = {
    {.info = {.name = "armv8-a-i8mm",
              .features = "+neon,+fp-armv8,+dotprod,+i8mm",
              NEON_FLOATS,
              .dot = DOT_EIGHTS_S8,
              .dot_rows = 6,
              .dot_columns = 16,
              .isa_bits = ATM_ISA_ARM_I8MM},
     .isa = "neon-i8mm",
     .quantized = true,
     .baseline_cpu = "generic",
     .requires = features_i8mm,
     .cpus = cpus_i8mm},
    {.info = {.name = "armv8-a-dotprod",
              .features = "+neon,+fp-armv8,+dotprod",
              NEON_FLOATS,
              .dot = DOT_FOURS_S8,
              .dot_rows = 6,
              .dot_columns = 16,
              .isa_bits = ATM_ISA_ARM_DOTPROD},
     .isa = "neon-dotprod",
     .quantized = true,
     .baseline_cpu = "generic",
     .requires = features_dotprod,
     .cpus = cpus_dotprod},
    {.info = {.name = "armv8-a",
              .features = "+neon,+fp-armv8",
              NEON_FLOATS,
              .dot = DOT_LONG_PAIRS,
              .dot_rows = 4,
              .dot_columns = 8,
              .isa_bits = ATM_ISA_ARM_NEON},
     .isa = "neon",
     .baseline_cpu = "generic",
     .requires = features_neon,
     .cpus = cpus_neon},
};

/* Cores that issue in order. What LLVM makes by its models of others, as of the Neoverse N1 and V1,
 * takes more time by those models than generic code: sums leave the registers. */
static const TargetTuning tunings[] = {{"cortex-a53", "cortex-a55"},
                                       {"cortex-a55", "cortex-a55"},
                                       {"cortex-a510", "cortex-a55"},
                                       {"cortex-a520", "cortex-a55"},
                                       {NULL, NULL}};

static const char *const arches[] = {"aarch64", "arm64", NULL};

const TargetFamily target_family_arm = {
    .arches = arches,
    .name = "aarch64",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .tunings = tunings,
};
