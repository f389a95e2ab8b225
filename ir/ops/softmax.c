/* softmax: over groups of channels. */
#include <math.h>

#include "ir/ops/op_impl.h"

const char *infer_SOFTMAX(const Infer *in, Type *result) {
  *result = in->operand[0];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  return infer_check_divides(in, "groups", in->node->attrs.SOFTMAX.groups, type_channels(*result));
}

/* The softmax of `count` elements that are `stride` apart. */
static void softmax(const double *x, size_t count, size_t stride, double *out) {
  double largest = x[0], sum = 0;
  for (size_t i = 1; i < count; ++i) largest = fmax(largest, x[i * stride]);
  for (size_t i = 0; i < count; ++i) sum += out[i * stride] = exp(x[i * stride] - largest);
  for (size_t i = 0; i < count; ++i) out[i * stride] /= sum;
}

void interpret_SOFTMAX(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  size_t groups = (size_t)node->attrs.SOFTMAX.groups, stride = e.c / groups;
  for (size_t r = 0; r < extent_rows(e); ++r) {
    for (size_t c = 0; c < stride; ++c) {
      softmax(operands[0].data + r * e.c + c, groups, stride, result->data + r * e.c + c);
    }
  }
}

ValueId build_softmax(Builder b, ValueId x, int32_t groups) {
  return builder_append(b,
                        (Node){.op = OP_SOFTMAX, OPERANDS(x), .attrs.SOFTMAX = {.groups = groups}});
}
