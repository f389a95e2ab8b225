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

void interpret_start_row(double *row, const double *bias, size_t count) {
  if (bias) {
    memcpy(row, bias, count * sizeof *row);
  } else {
    memset(row, 0, count * sizeof *row);
  }
}

/* Adds the taps of one window to `out`: that of row (at[1], at[2]) of image at[0] of the result. */
static void add_taps(const InterpTensor *x, const Window *window, const size_t at[3],
                     TapFunction *add, const void *context, double *out) {
  Extent e = interpret_extent(x->type);
  int64_t top = window_corner(window_rows(window), (int64_t)at[1]);
  int64_t left = window_corner(window_columns(window), (int64_t)at[2]);
  for (int64_t t = 0; t < window_taps(window); ++t) {
    int64_t i = top + t / window->kernel_w * window->dilation_h;
    int64_t j = left + t % window->kernel_w * window->dilation_w;
    add(context, interpret_row(x, e, at[0], i, j), (size_t)t, out);
  }
}

void interpret_windows(const InterpTensor *x, const Window *window, const double *bias,
                       TapFunction *add, const void *context, InterpTensor *result) {
  Extent y = interpret_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j, out += y.c) {
        interpret_start_row(out, bias, y.c);
        add_taps(x, window, (size_t[]){n, i, j}, add, context, out);
      }
    }
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
