/* cpu_supports v2|v3|v3-vnni|v4|v4-vnni: exit code 0 when this machine runs code
 * of that instruction set. */
#include <stdio.h>
#include <string.h>

#include "runtime/atm_runtime.h"

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    uint64_t bit;
  } sets[] = {{"v2", ATM_ISA_X86_64_V2},
              {"v3", ATM_ISA_X86_64_V3},
              {"v4", ATM_ISA_X86_64_V4},
              {"v3-vnni", ATM_ISA_X86_64_V3_VNNI},
              {"v4-vnni", ATM_ISA_X86_64_V4_VNNI}};
  for (size_t i = 0; argc == 2 && i < sizeof sets / sizeof *sets; ++i) {
    if (!strcmp(argv[1], sets[i].name)) return !(atm_cpu_isa() & sets[i].bit);
  }
  fprintf(stderr, "usage: cpu_supports v2|v3|v3-vnni|v4|v4-vnni\n");
  return 2;
}
