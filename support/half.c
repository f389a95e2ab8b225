/* IEEE binary16 by way of doubles, which hold every half exactly: sign, five bits of exponent (bias
 * 15), ten of fraction. */
#include "support/half.h"

#include <math.h>

enum {
  SIGN = 0x8000,
  INFINITE = 0x7c00, /* the exponent's field, all ones */
  QUIET = 0x7e00,
  FRACTION_BITS = 10,
  FRACTION = (1 << FRACTION_BITS) - 1,
};

double half_to_double(uint16_t bits) {
  int exponent = (bits & INFINITE) >> FRACTION_BITS, fraction = bits & FRACTION;
  double sign = bits & SIGN ? -1 : 1;
  if ((bits & INFINITE) == INFINITE) return fraction ? NAN : sign * INFINITY;
  if (!exponent) return sign * ldexp(fraction, -24);
  return sign * ldexp(fraction | (1 << FRACTION_BITS), exponent - 25);
}

uint16_t half_from_double(double value) {
  uint16_t sign = signbit(value) ? SIGN : 0;
  double size = fabs(value);
  if (isnan(value)) return sign | QUIET;
  if (size >= 65520) return sign | INFINITE;
  if (size < 0x1p-14) {
    return sign | (uint16_t)rint(size * 0x1p24); /* subnormal, or the least normal */
  }
  int exponent;
  double steps = rint(ldexp(frexp(size, &exponent), FRACTION_BITS + 1)); /* 1024 to 2048 */
  return sign | (uint16_t)(((exponent + 13) << FRACTION_BITS) + (int)steps);
}
