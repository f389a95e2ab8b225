/* x86-64 in its three psABI levels, and two with instructions for quantized products.
 *
 * `generic` tuning keeps 14x32 register tiles from spilling under x86-64-v4; the other figures are
 * the largest tiles that stay in registers: columns / lanes * rows accumulators, one vector per
 * column group of B and one broadcast of A. v2 has no fused multiply-add.
 *
 * The lists of features are what LLVM calls them on the host (row_of_host asks for all of a row);
 * those of CPUs are LLVM's names, each with the best row that it runs. Rows are best first.
 */
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"

static const char *const features_v4_vnni[] = {
    "avx512vnni", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx",  "avx2",
    "bmi",        "bmi2",    "f16c",     "fma",      "lzcnt",    "movbe",    "cx16", "popcnt",
    "sse3",       "sse4.1",  "sse4.2",   "ssse3",    "sahf",     NULL};
static const char *const features_v3_vnni[] = {
    "avxvnni", "avx",    "avx2", "bmi",    "bmi2",   "f16c",  "fma",  "lzcnt", "movbe",
    "cx16",    "popcnt", "sse3", "sse4.1", "sse4.2", "ssse3", "sahf", NULL};
static const char *const features_v4[] = {
    "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx",   "avx2",
    "bmi",     "bmi2",     "f16c",     "fma",      "lzcnt",    "movbe", "cx16",
    "popcnt",  "sse3",     "sse4.1",   "sse4.2",   "ssse3",    "sahf",  NULL};
static const char *const features_v3[] = {"avx",    "avx2",  "bmi",  "bmi2",   "f16c", "fma",
                                          "lzcnt",  "movbe", "cx16", "popcnt", "sse3", "sse4.1",
                                          "sse4.2", "ssse3", "sahf", NULL};
static const char *const features_v2[] = {"cx16",   "popcnt", "sse3", "sse4.1",
                                          "sse4.2", "ssse3",  "sahf", NULL};

static const char *const cpus_v4_vnni[] = {"cascadelake",
                                           "cooperlake",
                                           "icelake-client",
                                           "icelake-server",
                                           "tigerlake",
                                           "rocketlake",
                                           "sapphirerapids",
                                           "emeraldrapids",
                                           "graniterapids",
                                           "graniterapids-d",
                                           "znver4",
                                           "znver5",
                                           NULL};
static const char *const cpus_v3_vnni[] = {
    "alderlake", "raptorlake",   "meteorlake", "arrowlake",        "lunarlake", "pantherlake",
    "gracemont", "sierraforest", "grandridge", "clearwaterforest", NULL};
static const char *const cpus_v4[] = {"x86-64-v4", "skylake-avx512", "cannonlake", NULL};
static const char *const cpus_v3[] = {"x86-64-v3", "haswell", "broadwell", "skylake",
                                      "znver1",    "znver2",  "znver3",    NULL};
static const char *const cpus_v2[] = {"x86-64-v2", "nehalem",    "westmere", "sandybridge",
                                      "ivybridge", "silvermont", "goldmont", "goldmont-plus",
                                      "tremont",   "btver2",     "bdver1",   "bdver2",
                                      "bdver3",    "bdver4",     NULL};

/* What the rows of one level have in common: the CPU, its vectors, and the tile of floats. Those of
 * v4 add prfchw, which is in no level, but which each CPU with AVX-512 has: it needs no test. */
#define V4_FLOATS                                                                 \
  .triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64-v4", .tune = "generic",    \
  .vector_floats = 16, .vector_registers = 32, .has_fma = true, .has_half = true, \
  .writes_past = true, .look_up = LOOK_UP_TWO, .tile_rows = 14, .tile_columns = PLAN_PANEL
#define V3_FLOATS                                                                                  \
  .triple = "x86_64-unknown-linux-gnu", .cpu = "x86-64-v3", .tune = "generic", .vector_floats = 8, \
  .vector_registers = 16, .has_fma = true, .has_half = true, .writes_past = true,                  \
  .look_up = LOOK_UP_PERMUTED, .long_vectors = 4, .tile_rows = 6, .tile_columns = 16

static const TargetRow rows[] = {
    {.info = {.name = "x86-64-v4-vnni",
              .features = "+avx512vnni,+prfchw",
              V4_FLOATS,
              .dot = DOT_FOURS_U8,
              .dot_rows = 14,
              .dot_columns = PLAN_PANEL,
              .isa_bits = ATM_ISA_X86_64_V4_VNNI},
     .isa = "v4-vnni",
     .quantized = true,
     .baseline_cpu = "x86-64",
     .requires = features_v4_vnni,
     .cpus = cpus_v4_vnni},
    {.info = {.name = "x86-64-v4",
              .features = "+prfchw",
              V4_FLOATS,
              .dot = DOT_PAIRS,
              .dot_rows = 14,
              .dot_columns = PLAN_PANEL,
              .isa_bits = ATM_ISA_X86_64_V4},
     .isa = "v4",
     .baseline_cpu = "x86-64",
     .requires = features_v4,
     .cpus = cpus_v4},
    {.info = {.name = "x86-64-v3-vnni",
              .features = "+avxvnni",
              V3_FLOATS,
              .dot = DOT_FOURS_U8,
              .dot_rows = 6,
              .dot_columns = 16,
              .isa_bits = ATM_ISA_X86_64_V3_VNNI},
     .isa = "v3-vnni",
     .quantized = true,
     .baseline_cpu = "x86-64",
     .requires = features_v3_vnni,
     .cpus = cpus_v3_vnni},
    {.info = {.name = "x86-64-v3",
              .features = "",
              V3_FLOATS,
              .dot = DOT_PAIRS,
              .dot_rows = 6,
              .dot_columns = 16,
              .isa_bits = ATM_ISA_X86_64_V3},
     .isa = "v3",
     .baseline_cpu = "x86-64",
     .requires = features_v3,
     .cpus = cpus_v3},
    {.info = {.name = "x86-64-v2",
              .triple = "x86_64-unknown-linux-gnu",
              .cpu = "x86-64-v2",
              .tune = "generic",
              .features = "",
              .vector_floats = 4,
              .vector_registers = 16,
              .has_fma = false,
              .has_half = false,
              .row_lanes = ROW_LANES_COPIED,
              .writes_past = true,
              .tile_rows = 2,
              .tile_columns = 16,
              .dot = DOT_PAIRS,
              .dot_rows = 4,
              .dot_columns = 8,
              .isa_bits = ATM_ISA_X86_64_V2},
     .isa = "v2",
     .baseline_cpu = "x86-64",
     .requires = features_v2,
     .cpus = cpus_v2},
};

static const char *const arches[] = {"x86_64", "amd64", NULL};

const TargetFamily target_family_x86 = {
    .arches = arches, .name = "x86-64", .rows = rows, .row_count = sizeof rows / sizeof *rows};
