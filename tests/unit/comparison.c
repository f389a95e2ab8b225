/* When code has come close enough to the interpreter: the rule by which `verify` judges kernels. */
#include <criterion/criterion.h>
#include <math.h>

#include "backends/interp/comparison.h"

enum { COUNT = 1000 };

typedef struct Numbers {
  double expected[COUNT], actual[COUNT];
} Numbers;

/* Whole numbers up to 100 on both sides, the largest of them first. */
static Numbers equal_numbers(void) {
  Numbers n;
  for (int i = 0; i < COUNT; ++i) n.expected[i] = n.actual[i] = 100 - i * 7 % 201;
  return n;
}

static Comparison compare(const Numbers *n, DType dtype, bool quantized) {
  Comparison c = {.quantized = quantized};
  comparison_add(&c, dtype, n->expected, n->actual, COUNT);
  return c;
}

static bool holds(const Numbers *n, DType dtype, bool quantized) {
  Comparison c = compare(n, dtype, quantized);
  return comparison_holds(&c);
}

Test(comparison, holds_for_floats_within_the_bound) {
  Numbers n = equal_numbers();
  cr_expect(holds(&n, DTYPE_F32, false));
  n.actual[3] += 100 * 0.9 * COMPARISON_BOUND;
  cr_expect(holds(&n, DTYPE_F32, false));
  n.actual[3] = n.expected[3] + 100 * 1.1 * COMPARISON_BOUND;
  cr_expect_not(holds(&n, DTYPE_F32, false));
  Comparison c = compare(&n, DTYPE_F32, false);
  cr_expect_float_eq(comparison_relative(&c), 1.1 * COMPARISON_BOUND, 1e-12);
}

/* One flip of rounding is beyond the bound of floats, and far below the signal. */
Test(comparison, holds_for_a_few_flips_where_rows_are_quantized) {
  Numbers n = equal_numbers();
  n.actual[3] += 1;
  cr_expect(holds(&n, DTYPE_F32, true));
  cr_expect_not(holds(&n, DTYPE_F32, false), "a kernel that rounds nothing has no flips");
}

/* The noise of `error` in each element, below and above COMPARISON_DECIBELS. */
Test(comparison, asks_for_its_decibels) {
  for (int louder = 0; louder < 2; ++louder) {
    Numbers n = equal_numbers();
    double signal = 0;
    for (int i = 0; i < COUNT; ++i) signal += n.expected[i] * n.expected[i];
    double decibels = COMPARISON_DECIBELS + (louder ? -0.1 : 0.1);
    double error = sqrt(signal / COUNT / pow(10, decibels / 10));
    for (int i = 0; i < COUNT; ++i) n.actual[i] += i % 2 ? error : -error;
    Comparison c = compare(&n, DTYPE_F32, true);
    cr_expect_float_eq(comparison_decibels(&c), decibels, 1e-6);
    cr_expect_eq(comparison_holds(&c), !louder, "at %g dB", decibels);
  }
}

/* What wrong code does: a row with twice its scale, a lane of zeros, all 1 % too large. */
Test(comparison, does_not_hold_for_wrong_code) {
  Numbers row = equal_numbers(), lane = equal_numbers(), all = equal_numbers();
  for (int i = 0; i < COUNT; ++i) {
    if (i < 100) row.actual[i] *= 2;
    if (i % 16 == 5) lane.actual[i] = 0;
    all.actual[i] *= 1.01;
  }
  cr_expect_not(holds(&row, DTYPE_F32, true));
  cr_expect_not(holds(&lane, DTYPE_F32, true));
  cr_expect_not(holds(&all, DTYPE_F32, true));
}

Test(comparison, lets_whole_numbers_be_off_by_one_step) {
  Numbers n = equal_numbers();
  n.actual[7] += 1;
  cr_expect(holds(&n, DTYPE_S8, true));
  cr_expect_not(holds(&n, DTYPE_S8, false));
  n.actual[7] += 1;
  cr_expect_not(holds(&n, DTYPE_S8, true), "two steps");
}

/* Rows of u8 count from 128: that is no signal. */
Test(comparison, takes_the_zero_of_u8_out_of_the_signal) {
  Numbers n = equal_numbers();
  for (int i = 0; i < COUNT; ++i) n.expected[i] = n.actual[i] = i == 0 ? 129 : 128;
  n.actual[1] += 1;
  Comparison c = compare(&n, DTYPE_U8, true);
  cr_expect_eq(c.largest, 1);
  cr_expect_float_eq(comparison_decibels(&c), 0, 1e-12);
  cr_expect_not(comparison_holds(&c));
}

Test(comparison, knows_numbers_that_are_none) {
  Numbers n = equal_numbers();
  n.expected[0] = n.actual[0] = NAN;
  cr_expect(holds(&n, DTYPE_F32, true), "both are");
  n.actual[0] = 1;
  cr_expect_not(holds(&n, DTYPE_F32, true));
  n = equal_numbers();
  n.actual[0] = NAN;
  cr_expect_not(holds(&n, DTYPE_F32, true));
  n.actual[0] = INFINITY;
  cr_expect_not(holds(&n, DTYPE_F32, true));
}

Test(comparison, has_no_signal_over_a_nan_that_should_be_a_number) {
  Numbers n = equal_numbers();
  n.expected[0] = n.actual[0] = NAN;
  Comparison same = compare(&n, DTYPE_F32, true);
  cr_expect(comparison_decibels(&same) == INFINITY);
  n.expected[0] = 1;
  Comparison other = compare(&n, DTYPE_F32, true);
  cr_expect(comparison_decibels(&other) == -INFINITY);
}

Test(comparison, holds_for_zeros_alone) {
  Numbers n = {{0}, {0}};
  cr_expect(holds(&n, DTYPE_F32, false));
  n.actual[0] = 1e-30;
  cr_expect_not(holds(&n, DTYPE_F32, false));
  cr_expect_not(holds(&n, DTYPE_F32, true));
}
