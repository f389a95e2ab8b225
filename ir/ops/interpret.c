/* Helpers of the reference semantics: naive, in double, and never out of a map. */
#include "ir/ops/interpret.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/panic.h"

double *interpret_buffer(size_t count) {
  return memory_new(count, sizeof(double), "the interpreter");
}

const double *interpret_row(const InterpTensor *x, Extent e, size_t n, int64_t i, int64_t j) {
  if (i < 0 || i >= (int64_t)e.h || j < 0 || j >= (int64_t)e.w) return NULL;
  return x->data + ((n * e.h + (size_t)i) * e.w + (size_t)j) * e.c;
}

const double *interpret_tap(const InterpTensor *x, Extent e, size_t n, const Window *window,
                            size_t i, size_t j, size_t t) {
  int64_t h = (int64_t)t / window->kernel_w, w = (int64_t)t % window->kernel_w;
  return interpret_row(x, e, n,
                       window_corner(window_rows(window), (int64_t)i) + h * window->dilation_h,
                       window_corner(window_columns(window), (int64_t)j) + w * window->dilation_w);
}

void interpret_start_row(double *row, const double *bias, size_t count) {
  if (bias) {
    memcpy(row, bias, count * sizeof *row);
  } else {
    memset(row, 0, count * sizeof *row);
  }
}

void interpret_accumulate(double *restrict row, double x, const double *restrict w, size_t count) {
  for (size_t o = 0; o < count; ++o) row[o] += x * w[o];
}

void interpret_transposed(const double *from, size_t rows, size_t columns, double *to) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
}
