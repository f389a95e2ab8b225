/* Deterministic weights, so that a full-size model needs no download.
 *
 * Element i of the tensor NAME (row-major order) is m + s (2u - 1), with
 *   u = (splitmix64(fnv1a64(NAME) + seed * SEED_STEP + (i + 1) * STEP) >> 40) / 2^24,
 * splitmix64 being the finalizer alone, everything modulo 2^64. m and s come from the name and the
 * shape (scale_of). The affine map is done in double and rounded to float once; fused multiply-adds
 * would change bits, so this file is compiled without contraction.
 */
#include <math.h>
#include <string.h>

#include "frontend/frontend.h"
#include "support/panic.h"

#define STEP UINT64_C(0x9E3779B97F4A7C15)
#define SEED_STEP UINT64_C(0xD1342543DE82EF95)

/* m and s of the head. */
typedef struct Scale {
  double middle;
  double spread;
} Scale;

static uint64_t fnv1a64(const char *name) {
  uint64_t h = UINT64_C(0xCBF29CE484222325);
  for (; *name; ++name) h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001B3);
  return h;
}

static uint64_t splitmix64(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static bool ends_with(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n >= m && strcmp(name + n - m, end) == 0;
}

/* The factor of the spread of neck.fpn_convs.N.conv.weight, so that a head's levels differ; 0: it
 * is another tensor. */
static double fpn_factor(const char *name) {
  static const char before[] = "neck.fpn_convs.";
  static const double factors[] = {1, 1.5, 2, 2.5, 1};
  if (strncmp(name, before, sizeof before - 1) != 0) return 0;
  const char *level = name + sizeof before - 1;
  if (*level < '0' || *level > '4' || strcmp(level + 1, ".conv.weight") != 0) return 0;
  return factors[*level - '0'];
}

/* The first rule that matches. */
static Scale scale_of(const char *name, Type type) {
  double fan_in = 1;
  for (uint32_t i = 1; i < type.rank; ++i) fan_in *= (double)type.dims[i];
  if (fpn_factor(name) > 0) return (Scale){0, fpn_factor(name) * sqrt(3 / fan_in)};
  if (ends_with(name, "offset_layer.1.weight")) return (Scale){0, 3 / sqrt(fan_in)};
  if (ends_with(name, "offset_layer.1.bias")) return (Scale){0, 3};
  double depth = (double)type.dims[type.rank - 1];
  if (ends_with(name, "x_proj_weight")) return (Scale){0, 4 / sqrt(depth)};
  if (ends_with(name, "dt_projs_weight")) return (Scale){0, 0.5 / sqrt(depth)};
  if (ends_with(name, "dt_projs_bias")) return (Scale){-4.6, 2.3};
  if (ends_with(name, "A_logs")) return depth == 1 ? (Scale){0, 0.3} : (Scale){1.4, 1.4};
  if (ends_with(name, "Ds")) return (Scale){1, 0.3};
  if (strcmp(name, "image") == 0) return (Scale){0, 2};
  if (ends_with(name, ".alpha")) return (Scale){1, 0.3}; /* of an affine */
  if (ends_with(name, ".beta")) return (Scale){0, 0.1};
  if (ends_with(name, ".ls1") || ends_with(name, ".ls2")) return (Scale){0, 0.5};
  if (ends_with(name, "weight") && type.rank == 1) return (Scale){1, 0.3}; /* of a norm */
  if (ends_with(name, "running_mean")) return (Scale){0, 0.3};
  if (ends_with(name, "running_var")) return (Scale){1, 0.5};
  if (ends_with(name, "bias")) return (Scale){0, 0.1};
  return (Scale){0, sqrt(3 / fan_in)};
}

void synthetic_tensor(const char *name, Type type, uint64_t seed, float *out) {
  int64_t count;
  CHECK(type_count(type, &count));
  Scale scale = scale_of(name, type);
  uint64_t state = fnv1a64(name) + seed * SEED_STEP;
  for (int64_t i = 0; i < count; ++i) {
    state += STEP;
    double u = (double)(splitmix64(state) >> 40) / (1 << 24);
    out[i] = (float)(scale.middle + scale.spread * (2 * u - 1));
  }
}
