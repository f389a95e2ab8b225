/* Deterministic weights: bits recorded from the reference implementation (NumPy), each rule once.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "frontend/frontend.h"

typedef struct Recorded {
  const char *name;
  uint32_t rank;
  int64_t dims[TYPE_MAX_RANK];
  uint64_t seed;
  uint64_t hash; /* FNV-1a of the bytes */
  float first;
} Recorded;

static const Recorded recorded[] = {
    {"blocks.0.0.offset_layer.1.weight", 2, {64, 64}, 0, 0xd908d68137955de4, -0.24302946f},
    {"blocks.0.0.offset_layer.1.bias", 1, {64}, 0, 0xbaa55ecdc872113, -2.0454905f},
    {"norm.weight", 1, {512}, 7, 0xe0e1b6a1f9e094ad, 1.0918643f},
    {"head.bias", 1, {1000}, 0, 0x83026fef3aee1f12, -0.05695069f},
    {"patch_embed.proj.weight", 4, {64, 3, 7, 7}, UINT64_MAX, 0xb8b1cdfc9aa30f1d, -0.00630844f},
    {"blocks.0.0.atm.atm_w.weight", 4, {64, 64, 1, 1}, 3, 0xaf333280568b94af, 0.08100955f},
    {"image", 4, {2, 3, 5, 7}, 1, 0x7b0a827971ebe6cb, -0.79077697f},
};

Test(synthetic, gives_the_recorded_bits) {
  for (size_t i = 0; i < sizeof recorded / sizeof *recorded; ++i) {
    const Recorded *r = &recorded[i];
    Type type = type_make(r->rank, r->dims);
    int64_t count;
    cr_assert(type_count(type, &count));
    float *values = malloc((size_t)count * sizeof *values);
    synthetic_tensor(r->name, type, r->seed, values);
    const unsigned char *bytes = (const unsigned char *)values;
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t j = 0; j < (size_t)count * sizeof *values; ++j) {
      hash = (hash ^ bytes[j]) * UINT64_C(0x100000001B3);
    }
    cr_expect_float_eq(values[0], r->first, 1e-7, "%s: %.9g", r->name, (double)values[0]);
    cr_expect_eq(hash, r->hash, "%s: %016lx", r->name, (unsigned long)hash);
    free(values);
  }
}

enum { SIDE = 12 };

/* The least and the largest of a tensor [SIDE,SIDE,3,3] of that name, or of a vector. */
static void range_of(const char *name, bool vector, float *low, float *high) {
  Type type = vector ? type_vector(SIDE * SIDE) : type_make(4, (int64_t[]){SIDE, SIDE, 3, 3});
  float values[SIDE * SIDE * 9];
  int64_t count;
  cr_assert(type_count(type, &count));
  synthetic_tensor(name, type, 5, values);
  *low = *high = values[0];
  for (int64_t i = 0; i < count; ++i) {
    *low = values[i] < *low ? values[i] : *low;
    *high = values[i] > *high ? values[i] : *high;
  }
}

/* Or nobody would see levels that change places. */
Test(synthetic, levels_of_a_head_differ) {
  static const struct {
    const char *name;
    double factor; /* of the spread of any other weights */
  } cases[] = {{"neck.fpn_convs.0.conv.weight", 1},    {"neck.fpn_convs.1.conv.weight", 1.5},
               {"neck.fpn_convs.2.conv.weight", 2},    {"neck.fpn_convs.3.conv.weight", 2.5},
               {"neck.fpn_convs.4.conv.weight", 1},    {"neck.fpn_convs.5.conv.weight", 1},
               {"neck.fpn_convs./.conv.weight", 1},    {"neck.fpn_convs.3.other.weight", 1},
               {"neck.lateral_convs.3.conv.weight", 1}};
  double spread = 0.16666666666666666; /* sqrt(3 / (12 * 9)) */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    float low, high;
    range_of(cases[i].name, false, &low, &high);
    cr_expect_float_eq((double)high / spread, cases[i].factor, 0.01 * cases[i].factor, "%s: %g",
                       cases[i].name, (double)high);
    cr_expect_float_eq((double)-low / spread, cases[i].factor, 0.01 * cases[i].factor, "%s: %g",
                       cases[i].name, (double)low);
  }
}

Test(synthetic, variances_are_above_zero) {
  float low, high;
  range_of("bn.running_var", true, &low, &high);
  cr_expect(low >= 0.5f && low < 0.55f && high > 1.45f && high <= 1.5f, "%g %g", (double)low,
            (double)high);
  range_of("bn.running_mean", true, &low, &high);
  cr_expect(low >= -0.3f && low < -0.27f && high > 0.27f && high <= 0.3f, "%g %g", (double)low,
            (double)high);
}
