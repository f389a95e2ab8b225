/* The symbols of kernels. */
#include <string.h>

#include "backends/llvm/artifact.h"

/* The symbol of an equal kernel of an earlier plan, or NULL. */
static const char *named_before(const ArtifactVariant *variant, const char *const *const *names,
                                uint32_t plan, const PlanKernel *kernel) {
  for (uint32_t p = 0; p < plan; ++p) {
    const Plan *before = variant->plans[p];
    for (uint32_t k = 0; k < before->kernel_count; ++k) {
      if (plan_kernel_equal(&before->kernels[k], kernel)) return names[p][k];
    }
  }
  return NULL;
}

/* Whether a kernel of an earlier plan is called `symbol`. */
static bool is_taken(const ArtifactVariant *variant, const char *const *const *names, uint32_t plan,
                     const char *symbol) {
  for (uint32_t p = 0; p < plan; ++p) {
    for (uint32_t k = 0; k < variant->plans[p]->kernel_count; ++k) {
      if (strcmp(names[p][k], symbol) == 0) return true;
    }
  }
  return false;
}

/* Within a plan names differ, and plan_build.c made equal kernels one. */
const char *const *const *artifact_kernel_names(const ArtifactSpec *spec, uint32_t v,
                                                Arena *arena) {
  const ArtifactVariant *variant = &spec->variants[v];
  const char ***names = ARENA_ARRAY(arena, spec->plan_count, const char **);
  const char *const *const *before = (const char *const *const *)names;
  for (uint32_t p = 0; p < spec->plan_count; ++p) {
    const Plan *plan = variant->plans[p];
    names[p] = ARENA_ARRAY(arena, plan->kernel_count, const char *);
    for (uint32_t k = 0; k < plan->kernel_count; ++k) {
      names[p][k] = named_before(variant, before, p, &plan->kernels[k]);
      if (names[p][k]) continue;
      const char *symbol = arena_printf(arena, "%s_%s%s", spec->prefix, plan->kernels[k].name,
                                        artifact_variant_suffix(spec, v, arena));
      names[p][k] = symbol;
      for (uint32_t i = 2; is_taken(variant, before, p, names[p][k]); ++i) {
        names[p][k] = arena_printf(arena, "%s_%u", symbol, i);
      }
    }
  }
  return before;
}
