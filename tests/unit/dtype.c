#include "ir/dtype.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(dtype, found_by_their_text) {
  for (uint32_t i = 0; i < DTYPE_COUNT; ++i) {
    DType found = DTYPE_COUNT;
    const DTypeInfo *info = dtype_info((DType)i);
    cr_assert(dtype_find(info->text, strlen(info->text), &found));
    cr_assert_eq(found, (DType)i);
    cr_assert_eq(info->npy[2] - '0', (int)dtype_bytes((DType)i));
  }
  DType found;
  cr_assert(dtype_find("f16[8]", 3, &found), "the length ends the text");
  cr_assert_not(dtype_find("f64", 3, &found));
  cr_assert_not(dtype_find("f", 1, &found));
  cr_assert_not(dtype_find("", 0, &found));
}

Test(dtype, elements_are_rounded_and_read_back) {
  static const double values[] = {0.1, -2.5, 3.5, 1e10, -1e300};
  enum { COUNT = sizeof values / sizeof *values };
  static const double expected[DTYPE_COUNT][COUNT] = {
      [DTYPE_F32] = {0.1f, -2.5, 3.5, 1e10, -INFINITY},
      [DTYPE_F16] = {0x1.998p-4, -2.5, 3.5, INFINITY, -INFINITY},
      [DTYPE_S32] = {0, -2, 4, INT32_MAX, INT32_MIN},
      [DTYPE_S8] = {0, -2, 4, INT8_MAX, INT8_MIN},
      [DTYPE_U8] = {0, 0, 4, UINT8_MAX, 0},
      [DTYPE_S16] = {0, -2, 4, INT16_MAX, INT16_MIN},
  };
  for (uint32_t t = 0; t < DTYPE_COUNT; ++t) {
    double memory[COUNT + 1], again[COUNT];
    memset(memory, 0x55, sizeof memory);
    dtype_write((DType)t, values, COUNT, memory);
    dtype_read((DType)t, memory, COUNT, again);
    const char *text = dtype_info((DType)t)->text;
    for (size_t i = 0; i < COUNT; ++i) {
      cr_expect_eq(again[i], expected[t][i], "%s[%zu] is %g", text, i, again[i]);
      cr_expect_eq(dtype_round((DType)t, values[i]), expected[t][i], "%s[%zu]", text, i);
    }
    cr_expect_eq(((char *)memory)[COUNT * dtype_bytes((DType)t)], 0x55, "%s", text);
  }
  cr_assert_eq(dtype_round(DTYPE_S32, NAN), 0);
}
