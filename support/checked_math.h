/* Arithmetic on sizes. The checked functions report overflow: false, when the result does not fit.
 */
#ifndef ATMC_SUPPORT_CHECKED_MATH_H
#define ATMC_SUPPORT_CHECKED_MATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool checked_add_size(size_t a, size_t b, size_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
static inline bool checked_mul_size(size_t a, size_t b, size_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}
static inline bool checked_add_i64(int64_t a, int64_t b, int64_t *out) {
  return !__builtin_add_overflow(a, b, out);
}
static inline bool checked_mul_i64(int64_t a, int64_t b, int64_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}

/* The least multiple that is at least `value`; it must fit. */
static inline size_t round_up_size(size_t value, size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
/* a / b, rounded up; no overflow. */
static inline uint32_t ceil_div_u32(uint32_t a, uint32_t b) {
  return a / b + (a % b != 0);
}
/* The largest number that divides both; b may be 0. */
static inline uint32_t greatest_divisor_u32(uint32_t a, uint32_t b) {
  return b ? greatest_divisor_u32(b, a % b) : a;
}

#endif
