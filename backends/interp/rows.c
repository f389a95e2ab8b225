/* Ops that work row by row, and element by element. */
#include <math.h>
#include <string.h>

#include "backends/interp/interp.h"

static void normalize_row(const double *x, size_t count, double eps, double *out) {
  double mean = 0, variance = 0;
  for (size_t c = 0; c < count; ++c) mean += x[c];
  mean /= (double)count;
  for (size_t c = 0; c < count; ++c) variance += (x[c] - mean) * (x[c] - mean);
  variance /= (double)count;
  double scale = 1 / sqrt(variance + eps);
  for (size_t c = 0; c < count; ++c) out[c] = (x[c] - mean) * scale;
}

static void normalize(const InterpTensor *x, double eps, InterpTensor *result) {
  Extent e = interp_extent(result->type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    normalize_row(x->data + r * e.c, e.c, eps, result->data + r * e.c);
  }
}

void interpret_NORMALIZE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  normalize(&operands[0], node->attrs.NORMALIZE.eps, result);
}

void interpret_LAYER_NORM(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const double *gain = operands[1].data, *bias = operands[2].data;
  Extent e = interp_extent(result->type);
  normalize(&operands[0], node->attrs.LAYER_NORM.eps, result);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    double *row = result->data + r * e.c;
    for (size_t c = 0; c < e.c; ++c) row[c] = row[c] * gain[c] + bias[c];
  }
}

/* The softmax of `count` elements that are `stride` apart. */
static void softmax(const double *x, size_t count, size_t stride, double *out) {
  double largest = x[0], sum = 0;
  for (size_t i = 1; i < count; ++i) largest = fmax(largest, x[i * stride]);
  for (size_t i = 0; i < count; ++i) sum += out[i * stride] = exp(x[i * stride] - largest);
  for (size_t i = 0; i < count; ++i) out[i * stride] /= sum;
}

void interpret_SOFTMAX(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interp_extent(result->type);
  size_t groups = (size_t)node->attrs.SOFTMAX.groups, stride = e.c / groups;
  for (size_t r = 0; r < extent_rows(e); ++r) {
    for (size_t c = 0; c < stride; ++c) {
      softmax(operands[0].data + r * e.c + c, groups, stride, result->data + r * e.c + c);
    }
  }
}

/* Copies channels [begin, begin + count) of each row of `x` to channels [at, ..) of `result`. */
static void copy_channels(const InterpTensor *x, size_t begin, size_t count, InterpTensor *result,
                          size_t at) {
  size_t from_pitch = interp_extent(x->type).c, to_pitch = interp_extent(result->type).c;
  for (size_t r = 0; r < extent_rows(interp_extent(result->type)); ++r) {
    memcpy(result->data + r * to_pitch + at, x->data + r * from_pitch + begin,
           count * sizeof(double));
  }
}

void interpret_SLICE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  copy_channels(&operands[0], (size_t)node->attrs.SLICE.begin, interp_extent(result->type).c,
                result, 0);
}

void interpret_CONCAT(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  size_t begin = 0;
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    size_t channels = interp_extent(operands[i].type).c;
    copy_channels(&operands[i], 0, channels, result, begin);
    begin += channels;
  }
}

/* The row of operand 1 that goes with row `r` of a map: its own, its image's, or the only one. */
static const double *partner_row(const InterpTensor *y, Extent e, size_t r) {
  if (y->type.rank == 1) return y->data;
  if (y->type.rank == 2) return y->data + r / (e.h * e.w) * e.c;
  return y->data + r * e.c;
}

void interpret_ADD(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interp_extent(result->type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    const double *x = operands[0].data + r * e.c, *y = partner_row(&operands[1], e, r);
    for (size_t c = 0; c < e.c; ++c) result->data[r * e.c + c] = x[c] + y[c];
  }
}

void interpret_MUL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interp_extent(result->type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    const double *x = operands[0].data + r * e.c, *y = partner_row(&operands[1], e, r);
    for (size_t c = 0; c < e.c; ++c) result->data[r * e.c + c] = x[c] * y[c];
  }
}

typedef double Unary(double x);

static void map_elements(const InterpTensor *x, Unary *function, InterpTensor *result) {
  Extent e = interp_extent(result->type);
  for (size_t i = 0; i < extent_rows(e) * e.c; ++i) result->data[i] = function(x->data[i]);
}

static double relu(double x) {
  return x < 0 ? 0 : x;
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

/* x Phi(x); erfc keeps the digits of the left tail. */
static double gelu(double x) {
  return 0.5 * x * erfc(-x * M_SQRT1_2);
}

void interpret_RELU(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], relu, result);
}

void interpret_SIGMOID(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], sigmoid, result);
}

void interpret_FILL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)operands;
  Extent e = interp_extent(result->type);
  for (size_t i = 0; i < extent_rows(e) * e.c; ++i) result->data[i] = node->attrs.FILL.value;
}

void interpret_GELU(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], gelu, result);
}
