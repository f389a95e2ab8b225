/* How close code must come to what the interpreter says. */
#ifndef ATMC_BACKENDS_INTERP_COMPARISON_H
#define ATMC_BACKENDS_INTERP_COMPARISON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/dtype.h"

/* How far results may be off, relative to the largest expected value, where no sum has more than
 * COMPARISON_TERMS terms. The error of a longer one grows as a random walk does: with the square
 * root of its length. */
#define COMPARISON_BOUND 2e-6
#define COMPARISON_TERMS 1024
/* How far below the signal the error of a kernel must be that quantizes rows. Where a number lies
 * on a half but for the last bit of f32, code and interpreter may round it to either side: one term
 * of a sum moves by one step. Such flips are rare: with them, kernels stayed above 68 dB. Wrong
 * code was below 40 dB: one row with twice its scale, a lane of zeros, or all that is 1 % too
 * large. */
#define COMPARISON_DECIBELS 50

typedef struct Comparison {
  double largest;       /* of the absolute expected values */
  double error;         /* largest absolute difference; infinite where a NaN meets a number */
  double signal, noise; /* sums of squares: of expected values, of differences */
  double steps;         /* largest difference of whole numbers */
  bool quantized;       /* the kernel rounds to whole numbers */
  uint64_t terms;       /* of the longest sum of products; 0: not known */
} Comparison;

/* Takes `count` more elements into account, which are stored as `dtype`. */
void comparison_add(Comparison *c, DType dtype, const double *expected, const double *actual,
                    size_t count);
/* The error as a part of the largest expected value; infinite where that is 0 and there is an
 * error. */
double comparison_relative(const Comparison *c);
/* The signal over the noise; infinite where there is no noise. */
double comparison_decibels(const Comparison *c);
/* COMPARISON_BOUND, or what a sum of so many terms may be off. */
double comparison_bound(const Comparison *c);
/* Whether it is within its bound; or, of a kernel that quantizes, COMPARISON_DECIBELS, and
 * whole numbers within one step. */
bool comparison_holds(const Comparison *c);

#endif
