/* WebAssembly with its vectors of 128 bits (simd128), which every engine has had since 2023. Memory
 * is of 32 bits: pointers have 4 bytes. There is no fused multiply-add: products are rounded before
 * they are added, so that results differ from other instruction sets in their last bits, and are
 * those of no other (v2, which does not fuse either, sums in tiles of its own). Products are in
 * floats.
 *
 * Sums of a tile are what fits the 16 registers of x86-64, on which most engines run. */
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"

static const char *const features[] = {NULL};
static const char *const cpus[] = {NULL};

static const TargetRow rows[] = {
    {.info = {.name = "wasm-simd128",
              .triple = "wasm32-unknown-unknown",
              .format = FORMAT_WASM,
              .is_narrow = true,
              .cpu = "generic",
              .tune = "generic",
              .features = "+simd128,+bulk-memory,+nontrapping-fptoint,+sign-ext",
              .vector_floats = 4,
              .vector_registers = 16,
              .has_fma = false,
              .has_half = false,
              .tile_rows = 4,
              .tile_columns = 8,
              .isa_bits = ATM_ISA_WASM_SIMD128},
     .isa = "simd128",
     .baseline_cpu = "generic",
     .requires = features,
     .cpus = cpus},
};

static const char *const arches[] = {"wasm32", NULL};

const TargetFamily target_family_wasm = {.arches = arches,
                                         .name = "wasm32",
                                         .rows = rows,
                                         .row_count = sizeof rows / sizeof *rows,
                                         .in_floats = true};
