/* The reference semantics: one function per op, from operands to results in double; and what they
 * share.
 *
 * interpret_NAME(node, operands, results): operands[i].data is NULL where an optional operand is
 * absent; results[i].type is inferred and results[i].data allocated, with any content. Types are
 * known and fit: the graph was verified.
 */
#ifndef ATMC_IR_OPS_INTERPRET_H
#define ATMC_IR_OPS_INTERPRET_H

#include "ir/graph.h"
#include "ir/tensor.h"

typedef void InterpretFunction(const Node *node, const InterpTensor *operands,
                               InterpTensor *results);
#define STRUCTURE(...)
#define OP(NAME, ...) InterpretFunction interpret_##NAME;
#include "ir/ops.def"

/* A map's dimensions; vectors [N,C] count as maps of one row. */
typedef struct Extent {
  size_t n, h, w, c;
} Extent;

/* The dimensions of a map or of vectors; they are known. */
static inline Extent interpret_extent(Type type) {
  size_t n = (size_t)type.dims[0], c = (size_t)type.dims[type.rank - 1];
  if (type.rank != 4) return (Extent){n, 1, 1, c};
  return (Extent){n, (size_t)type.dims[1], (size_t)type.dims[2], c};
}
/* Rows of all images. */
static inline size_t extent_rows(Extent e) {
  return e.n * e.h * e.w;
}

/* `count` doubles that the caller frees; never NULL. */
double *interpret_buffer(size_t count);
/* Row (i, j) of image `n` of a map of extent `e`, or NULL outside. */
const double *interpret_row(const InterpTensor *x, Extent e, size_t n, int64_t i, int64_t j);

/* Adds to `out`, a row of the result, what tap `tap` of its window gives: `pixel` is the row of the
 * map that the tap reads, NULL outside. */
typedef void TapFunction(const void *context, const double *pixel, size_t tap, double *out);
/* Goes through the windows over map `x` of all rows of `result`, tap by tap, row-major: a row
 * begins as `bias` (zeros where it is NULL), then each of its taps is added. */
void interpret_windows(const InterpTensor *x, const Window *window, const double *bias,
                       TapFunction *add, const void *context, InterpTensor *result);

/* Products go through whole output rows: `row` [count] begins as `bias`, zeros where it is NULL. */
void interpret_start_row(double *row, const double *bias, size_t count);
/* row += x * w. */
void interpret_accumulate(double *restrict row, double x, const double *restrict w, size_t count);
/* [rows][columns] to [columns][rows] */
void interpret_transposed(const double *from, size_t rows, size_t columns, double *to);

/* log(1 + exp(x)); x above 20. */
double interpret_softplus(double x);

/* A place on one axis: between `low` and the next. */
typedef struct Between {
  int64_t low;
  double fraction;
} Between;

#endif
