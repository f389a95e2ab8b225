#include "backends/interp/comparison.h"

#include <math.h>

void comparison_add(Comparison *c, DType dtype, const double *expected, const double *actual,
                    size_t count) {
  double zero = dtype == DTYPE_U8 ? 128 : 0; /* where quantized rows count from */
  double *most = dtype_info(dtype)->kind == DTYPE_INTEGER ? &c->steps : &c->error;
  for (size_t i = 0; i < count; ++i) {
    double magnitude = fabs(expected[i] - zero);
    double error = fabs(expected[i] - actual[i]);
    if (isnan(error)) error = isnan(expected[i]) && isnan(actual[i]) ? 0 : INFINITY;
    if (magnitude > c->largest) c->largest = magnitude;
    if (error > *most) *most = error;
    if (isfinite(magnitude)) c->signal += magnitude * magnitude;
    c->noise += error * error;
  }
}

double comparison_decibels(const Comparison *c) {
  return c->noise == 0 ? INFINITY : 10 * log10(c->signal / c->noise);
}

double comparison_relative(const Comparison *c) {
  if (c->error == 0) return 0;
  return c->largest > 0 ? c->error / c->largest : INFINITY;
}

double comparison_bound(const Comparison *c) {
  double over = (double)c->terms / COMPARISON_TERMS;
  return over > 1 ? COMPARISON_BOUND * sqrt(over) : COMPARISON_BOUND;
}

bool comparison_holds(const Comparison *c) {
  if (c->steps == 0 && comparison_relative(c) <= comparison_bound(c)) return true;
  return c->quantized && c->steps <= 1 && comparison_decibels(c) >= COMPARISON_DECIBELS;
}
