/* Reductions over the rows of each image: mean_hw, and its two halves.
 *
 *   mean_hw      [N,H,W,C] -> [N,C]
 *   sum_chunks   [N,H,W,C] -> [N,1,chunks,C], chunk b the rows [rows_begin(b), rows_begin(b + 1))
 *   mean_chunks  [N,1,chunks,C] -> [N,C], the sum of the chunks over the `rows` of the map before
 */
#include <inttypes.h>
#include <string.h>

#include "ir/ops/op_impl.h"
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
  Extent e = interpret_extent(x->type);
  size_t rows = e.h * e.w;
  for (size_t n = 0; n < e.n; ++n) {
    sum_rows(x->data + n * rows * e.c, rows, e.c, 1 / divisor, result->data + n * e.c);
  }
}

const char *infer_MEAN_HW(const Infer *in, Type *result) {
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  *result = type_matrix(x.dims[0], type_channels(x));
  return NULL;
}

void interpret_MEAN_HW(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interpret_extent(operands[0].type);
  mean_rows(&operands[0], (double)(e.h * e.w), result);
}

ValueId build_mean_hw(Builder b, ValueId x) {
  return builder_append(b, (Node){.op = OP_MEAN_HW, OPERANDS(x)});
}

/* No chunk is empty. */
const char *infer_SUM_CHUNKS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  int64_t chunks = in->node->attrs.SUM_CHUNKS.chunks;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_positive(in, "chunks", chunks));
  if (x.dims[1] != DIM_OPEN && x.dims[2] != DIM_OPEN && chunks > x.dims[1] * x.dims[2]) {
    return infer_misfit(in, "%" PRId64 " chunks of the %" PRId64 " rows of %s", chunks,
                        x.dims[1] * x.dims[2], INFER_TEXT(x));
  }
  *result = type_map(x.dims[0], 1, chunks, type_channels(x));
  return NULL;
}

void interpret_SUM_CHUNKS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interpret_extent(operands[0].type);
  size_t rows = e.h * e.w, chunks = (size_t)node->attrs.SUM_CHUNKS.chunks;
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t b = 0; b < chunks; ++b) {
      size_t begin = rows_begin(rows, chunks, b), end = rows_begin(rows, chunks, b + 1);
      sum_rows(operands[0].data + (n * rows + begin) * e.c, end - begin, e.c, 1,
               result->data + (n * chunks + b) * e.c);
    }
  }
}

ValueId build_sum_chunks(Builder b, ValueId x, int32_t chunks) {
  return builder_append(
      b, (Node){.op = OP_SUM_CHUNKS, OPERANDS(x), .attrs.SUM_CHUNKS = {.chunks = chunks}});
}

const char *infer_MEAN_CHUNKS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  if (x.dims[1] != 1) return infer_misfit(in, "needs chunks [N,1,chunks,C], got %s", INFER_TEXT(x));
  RETURN_IF_FAULT(infer_check_positive(in, "rows", in->node->attrs.MEAN_CHUNKS.rows));
  *result = type_matrix(x.dims[0], type_channels(x));
  return NULL;
}

void interpret_MEAN_CHUNKS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  mean_rows(&operands[0], node->attrs.MEAN_CHUNKS.rows, result);
}

ValueId build_mean_chunks(Builder b, ValueId x, int32_t rows) {
  return builder_append(
      b, (Node){.op = OP_MEAN_CHUNKS, OPERANDS(x), .attrs.MEAN_CHUNKS = {.rows = rows}});
}
