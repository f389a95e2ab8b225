/* The names of an artifact's entries and symbols, as the object, the header and the driver use
 * them.
 *
 * Entries of several resolutions are told apart by a suffix. Of the styles below, the first that
 * gives every plan a suffix of its own is used for all of them: nothing, _HxW, _NxHxW, _INDEX.
 */
#include <string.h>

#include "backends/backend.h"
#include "backends/llvm/targets.h"

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

/* No two plans have the same suffix in this style. */
static bool style_is_unique(Arena *arena, const Plan *const *plans, uint32_t count,
                            SuffixStyle style) {
  for (uint32_t i = 0; i < count; ++i) {
    for (uint32_t j = 0; j < i; ++j) {
      if (strcmp(suffix(arena, plans, i, style), suffix(arena, plans, j, style)) == 0) return false;
    }
  }
  return true;
}

const char *artifact_suffix(const ArtifactSpec *spec, uint32_t i, Arena *arena) {
  const Plan *const *plans = spec->variants[0].plans;
  SuffixStyle style = SUFFIX_NONE;
  while (style < SUFFIX_INDEX && !style_is_unique(arena, plans, spec->plan_count, style)) ++style;
  return suffix(arena, plans, i, style);
}

const char *artifact_variant_suffix(const ArtifactSpec *spec, uint32_t v, Arena *arena) {
  if (spec->variant_count == 1) return "";
  return arena_printf(arena, "_%s", target_row(spec->variants[v].target)->isa);
}

const char *const *artifact_symbols(const ArtifactSpec *spec, Arena *arena, uint32_t *count) {
  const char **symbols = ARENA_ARRAY(arena, spec->plan_count + 1, const char *);
  *count = 0;
  symbols[(*count)++] = arena_printf(arena, "%s_model", spec->prefix);
  for (uint32_t i = 0; i < spec->plan_count; ++i) {
    symbols[(*count)++] =
        arena_printf(arena, "%s_run%s", spec->prefix, artifact_suffix(spec, i, arena));
  }
  return symbols;
}
