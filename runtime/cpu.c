/* What the CPU and its operating system support, for atm_env.isa. */
#include "atm_runtime.h"

#if defined(__x86_64__)
#include <cpuid.h>

enum { OSXSAVE = 1 << 27, XCR0_YMM = 0x06, XCR0_ZMM = 0xe6 };
/* cpuid bits of each level, in ecx of leaf 1, ebx of leaf 7 and ecx of leaf 0x80000001. */
#define V2_LEAF1 (1u | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23)
#define V2_EXTENDED 1u
#define V3_LEAF1 (1u << 12 | 1u << 22 | OSXSAVE | 1u << 28 | 1u << 29)
#define V3_LEAF7 (1u << 3 | 1u << 5 | 1u << 8)
#define V3_EXTENDED (1u << 5)
#define V4_LEAF7 (1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31)

static int has(unsigned value, unsigned mask) {
  return (value & mask) == mask;
}

uint64_t atm_cpu_isa(void) {
  unsigned a = 0, b = 0, leaf1 = 0, d = 0, leaf7 = 0, extended = 0, c = 0, saved = 0;
  if (!__get_cpuid(1, &a, &b, &leaf1, &d) || !__get_cpuid_count(7, 0, &a, &leaf7, &c, &d) ||
      !__get_cpuid(0x80000001u, &a, &b, &extended, &d)) {
    return 0;
  }
  if (!has(leaf1, V2_LEAF1) || !has(extended, V2_EXTENDED)) return 0;
  uint64_t isa = ATM_ISA_X86_64_V2;
  if (!has(leaf1, V3_LEAF1) || !has(leaf7, V3_LEAF7) || !has(extended, V3_EXTENDED)) return isa;
  __asm__ volatile("xgetbv" : "=a"(saved), "=d"(d) : "c"(0));
  if (!has(saved, XCR0_YMM)) return isa;
  isa |= ATM_ISA_X86_64_V3;
  if (has(leaf7, V4_LEAF7) && has(saved, XCR0_ZMM)) isa |= ATM_ISA_X86_64_V4;
  return isa;
}
#elif defined(__aarch64__)
uint64_t atm_cpu_isa(void) {
  return ATM_ISA_ARM_NEON;
}
#else
uint64_t atm_cpu_isa(void) {
  return 0;
}
#endif
