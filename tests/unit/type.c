#include "ir/type.h"

#include <criterion/criterion.h>

static void expect_text(Type type, const char *expected) {
  char text[TYPE_TEXT_MAX];
  cr_assert_str_eq(type_format(type, text), expected);
}

Test(type, text) {
  expect_text(type_vector(64), "f32[64]");
  expect_text(type_matrix(DIM_OPEN, 64), "f32[?,64]");
  expect_text(type_map(1, 56, 56, 64), "f32[1,56,56,64]");
  expect_text(type_map(INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN),
              "f32[-9223372036854775808,-9223372036854775808,-9223372036854775808,"
              "-9223372036854775808]");
  expect_text(type_make(3, (int64_t[]){1, 2, 3}), "f32[1,2,3]");
  expect_text(type_with_dtype(type_matrix(2, 3), DTYPE_F16), "f16[2,3]");
}

Test(type, equality_and_channels) {
  Type map = type_map(DIM_OPEN, 7, 7, 64);
  cr_assert(type_equal(map, map));
  cr_assert_not(type_equal(map, type_map(1, 7, 7, 64)), "open is not equal to a number");
  cr_assert_not(type_equal(type_vector(64), type_matrix(64, 64)));
  cr_assert_not(type_equal(map, type_with_dtype(map, DTYPE_F16)));
  cr_assert_eq(type_channels(map), 64);
  cr_assert(type_equal(type_with_channels(map, 3), type_map(DIM_OPEN, 7, 7, 3)));
}

Test(type, count_is_checked) {
  int64_t count;
  cr_assert(type_count(type_map(2, 3, 4, 5), &count));
  cr_assert_eq(count, 120);
  cr_assert_not(type_count(type_matrix(DIM_OPEN, 5), &count));
  cr_assert_not(type_count(type_map(INT32_MAX, INT32_MAX, INT32_MAX, 2), &count));
  cr_assert_not(type_count(type_matrix(INT32_MAX, INT32_MAX), &count));
  cr_assert(type_is_known(type_vector(5)));
  cr_assert_not(type_is_known(type_matrix(DIM_OPEN, 5)));
}

Test(type, bytes_are_of_the_element_type) {
  Type matrix = type_matrix(3, 5);
  cr_assert_eq(type_bytes(matrix), 60);
  cr_assert_eq(type_bytes(type_with_dtype(matrix, DTYPE_F16)), 30);
}
