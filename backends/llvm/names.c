/* The names of an artifact's entries and symbols, as the object, the header and the driver use
 * them. An entry's suffix says which images it takes and nothing of the other entries, so that it
 * stays when resolutions are added: _HxW, _NxHxW of several images, _N of vectors. */
#include <ctype.h>

#include "backends/backend.h"
#include "backends/llvm/targets.h"

ImageSize artifact_image(const ArtifactSpec *spec, uint32_t i) {
  Type type = spec->variants[0].plans[i]->inputs[spec->image_input].type;
  bool map = type.rank == 4;
  return (ImageSize){(uint32_t)type.dims[0], map ? (uint32_t)type.dims[1] : 1,
                     map ? (uint32_t)type.dims[2] : 1};
}

const char *artifact_suffix(const ArtifactSpec *spec, uint32_t i, Arena *arena) {
  ImageSize size = artifact_image(spec, i);
  Type type = spec->variants[0].plans[i]->inputs[spec->image_input].type;
  if (type.rank != 4) return arena_printf(arena, "_%u", size.n);
  if (size.n == 1) return arena_printf(arena, "_%ux%u", size.h, size.w);
  return arena_printf(arena, "_%ux%ux%u", size.n, size.h, size.w);
}

ArtifactNote artifact_note_head(uint32_t bytes) {
  return (ArtifactNote){.name_bytes = sizeof "atmc", .bytes = bytes, .type = 1, .name = "atmc"};
}

const char *artifact_macro_prefix(const ArtifactSpec *spec, Arena *arena) {
  char *upper = arena_strdup(arena, spec->prefix);
  for (char *c = upper; *c; ++c) {
    if (isupper((unsigned char)*c)) return spec->prefix;
    *c = (char)toupper((unsigned char)*c);
  }
  return upper;
}

const char *artifact_variant_suffix(const ArtifactSpec *spec, uint32_t v, Arena *arena) {
  if (spec->variant_count == 1) return "";
  return arena_printf(arena, "_%s", target_row(spec->variants[v].target)->isa);
}

const char *const *artifact_symbols(const ArtifactSpec *spec, Arena *arena, uint32_t *count) {
  static const char *const fixed[] = {"model", "find", "check_weights", "run"};
  static const char *const tests[] = {"selftest", "selftest_env"};
  enum { FIXED = sizeof fixed / sizeof *fixed, TESTS = sizeof tests / sizeof *tests };
  const char **symbols = ARENA_ARRAY(arena, spec->plan_count + FIXED + TESTS, const char *);
  *count = 0;
  for (uint32_t i = 0; spec->selftest && i < TESTS; ++i) {
    symbols[(*count)++] = arena_printf(arena, "%s_%s", spec->prefix, tests[i]);
  }
  for (uint32_t i = 0; i < FIXED; ++i) {
    symbols[(*count)++] = arena_printf(arena, "%s_%s", spec->prefix, fixed[i]);
  }
  for (uint32_t i = 0; i < spec->plan_count; ++i) {
    symbols[(*count)++] =
        arena_printf(arena, "%s_run%s", spec->prefix, artifact_suffix(spec, i, arena));
  }
  return symbols;
}
