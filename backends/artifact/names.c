/* How an artifact describes itself: the names of its entries and symbols, as the object, the header
 * and the driver use them, and what it computes in. An entry's suffix says which images it takes
 * and nothing of the other entries, so that it stays when resolutions are added: _HxW, _NxHxW of
 * several images, _N of vectors. */
#include <ctype.h>
#include <string.h>

#include "backends/backend.h"
#include "backends/target/targets.h"

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

bool artifact_takes_strides(const ArtifactSpec *spec) {
  const Plan *plan = spec->variants[0].plans[0];
  for (uint32_t i = 0; i < plan->input_count; ++i) {
    if (plan_takes_strides(&plan->inputs[i])) return true;
  }
  return false;
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
  static const char *const fixed[] = {"model", "find", "check_weights"};
  static const char *const tests[] = {"selftest", "selftest_env"};
  static const char *const runs[] = {"run", "run_strided"};
  enum { FIXED = sizeof fixed / sizeof *fixed, TESTS = sizeof tests / sizeof *tests };
  uint32_t forms = artifact_takes_strides(spec) ? 2 : 1, most = forms * (spec->plan_count + 1);
  const char **symbols = ARENA_ARRAY(arena, most + FIXED + TESTS, const char *);
  *count = 0;
  for (uint32_t i = 0; spec->selftest && i < TESTS; ++i) {
    symbols[(*count)++] = arena_printf(arena, "%s_%s", spec->prefix, tests[i]);
  }
  for (uint32_t i = 0; i < FIXED; ++i) {
    symbols[(*count)++] = arena_printf(arena, "%s_%s", spec->prefix, fixed[i]);
  }
  for (uint32_t f = 0; f < forms; ++f) {
    symbols[(*count)++] = arena_printf(arena, "%s_%s", spec->prefix, runs[f]);
    for (uint32_t i = 0; i < spec->plan_count; ++i) {
      const char *suffix = artifact_suffix(spec, i, arena);
      symbols[(*count)++] = arena_printf(arena, "%s_%s%s", spec->prefix, runs[f], suffix);
    }
  }
  return symbols;
}

uint32_t artifact_dtype(DType dtype) {
  static const uint32_t numbers[DTYPE_COUNT] = {
#define DTYPE(NAME, text, bytes, kind, c_type, npy) [DTYPE_##NAME] = ATM_DTYPE_##NAME,
#include "ir/dtype.def"
  };
  return numbers[dtype];
}

/* Whether any kernel of a plan multiplies in 8 bits. */
static bool is_quantized(const Plan *plan) {
  bool found = false;
  for (uint32_t k = 0; k < plan->kernel_count; ++k) {
    found |= graph_has_op(plan->kernels[k].body, OP_QUANTIZED_LINEAR);
  }
  return found;
}

const char *artifact_arithmetic(const ArtifactSpec *spec) {
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    for (uint32_t p = 0; p < spec->plan_count; ++p) {
      if (is_quantized(spec->variants[v].plans[p])) return "int8 and f32";
    }
  }
  return "f32";
}
