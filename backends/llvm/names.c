/* The names of an artifact's entries and symbols, as the object, the header and the driver use
 * them. */
#include <string.h>

#include "backends/backend.h"

typedef enum SuffixStyle { SUFFIX_NONE, SUFFIX_HW, SUFFIX_NHW, SUFFIX_INDEX } SuffixStyle;

/* The suffix of plan `i`, made from its first input. */
static const char *suffix(Arena *arena, const Plan *const *plans, uint32_t i, SuffixStyle style) {
  Type type = plans[i]->inputs[0].type;
  bool map = type.rank == 4;
  long long n = (long long)type.dims[0];
  long long h = (long long)type.dims[1];
  long long w = (long long)type.dims[2];
  if (style == SUFFIX_HW && map) return arena_printf(arena, "_%lldx%lld", h, w);
  if (style == SUFFIX_NHW && map) return arena_printf(arena, "_%lldx%lldx%lld", n, h, w);
  if (style == SUFFIX_HW || style == SUFFIX_NHW) return arena_printf(arena, "_%lld", n);
  return style == SUFFIX_NONE ? "" : arena_printf(arena, "_%u", i);
}

static bool style_is_unique(Arena *arena, const Plan *const *plans, uint32_t count,
                            SuffixStyle style) {
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      if (strcmp(suffix(arena, plans, i, style), suffix(arena, plans, j, style)) == 0) return false;
    }
  }
  return true;
}

const char *artifact_suffix(Arena *arena, const Plan *const *plans, uint32_t count, uint32_t i) {
  SuffixStyle style = SUFFIX_NONE;
  while (style < SUFFIX_INDEX && !style_is_unique(arena, plans, count, style)) ++style;
  return suffix(arena, plans, i, style);
}

const char *const *artifact_symbols(Arena *arena, const Plan *const *plans, uint32_t plan_count,
                                    const EmitOptions *options, uint32_t *count) {
  const char **symbols = ARENA_ARRAY(arena, plan_count + 1, const char *);
  *count = 0;
  symbols[(*count)++] = arena_printf(arena, "%s_model", options->prefix);
  for (uint32_t i = 0; i < plan_count; ++i) {
    symbols[(*count)++] = arena_printf(arena, "%s_run%s", options->prefix,
                                       artifact_suffix(arena, plans, plan_count, i));
  }
  return symbols;
}
