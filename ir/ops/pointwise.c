/* Ops that work element by element: add, mul, fill, relu, sigmoid, rsqrt, gelu, silu,
 * softplus. */
#include <math.h>

#include "ir/ops/op_impl.h"

/* add and mul: operand 1 is rows alike, a vector per image or a vector. */
static const char *infer_pointwise(const Infer *in, Type *result) {
  Type x = in->operand[0];
  Type y = in->operand[1];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  *result = x;
  if (type_equal(y, type_vector(type_channels(x)))) return NULL;
  Type per_image = type_matrix(x.dims[0], type_channels(x));
  if (infer_types_meet(&per_image, y)) {
    result->dims[0] = per_image.dims[0];
    return NULL;
  }
  Type meet = x;
  if (!infer_types_meet(&meet, y)) {
    return infer_misfit(in, "%s and %s do not fit", INFER_TEXT(x), INFER_TEXT(y));
  }
  *result = meet;
  return NULL;
}

/* The row of operand 1 that goes with row `r` of a map: its own, its image's, or the only one. */
static const double *partner_row(const InterpTensor *y, Extent e, size_t r) {
  if (y->type.rank == 1) return y->data;
  if (y->type.rank == 2) return y->data + r / (e.h * e.w) * e.c;
  return y->data + r * e.c;
}

const char *infer_ADD(const Infer *in, Type *result) {
  return infer_pointwise(in, result);
}

void interpret_ADD(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interpret_extent(result->type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    const double *x = operands[0].data + r * e.c, *y = partner_row(&operands[1], e, r);
    for (size_t c = 0; c < e.c; ++c) result->data[r * e.c + c] = x[c] + y[c];
  }
}

ValueId build_add(Builder b, ValueId x, ValueId y) {
  return builder_append(b, (Node){.op = OP_ADD, OPERANDS(x, y)});
}

const char *infer_MUL(const Infer *in, Type *result) {
  return infer_pointwise(in, result);
}

void interpret_MUL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interpret_extent(result->type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    const double *x = operands[0].data + r * e.c, *y = partner_row(&operands[1], e, r);
    for (size_t c = 0; c < e.c; ++c) result->data[r * e.c + c] = x[c] * y[c];
  }
}

ValueId build_mul(Builder b, ValueId x, ValueId y) {
  return builder_append(b, (Node){.op = OP_MUL, OPERANDS(x, y)});
}

/* Rows of any kind; the result is like them. */
static const char *infer_unary(const Infer *in, Type *result) {
  *result = in->operand[0];
  return infer_check_rows(in, 0);
}

const char *infer_FILL(const Infer *in, Type *result) {
  double value = in->node->attrs.FILL.value;
  if (!isfinite(value)) return infer_misfit(in, "value is %g, must be finite", value);
  return infer_unary(in, result);
}

void interpret_FILL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)operands;
  Extent e = interpret_extent(result->type);
  for (size_t i = 0; i < extent_rows(e) * e.c; ++i) result->data[i] = node->attrs.FILL.value;
}

ValueId build_fill(Builder b, ValueId x, double value) {
  return builder_append(b, (Node){.op = OP_FILL, OPERANDS(x), .attrs.FILL = {.value = value}});
}

typedef double Unary(double x);

/* One element at a time, in order. */
static void map_elements(const InterpTensor *x, Unary *function, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  for (size_t i = 0; i < extent_rows(e) * e.c; ++i) result->data[i] = function(x->data[i]);
}

/* A NaN comes through. */
static double relu(double x) {
  return x < 0 ? 0 : x;
}

const char *infer_RELU(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

void interpret_RELU(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], relu, result);
}

ValueId build_relu(Builder b, ValueId x) {
  return builder_append(b, (Node){.op = OP_RELU, OPERANDS(x)});
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

const char *infer_SIGMOID(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

void interpret_SIGMOID(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], sigmoid, result);
}

ValueId build_sigmoid(Builder b, ValueId x) {
  return builder_append(b, (Node){.op = OP_SIGMOID, OPERANDS(x)});
}

const char *infer_RSQRT(const Infer *in, Type *result) {
  double eps = in->node->attrs.RSQRT.eps;
  if (!(eps > 0 && eps <= 1)) return infer_misfit(in, "eps is %g, must be above 0, at most 1", eps);
  return infer_unary(in, result);
}

void interpret_RSQRT(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  for (size_t i = 0; i < extent_rows(e) * e.c; ++i) {
    result->data[i] = 1 / sqrt(operands[0].data[i] + node->attrs.RSQRT.eps);
  }
}

ValueId build_rsqrt(Builder b, ValueId x, double eps) {
  return builder_append(b, (Node){.op = OP_RSQRT, OPERANDS(x), .attrs.RSQRT = {.eps = eps}});
}

/* x Phi(x); erfc keeps the digits of the left tail. */
static double gelu(double x) {
  return 0.5 * x * erfc(-x * M_SQRT1_2);
}

const char *infer_GELU(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

void interpret_GELU(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], gelu, result);
}

ValueId build_gelu(Builder b, ValueId x) {
  return builder_append(b, (Node){.op = OP_GELU, OPERANDS(x)});
}

static double silu(double x) {
  return x * sigmoid(x);
}

const char *infer_SILU(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

void interpret_SILU(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], silu, result);
}

ValueId build_silu(Builder b, ValueId x) {
  return builder_append(b, (Node){.op = OP_SILU, OPERANDS(x)});
}

/* As models are trained with it: from 20 on nothing is added. */
double interpret_softplus(double x) {
  return x > 20 ? x : log1p(exp(x));
}

const char *infer_SOFTPLUS(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

void interpret_SOFTPLUS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  map_elements(&operands[0], interpret_softplus, result);
}

ValueId build_softplus(Builder b, ValueId x) {
  return builder_append(b, (Node){.op = OP_SOFTPLUS, OPERANDS(x)});
}
