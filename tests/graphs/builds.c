/* Which ways a subject is compiled in: every instruction set, each optional pass off in turn, all
 * of them off, whole numbers, half weights, and code that LLVM did not optimize. */
#include "tests/graphs/trial.h"

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

static const char *const isas[] = {"v4", "v3", "v2"};
static const char *const quantized_isas[] = {"v4", "v3", "v2", "v4-vnni", "v3-vnni"};

/* The names of the passes that may be off, in `arena`. */
static uint32_t optional_passes(Arena *arena, const char ***names) {
  uint32_t all, count = 0;
  const Pass *passes = pass_all(&all);
  *names = ARENA_ARRAY(arena, all, const char *);
  for (uint32_t i = 0; i < all; ++i) {
    if (!passes[i].required) (*names)[count++] = passes[i].name;
  }
  return count;
}

uint32_t trial_builds(Arena *arena, uint64_t seed, Build *builds) {
  const char **names;
  uint32_t optional = optional_passes(arena, &names);
  Lot lot = {seed + 17};
  const char *isa = isas[lot_below(&lot, 3)];
  builds[0] = (Build){.isa = isas[seed % 3]};
  if (seed % 2) return 1;
  switch (lot_below(&lot, 8)) {
    case 0: builds[1] = (Build){.isa = isa, .unoptimized = true}; break;
    case 1: builds[1] = (Build){.isa = isas[lot_below(&lot, 2)], .half = true}; break;
    case 2: builds[1] = (Build){.isa = isa, .off = names, .off_count = optional}; break;
    case 3:
    case 4: builds[1] = (Build){.isa = quantized_isas[lot_below(&lot, 5)], .quantize = true}; break;
    default:
      builds[1] = (Build){.isa = isa, .off = &names[lot_below(&lot, optional)], .off_count = 1};
      break;
  }
  return 2;
}

uint32_t trial_all_builds(Arena *arena, Build *builds) {
  const char **names;
  uint32_t optional = optional_passes(arena, &names), count = 0;
  for (uint32_t i = 0; i < LENGTH(isas); ++i) {
    builds[count++] = (Build){.isa = isas[i]};
    builds[count++] = (Build){.isa = isas[i], .off = names, .off_count = optional};
    builds[count++] = (Build){.isa = isas[i], .unoptimized = true};
  }
  for (uint32_t i = 0; i < 2; ++i) builds[count++] = (Build){.isa = isas[i], .half = true};
  for (uint32_t i = 0; i < LENGTH(quantized_isas); ++i) {
    builds[count++] = (Build){.isa = quantized_isas[i], .quantize = true};
  }
  for (uint32_t i = 0; i < optional; ++i) {
    builds[count++] = (Build){.isa = isas[i % 3], .off = &names[i], .off_count = 1};
  }
  return count;
}
