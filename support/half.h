/* IEEE 754 binary16 numbers as their bits. */
#ifndef ATMC_SUPPORT_HALF_H
#define ATMC_SUPPORT_HALF_H

#include <stdint.h>

/* The value of `bits`, exactly. */
double half_to_double(uint16_t bits);
/* The nearest number, of two equally near ones the even one; from 65520 on, infinity. A NaN becomes
 * the quiet one of its sign. */
uint16_t half_from_double(double value);

#endif
