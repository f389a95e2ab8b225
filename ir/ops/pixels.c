/* pixels: bytes of an input as floats, in the order of channels that the model has. */
#include "ir/ops/op_impl.h"

const char *infer_PIXELS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "reversed", in->node->attrs.PIXELS.reversed, 0, 1));
  if (x.dtype != DTYPE_U8) return infer_misfit(in, "takes bytes, got %s", INFER_TEXT(x));
  if (graph_def(in->graph, in->node->operands[0])->op != OP_INPUT) {
    return infer_misfit(in, "takes an input, got %s", INFER_TEXT(x));
  }
  *result = type_with_dtype(x, DTYPE_F32);
  return NULL;
}

void interpret_PIXELS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  for (size_t i = 0; i < extent_rows(e) * e.c; ++i) {
    size_t c = i % e.c, from = node->attrs.PIXELS.reversed ? e.c - 1 - c : c;
    result->data[i] = operands[0].data[i - c + from];
  }
}

ValueId build_pixels(Builder b, ValueId x, bool reversed) {
  return builder_append(
      b, (Node){.op = OP_PIXELS, OPERANDS(x), .attrs.PIXELS = {.reversed = reversed}});
}
