#include "support/half.h"

#include <criterion/criterion.h>
#include <math.h>

Test(half, every_number_reads_back) {
  for (uint32_t bits = 0; bits <= UINT16_MAX; ++bits) {
    double value = half_to_double((uint16_t)bits);
    bool not_a_number = (bits & 0x7c00) == 0x7c00 && (bits & 0x3ff);
    cr_assert_eq(isnan(value) != 0, not_a_number, "%#x", bits);
    uint32_t again = half_from_double(value);
    if (not_a_number) {
      cr_assert(isnan(half_to_double((uint16_t)again)), "%#x", bits);
    } else {
      cr_assert_eq(again, bits, "%#x is %g is %#x", bits, value, again);
    }
  }
}

/* What the values of the bits are; the rest is then known from their order. */
Test(half, values) {
  static const struct {
    uint16_t bits;
    double value;
  } cases[] = {
      {0x0001, 0x1p-24},   {0x03ff, 0x3ffp-24}, {0x0400, 0x1p-14}, {0x3c00, 1},
      {0x3555, 0x555p-12}, {0x7bff, 65504},     {0xfbff, -65504},  {0x7c00, INFINITY},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    cr_expect_eq(half_to_double(cases[i].bits), cases[i].value, "%#x", cases[i].bits);
  }
  for (uint16_t bits = 0; bits < 0x7c00; ++bits) {
    cr_assert_lt(half_to_double(bits), half_to_double(bits + 1), "%#x", bits);
  }
  cr_assert(signbit(half_to_double(0x8000)));
}

/* Between each two neighbours: just below the middle, the middle, just above it. */
Test(half, rounds_to_nearest_even) {
  for (uint16_t low = 0; low < 0x7bff; ++low) {
    uint16_t high = low + 1, even = low % 2 ? high : low;
    double middle = (half_to_double(low) + half_to_double(high)) / 2;
    cr_assert_eq(half_from_double(nextafter(middle, 0)), low, "%#x", low);
    cr_assert_eq(half_from_double(middle), even, "%#x", low);
    cr_assert_eq(half_from_double(nextafter(middle, INFINITY)), high, "%#x", low);
    cr_assert_eq(half_from_double(-middle), even | 0x8000, "%#x", low);
  }
}

Test(half, large_numbers_become_infinite) {
  cr_assert_eq(half_from_double(nextafter(65520, 0)), 0x7bff);
  cr_assert_eq(half_from_double(65520), 0x7c00);
  cr_assert_eq(half_from_double(-1e300), 0xfc00);
  cr_assert_eq(half_from_double(1e-300), 0);
  cr_assert_eq(half_from_double(-1e-300), 0x8000);
}
