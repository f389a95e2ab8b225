/* depthwise: each channel convolved by itself. */
#include "ir/ops/op_impl.h"

const char *infer_DEPTHWISE(const Infer *in, Type *result) {
  const AttrsDEPTHWISE *a = &in->node->attrs.DEPTHWISE;
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_window(in, &a->window, x, type_channels(x), result));
  RETURN_IF_FAULT(infer_check_undilated(in, &a->window));
  Type taps = type_matrix(window_taps(&a->window), type_channels(x));
  if (!type_equal(in->operand[1], taps)) {
    return infer_misfit(in, "the weight is %s, expected %s", INFER_TEXT(in->operand[1]),
                        INFER_TEXT(taps));
  }
  return infer_check_vector(in, 2, "the bias", type_channels(x));
}

void interpret_DEPTHWISE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsDEPTHWISE *a = &node->attrs.DEPTHWISE;
  const double *w = operands[1].data, *bias = operands[2].data;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t taps = (size_t)window_taps(&a->window);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        for (size_t c = 0; c < y.c; ++c) out[c] = bias ? bias[c] : 0;
        for (size_t t = 0; t < taps; ++t) {
          const double *pixel = interpret_tap(&operands[0], x, n, &a->window, i, j, t);
          if (!pixel) continue;
          for (size_t c = 0; c < y.c; ++c) out[c] += w[t * y.c + c] * pixel[c];
        }
      }
    }
  }
}

ValueId build_depthwise(Builder b, ValueId x, ValueId w, ValueId bias, Window window) {
  return builder_append(
      b, (Node){.op = OP_DEPTHWISE, OPERANDS(x, w, bias), .attrs.DEPTHWISE = {.window = window}});
}
