/* layer_norm and normalize: rows with mean 0 and variance 1. */
#include <math.h>

#include "ir/ops/op_impl.h"

const char *infer_LAYER_NORM(const Infer *in, Type *result) {
  *result = in->operand[0];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  RETURN_IF_FAULT(infer_check_vector(in, 1, "the gain", type_channels(*result)));
  RETURN_IF_FAULT(infer_check_vector(in, 2, "the bias", type_channels(*result)));
  return infer_check_eps(in, in->node->attrs.LAYER_NORM.eps);
}

const char *infer_NORMALIZE(const Infer *in, Type *result) {
  *result = in->operand[0];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  return infer_check_eps(in, in->node->attrs.NORMALIZE.eps);
}

/* (x - mean) / sqrt(variance + eps), the variance over `count`. */
static void normalize_row(const double *x, size_t count, double eps, double *out) {
  double mean = 0, variance = 0;
  for (size_t c = 0; c < count; ++c) mean += x[c];
  mean /= (double)count;
  for (size_t c = 0; c < count; ++c) variance += (x[c] - mean) * (x[c] - mean);
  variance /= (double)count;
  double scale = 1 / sqrt(variance + eps);
  for (size_t c = 0; c < count; ++c) out[c] = (x[c] - mean) * scale;
}

/* Every row by itself. */
static void normalize(const InterpTensor *x, double eps, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    normalize_row(x->data + r * e.c, e.c, eps, result->data + r * e.c);
  }
}

void interpret_NORMALIZE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  normalize(&operands[0], node->attrs.NORMALIZE.eps, result);
}

/* normalize, times the gain, plus the bias. */
void interpret_LAYER_NORM(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const double *gain = operands[1].data, *bias = operands[2].data;
  Extent e = interpret_extent(result->type);
  normalize(&operands[0], node->attrs.LAYER_NORM.eps, result);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    double *row = result->data + r * e.c;
    for (size_t c = 0; c < e.c; ++c) row[c] = row[c] * gain[c] + bias[c];
  }
}

ValueId build_layer_norm(Builder b, ValueId x, ValueId gain, ValueId bias, double eps) {
  return builder_append(
      b, (Node){.op = OP_LAYER_NORM, OPERANDS(x, gain, bias), .attrs.LAYER_NORM = {.eps = eps}});
}

ValueId build_normalize(Builder b, ValueId x, double eps) {
  return builder_append(b,
                        (Node){.op = OP_NORMALIZE, OPERANDS(x), .attrs.NORMALIZE = {.eps = eps}});
}
