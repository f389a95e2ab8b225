/* The systems that objects are made for, beside Linux: formats, triples, and what is asked of them.
 *
 * What a CPU has is asked of the CPU itself; on Apple's systems for Arm programs may not, so that
 * code for them is of what every such CPU has. */
#include <string.h>

#include "backends/target/targets.h"

struct TargetSystem {
  const TargetFamily *family;
  const char
      *words; /* what stands in triples behind the architecture; a later digit is a version */
  const char *shown;  /* the triple as --target takes it */
  const char *triple; /* LLVM's; NULL: that of the row */
  ObjectFormat format;
  bool is_secretive; /* it does not tell what the CPU has */
};

static const TargetSystem systems[] = {
    {&target_family_x86, "linux", "x86_64-linux-gnu", NULL, FORMAT_ELF, false},
    {&target_family_arm, "linux", "aarch64-linux-gnu", NULL, FORMAT_ELF, false},
    {&target_family_riscv, "linux", "riscv64-linux-gnu", NULL, FORMAT_ELF, false},
    {&target_family_power, "linux", "powerpc64le-linux-gnu", NULL, FORMAT_ELF, false},
    {&target_family_arm, "apple-macos", "arm64-apple-macos", "arm64-apple-macosx11.0.0",
     FORMAT_MACHO, true},
    {&target_family_x86, "apple-macos", "x86_64-apple-macos", "x86_64-apple-macosx11.0.0",
     FORMAT_MACHO, false},
    {&target_family_x86, "windows-msvc", "x86_64-pc-windows-msvc", "x86_64-pc-windows-msvc",
     FORMAT_COFF, false},
    {&target_family_x86, "windows-gnu", "x86_64-w64-windows-gnu", "x86_64-w64-windows-gnu",
     FORMAT_COFF, false},
    {&target_family_wasm, "unknown-unknown", "wasm32-unknown-unknown", NULL, FORMAT_WASM, false},
    {&target_family_wasm, "wasi", "wasm32-wasi", NULL, FORMAT_WASM, false},
};
enum { SYSTEM_COUNT = sizeof systems / sizeof *systems };

/* Pointers of 32 bits on a machine of 64, as x86_64-linux-gnux32: another ABI. */
static bool is_narrow(const char *rest) {
  return strstr(rest, "x32") || strstr(rest, "ilp32");
}

/* A triple of an architecture alone is for the first: Linux, where the family has it. */
const TargetSystem *system_find(const TargetFamily *family, const char *triple) {
  const char *rest = triple + strcspn(triple, "-");
  if (is_narrow(rest)) return NULL;
  for (uint32_t i = 0; i < SYSTEM_COUNT; ++i) {
    if (systems[i].family != family) continue;
    if (!*rest || strstr(rest, systems[i].words)) return &systems[i];
  }
  return NULL;
}

bool system_is_foreign(const TargetSystem *system) {
  return system->triple != NULL;
}

const TargetInfo *system_apply(const TargetSystem *system, const TargetRow *row, Arena *arena,
                               Diag *diag) {
  if (!system_is_foreign(system)) return &row->info;
  const TargetFamily *family = system->family;
  if (system->is_secretive && row != &family->rows[family->row_count - 1]) {
    (void)diag_usage_error(diag, "--isa=%s: %s does not say whether a CPU has it; %s is for all",
                           row->isa, system->shown, family->rows[family->row_count - 1].isa);
    return NULL;
  }
  TargetInfo *own = ARENA_NEW(arena, TargetInfo);
  *own = row->info;
  own->triple = system->triple;
  own->format = system->format;
  return own;
}

const char *system_triples(Arena *arena) {
  StringBuilder text = {.arena = arena};
  for (uint32_t i = 0; i < SYSTEM_COUNT; ++i) {
    string_builder_printf(&text, "%s%s", i ? ", " : "", systems[i].shown);
  }
  return string_builder_text(&text);
}
