/* What the CPU and its operating system support, for atm_env.isa: the tests of isa.def. */
#include "atm_runtime.h"
#include "isa.def"

#define TEST(leaf, reg, mask) {leaf, reg, mask},
#define ISA(NAME, arch, below, tests) {ATM_ISA_##NAME, below, arch, {tests{0, 0, 0}}},

enum { MOST_TESTS = 7 };

/* Bits of one register; mask 0 ends a list. */
typedef struct isa_test {
  uint32_t leaf, reg, mask;
} isa_test;

static const struct {
  uint64_t isa, below;
  int arch;
  isa_test tests[MOST_TESTS + 1];
} rows[] = {
#include "isa.def"
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

#if defined(__x86_64__)
#include <cpuid.h>

enum { ARCH = ISA_X86 };

static uint32_t read_bits(uint32_t leaf, uint32_t reg) {
  unsigned r[4] = {0};
  int saved = reg == ISA_XCR0;
  unsigned subleaf = (leaf & ISA_SUBLEAF) != 0;
  leaf = saved ? 1 : leaf & ~(uint32_t)ISA_SUBLEAF;
  if (!__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3])) return 0;
  if (!saved) return r[reg];
  if (!(r[ISA_ECX] & ISA_OSXSAVE)) return 0;
  __asm__ volatile("xgetbv" : "=a"(r[0]), "=d"(r[1]) : "c"(0));
  return r[0];
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

enum { ARCH = ISA_ARM, SYSTEM_ANSWERS = 1 << 11 }; /* HWCAP_CPUID: mrs does not fault */

static uint32_t read_bits(uint32_t leaf, uint32_t reg) {
  uint64_t bits = 0;
  if (!(getauxval(AT_HWCAP) & SYSTEM_ANSWERS)) return 0;
  if (leaf == 0) __asm__("mrs %0, ID_AA64ISAR0_EL1" : "=r"(bits));
  if (leaf == 1) __asm__("mrs %0, ID_AA64ISAR1_EL1" : "=r"(bits));
  return (uint32_t)(reg == ISA_HIGH ? bits >> 32 : bits);
}
#elif defined(__riscv) && __riscv_xlen == 64
#include <sys/auxv.h>

enum { ARCH = ISA_RISCV };

static uint32_t read_bits(uint32_t leaf, uint32_t reg) {
  (void)leaf, (void)reg;
  return (uint32_t)getauxval(AT_HWCAP);
}
#else
#if defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
enum { ARCH = ISA_POWER };
#elif defined(__wasm__)
enum { ARCH = ISA_WASM };
#else
enum { ARCH = -1 };
#endif

static uint32_t read_bits(uint32_t leaf, uint32_t reg) {
  (void)leaf, (void)reg;
  return 0;
}
#endif

uint64_t atm_cpu_isa(void) {
  uint64_t isa = ATM_ISA_DETECTED;
  for (int i = 0; i < ROW_COUNT; ++i) {
    int all = rows[i].arch == ARCH && (isa & rows[i].below) == rows[i].below;
    for (const isa_test *t = rows[i].tests; all && t->mask; ++t) {
      all = (read_bits(t->leaf, t->reg) & t->mask) == t->mask;
    }
    if (all) isa |= rows[i].isa;
  }
  return isa;
}

const atm_variant *atm_model_variant(const atm_model *model, const atm_env *env) {
  uint64_t told = env ? env->isa : 0;
  uint64_t isa = told & ATM_ISA_DETECTED ? told : atm_cpu_isa();
  if (told) isa &= told;
  for (uint32_t i = 0; i < model->variant_count; ++i) {
    const atm_variant *variant = &model->variants[i];
    if ((isa & variant->isa) == variant->isa) return variant;
  }
  return NULL;
}
