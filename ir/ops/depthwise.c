/* depthwise: each channel convolved by itself. */
#include "ir/ops/op_impl.h"

const char *infer_DEPTHWISE(const Infer *in, Type *result) {
  const AttrsDEPTHWISE *a = &in->node->attrs.DEPTHWISE;
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_window(in, &a->window, x, type_channels(x), result));
  Type taps = type_matrix(window_taps(&a->window), type_channels(x));
  if (!type_equal(in->operand[1], taps)) {
    return infer_misfit(in, "the weight is %s, expected %s", INFER_TEXT(in->operand[1]),
                        INFER_TEXT(taps));
  }
  return infer_check_vector(in, 2, "the bias", type_channels(x));
}

/* out[c] += w[tap][c] * pixel[c]; the context is w [taps, C]. */
static void add_tap(const void *context, const double *pixel, size_t tap, double *out) {
  const InterpTensor *w = context;
  size_t channels = (size_t)type_channels(w->type);
  for (size_t c = 0; pixel && c < channels; ++c) out[c] += w->data[tap * channels + c] * pixel[c];
}

void interpret_DEPTHWISE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  interpret_windows(&operands[0], &node->attrs.DEPTHWISE.window, operands[2].data, add_tap,
                    &operands[1], result);
}

ValueId build_depthwise(Builder b, ValueId x, ValueId w, ValueId bias, Window window) {
  return builder_append(
      b, (Node){.op = OP_DEPTHWISE, OPERANDS(x, w, bias), .attrs.DEPTHWISE = {.window = window}});
}
