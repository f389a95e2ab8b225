/* GELU of the generated code against erfc in double: at most 4 ulp for x >= -3, at most 1e-7 below.
 *
 * By default every 997th float is tried; with ATMC_EXHAUSTIVE set in the environment, every one (a
 * few minutes). */
#include <criterion/logging.h>

#include "tests/unit/kernel_fixture.h"

enum { ROWS = 64, CHANNELS = 1024, BATCH = ROWS * CHANNELS };
static const double MAX_ULP = 4.0, MAX_ERROR = 1e-7;

typedef struct Worst {
  double ulp, error;
  float at_ulp, at_error;
} Worst;

static double exact(double x) {
  return x > 40 ? x : 0.5 * x * erfc(-x * sqrt(0.5));
}

/* The distance between floats at `value`, subnormal ones included. */
static double ulp_of(double value) {
  int exponent;
  frexp((double)(float)value, &exponent);
  return ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
}

static void look_at(Worst *worst, float x, float y) {
  if (isnan(x)) {
    cr_assert(isnan(y), "gelu(nan) is %g", (double)y);
    return;
  }
  if (isinf(x)) {
    cr_assert(x > 0 ? isinf(y) : fabs((double)y) <= MAX_ERROR, "gelu(%g) is %g", (double)x,
              (double)y);
    return;
  }
  double want = exact(x), error = fabs((double)y - want), ulp = error / ulp_of(want);
  if (x >= -3.0f && ulp > worst->ulp) {
    worst->ulp = ulp;
    worst->at_ulp = x;
  } else if (x < -3.0f && error > worst->error) {
    worst->error = error;
    worst->at_error = x;
  }
}

/* Fills `in` with the floats whose bits are *bits, *bits + step, ...; returns how many were left.
 */
static uint32_t fill(float *in, uint64_t *bits, uint64_t step) {
  uint32_t count = 0;
  for (; count < BATCH && *bits <= UINT32_MAX; count++, *bits += step) {
    uint32_t pattern = (uint32_t)*bits;
    memcpy(&in[count], &pattern, sizeof pattern);
  }
  for (uint32_t i = count; i < BATCH; ++i) in[i] = 0;
  return count;
}

static void sweep(const TargetInfo *target, uint64_t step) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, type_map(1, 1, ROWS, CHANNELS));
  fixture_result(&f, build_gelu(f.b, x), PORT_ROWS, false);
  fixture_plan(&f, 1, ROWS, 1, target);
  FixtureCode code = fixture_compile(&f, target);
  FixtureBuffer in = fixture_buffer(BATCH, true), out = fixture_buffer(BATCH, true);
  Worst worst = {0};
  for (uint64_t bits = 0; bits <= UINT32_MAX;) {
    uint32_t count = fill(in.data, &bits, step);
    fixture_run(&f, code.function, &in, &out);
    for (uint32_t i = 0; i < count; ++i) look_at(&worst, in.data[i], out.data[i]);
  }
  cr_log_info("%s: %.3f ulp at %.9g; below -3: %.3g at %.9g", target->name, worst.ulp,
              (double)worst.at_ulp, worst.error, (double)worst.at_error);
  cr_expect_leq(worst.ulp, MAX_ULP, "%s: %.3f ulp at %.9g", target->name, worst.ulp,
                (double)worst.at_ulp);
  cr_expect_leq(worst.error, MAX_ERROR, "%s: off by %.3g at %.9g", target->name, worst.error,
                (double)worst.at_error);
  fixture_release(&in);
  fixture_release(&out);
  fixture_must(LLVMOrcDisposeLLJIT(code.jit));
  fixture_free(&f);
}

Test(gelu, is_within_four_ulp) {
  uint64_t step = getenv("ATMC_EXHAUSTIVE") ? 1 : 997;
  for (uint32_t i = 0; i < target_family_x86.row_count; ++i) {
    const TargetInfo *target = &target_family_x86.rows[i].info;
    if ((atm_cpu_isa() & target->isa_bits) == target->isa_bits) sweep(target, step);
  }
}
