/* Choosing targets: names, defaults, and options that disagree. */
#include <criterion/criterion.h>

#include "backends/backend.h"
#include "backends/target/targets.h"
#include "runtime/atm_runtime.h"

/* The name of the chosen target, or NULL after exactly one usage error. */
static const char *chosen(const TargetRequest *request) {
  Arena *arena = arena_new();
  Diag diag = {0};
  const TargetInfo *target = target_choose(request, arena, &diag);
  cr_expect_eq(diag.errors, target ? 0u : 1u);
  const char *name = target ? target->name : NULL;
  arena_free(arena);
  return name;
}

static const char *choose(const char *isa, const char *cpu, const char *triple) {
  return chosen(&(TargetRequest){isa, cpu, triple, false});
}

Test(targets, finds_an_isa) {
  cr_expect_str_eq(choose("v4", NULL, NULL), "x86-64-v4");
  cr_expect_str_eq(choose("v3", NULL, "x86_64-linux-gnu"), "x86-64-v3");
  cr_expect_str_eq(choose("x86-64-v2", NULL, NULL), "x86-64-v2");
  cr_expect_str_eq(choose("neon", NULL, NULL), "armv8-a");
  cr_expect_str_eq(choose("neon-dotprod", NULL, NULL), "armv8-a-dotprod");
  cr_expect_str_eq(choose("armv8-a-i8mm", NULL, NULL), "armv8-a-i8mm");
  cr_expect_str_eq(choose(NULL, NULL, "aarch64-linux-gnu"), "armv8-a");
  cr_expect_null(choose("v5", NULL, NULL));
  cr_expect_null(choose("", NULL, NULL));
}

Test(targets, finds_a_cpu) {
  cr_expect_str_eq(choose(NULL, "znver5", NULL), "x86-64-v4");
  cr_expect_str_eq(choose(NULL, "haswell", NULL), "x86-64-v3");
  cr_expect_str_eq(choose(NULL, "nehalem", NULL), "x86-64-v2");
  cr_expect_str_eq(choose(NULL, "neoverse-n1", NULL), "armv8-a");
  cr_expect_null(choose(NULL, "pentium", NULL));
}

/* Of CPUs with instructions for quantized products, what these are for and nothing else. */
Test(targets, finds_a_cpu_for_quantized_products) {
  static const char *const best[][2] = {
      {"cortex-a57", "armv8-a"},          {"cortex-a76", "armv8-a-dotprod"},
      {"neoverse-n1", "armv8-a-dotprod"}, {"neoverse-v1", "armv8-a-i8mm"},
      {"neoverse-n2", "armv8-a-i8mm"},    {"cortex-a510", "armv8-a-i8mm"},
      {"apple-m1", "armv8-a-dotprod"},    {"apple-m2", "armv8-a-i8mm"}};
  for (size_t i = 0; i < sizeof best / sizeof *best; ++i) {
    const char *cpu = best[i][0];
    cr_expect_str_eq(chosen(&(TargetRequest){.cpu = cpu, .quantized = true}), best[i][1]);
    cr_expect_str_eq(choose(NULL, cpu, NULL), "armv8-a");
  }
  cr_expect_null(choose("neon-i8mm", "neoverse-n1", NULL), "the CPU lacks the ISA");
  cr_expect_str_eq(choose("neon-dotprod", "neoverse-n2", NULL), "armv8-a-dotprod");
}

Test(targets, wants_options_that_agree) {
  cr_expect_str_eq(choose("v2", "znver5", "x86_64-unknown-linux-gnu"), "x86-64-v2");
  cr_expect_null(choose("v4", "haswell", NULL), "the CPU lacks the ISA");
  cr_expect_null(choose("v4", NULL, "aarch64-linux-gnu"));
  cr_expect_null(choose(NULL, "haswell", "aarch64-linux-gnu"));
  cr_expect_null(choose("neon", "haswell", NULL));
}

Test(targets, knows_its_systems) {
  cr_expect_str_eq(choose(NULL, NULL, "riscv64-linux-gnu"), "rv64gcv");
  cr_expect_str_eq(choose(NULL, NULL, "ppc64le-linux-gnu"), "power8");
  cr_expect_str_eq(choose(NULL, NULL, "x86_64-pc-windows-msvc"), "x86-64-v2", "no machine's");
  cr_expect_str_eq(choose("v4", NULL, "x86_64-apple-macos12"), "x86-64-v4");
  cr_expect_str_eq(choose(NULL, NULL, "wasm32"), "wasm-simd128");
  cr_expect_str_eq(choose("simd128", NULL, NULL), "wasm-simd128");
  cr_expect_str_eq(choose("wasm-simd128", NULL, "wasm32-wasi"), "wasm-simd128");
  cr_expect_null(choose(NULL, NULL, "wasm64-unknown-unknown"));
  cr_expect_null(choose(NULL, NULL, "wasm32-unknown-emscripten"), "another ABI of names");
  cr_expect_null(choose("v2", NULL, "wasm32-unknown-unknown"));
  cr_expect_str_eq(choose(NULL, NULL, "arm64-apple-macos"), "armv8-a");
  cr_expect_null(choose("neon-i8mm", NULL, "arm64-apple-macos"), "nobody may ask");
  cr_expect_null(choose(NULL, NULL, "aarch64-pc-windows-msvc"));
  cr_expect_null(choose(NULL, NULL, "x86_64-apple-ios"));
  cr_expect_null(choose(NULL, NULL, "riscv32-linux-gnu"));
  cr_expect_null(choose(NULL, NULL, "powerpc64-linux-gnu"), "big-endian");
  cr_expect_null(choose(NULL, NULL, "x86_64x-linux-gnu"));
  cr_expect_null(choose(NULL, NULL, ""));
  cr_expect_str_eq(choose("v3", NULL, "x86_64"), "x86-64-v3");
}

Test(targets, takes_the_best_of_this_machine) {
  uint64_t isa = atm_cpu_isa();
  const char *best = isa & ATM_ISA_X86_64_V4   ? "x86-64-v4"
                     : isa & ATM_ISA_X86_64_V3 ? "x86-64-v3"
                     : isa & ATM_ISA_X86_64_V2 ? "x86-64-v2"
                                               : "armv8-a";
  cr_expect_str_eq(choose(NULL, NULL, NULL), best);
  cr_expect_str_eq(choose(NULL, "native", NULL), best);
}

Test(targets, has_consistent_rows) {
  const TargetFamily *families[] = {&target_family_x86, &target_family_arm, &target_family_riscv,
                                    &target_family_power, &target_family_wasm};
  for (size_t f = 0; f < sizeof families / sizeof *families; ++f) {
    for (uint32_t i = 0; i < families[f]->row_count; ++i) {
      const TargetInfo *t = &families[f]->rows[i].info;
      uint32_t columns = t->tile_columns / t->vector_floats;
      cr_expect_eq(PLAN_PANEL % t->tile_columns, 0u);
      cr_expect_eq(t->tile_columns % t->vector_floats, 0u);
      cr_expect_leq(t->tile_rows * columns, t->vector_registers, "%s: the tile", t->name);
      uint32_t single = target_row_vectors(t) + 1; /* sums of a row that is alone, and itself */
      cr_expect_leq(single, t->vector_registers, "%s: a single row", t->name);
      cr_expect_leq(single, PLAN_TILE_VECTORS + 1u, "%s: a single row", t->name);
      uint32_t others = t->row_lanes ? t->tile_rows + 2 : 0; /* rows, and two of columns */
      cr_expect_leq(t->tile_rows * columns + others, t->vector_registers, "%s: lanes", t->name);
      cr_expect_eq(target_row(t), &families[f]->rows[i]);
    }
  }
}

/* The names of the chosen targets, or NULL after exactly one usage error. */
static const char *choose_list(Arena *arena, const char *isas, const char *triple) {
  Diag diag = {0};
  TargetList list;
  StringBuilder text = {.arena = arena};
  Status status =
      target_choose_list(&(TargetRequest){.isa = isas, .triple = triple}, arena, &diag, &list);
  cr_expect_eq(diag.errors, status ? 1u : 0u);
  if (status) return NULL;
  for (uint32_t i = 0; i < list.count; ++i) {
    string_builder_printf(&text, "%s ", list.items[i]->name);
  }
  return string_builder_text(&text);
}

Test(targets, finds_lists_of_one_family) {
  Arena *arena = arena_new();
  cr_expect_str_eq(choose_list(arena, "v2,x86-64-v4,v3", NULL), "x86-64-v4 x86-64-v3 x86-64-v2 ");
  cr_expect_str_eq(choose_list(arena, "neon", NULL), "armv8-a ");
  cr_expect_str_eq(choose_list(arena, "neon,neon-i8mm,neon-dotprod", NULL),
                   "armv8-a-i8mm armv8-a-dotprod armv8-a ");
  cr_expect_str_eq(choose_list(arena, NULL, "aarch64-linux-gnu"), "armv8-a ");
  cr_expect_null(choose_list(arena, "v3,neon", NULL));
  cr_expect_null(choose_list(arena, "v3,v2", "aarch64-linux-gnu"));
  cr_expect_null(choose_list(arena, "v3,v2,x86-64-v3", NULL), "twice");
  cr_expect_null(choose_list(arena, "v3,", NULL));
  cr_expect_null(choose_list(arena, ",v3", NULL));
  cr_expect_null(choose_list(arena, "v3,v9", NULL));
  arena_free(arena);
}

Test(targets, are_found_by_name) {
  cr_expect_str_eq(target_find("x86-64-v4-vnni", NULL)->name, "x86-64-v4-vnni");
  cr_expect_str_eq(target_find("armv8-a", "aarch64-linux-gnu")->name, "armv8-a");
  cr_expect_null(target_find("armv8-a", "x86_64-linux-gnu"));
  cr_expect_null(target_find("vax", NULL));
}

static const char *tune_of(Arena *arena, const char *cpu, const char *triple) {
  Diag diag = {0};
  return target_choose(&(TargetRequest){.cpu = cpu, .triple = triple}, arena, &diag)->tune;
}

Test(targets, are_tuned_for_cores_that_gain) {
  Arena *arena = arena_new();
  cr_expect_str_eq(tune_of(arena, "cortex-a53", NULL), "cortex-a55");
  cr_expect_str_eq(tune_of(arena, "cortex-a510", "aarch64-linux-gnu"), "cortex-a55");
  cr_expect_str_eq(tune_of(arena, "neoverse-n1", NULL), "generic");
  cr_expect_str_eq(tune_of(arena, "apple-m1", "arm64-apple-macos"), "generic");
  cr_expect_str_eq(tune_of(arena, "znver3", NULL), "generic");
  arena_free(arena);
}

/* What code is tuned for is said for all of them. */
Test(targets, have_a_tuning) {
  static const char *const isas[] = {"v4-vnni", "v4",        "v3-vnni",      "v3",
                                     "v2",      "neon-i8mm", "neon-dotprod", "neon"};
  for (size_t i = 0; i < sizeof isas / sizeof *isas; ++i) {
    cr_expect_str_eq(target_find(isas[i], NULL)->tune, "generic");
  }
}
