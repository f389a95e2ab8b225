/* Reductions over the rows of each image. */
#include <string.h>

#include "backends/interp/interp.h"
#include "ir/rows.h"

/* The sum of `count` rows times `scale`. */
static void sum_rows(const double *rows, size_t count, size_t channels, double scale, double *out) {
  memset(out, 0, channels * sizeof *out);
  for (size_t r = 0; r < count; ++r) {
    for (size_t c = 0; c < channels; ++c) out[c] += rows[r * channels + c];
  }
  for (size_t c = 0; c < channels; ++c) out[c] *= scale;
}

/* Sums each image's rows and divides by `divisor`. */
static void mean_rows(const InterpTensor *x, double divisor, InterpTensor *result) {
  Extent e = interp_extent(x->type);
  size_t rows = e.h * e.w;
  for (size_t n = 0; n < e.n; ++n) {
    sum_rows(x->data + n * rows * e.c, rows, e.c, 1 / divisor, result->data + n * e.c);
  }
}

void interpret_MEAN_HW(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interp_extent(operands[0].type);
  mean_rows(&operands[0], (double)(e.h * e.w), result);
}

void interpret_SUM_CHUNKS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interp_extent(operands[0].type);
  size_t rows = e.h * e.w, chunks = (size_t)node->attrs.SUM_CHUNKS.chunks;
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t b = 0; b < chunks; ++b) {
      size_t begin = rows_begin(rows, chunks, b), end = rows_begin(rows, chunks, b + 1);
      sum_rows(operands[0].data + (n * rows + begin) * e.c, end - begin, e.c, 1,
               result->data + (n * chunks + b) * e.c);
    }
  }
}

void interpret_MEAN_CHUNKS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  mean_rows(&operands[0], node->attrs.MEAN_CHUNKS.rows, result);
}
