/* argmax: which channel of each row is the largest. */
#include <inttypes.h>
#include <math.h>

#include "ir/ops/op_impl.h"

enum { MAX_U8 = 256 }; /* channels whose numbers a byte holds */

const char *infer_ARGMAX(const Infer *in, Type *result) {
  DType as = in->node->attrs.ARGMAX.as;
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  int64_t channels = type_channels(in->operand[0]);
  if (as != DTYPE_S32 && as != DTYPE_U8) {
    return infer_misfit(in, "the result is %s, must be s32 or u8", dtype_info(as)->text);
  }
  if (as == DTYPE_U8 && channels > MAX_U8) {
    return infer_misfit(in, "%" PRId64 " channels are too many for u8", channels);
  }
  *result = type_with_dtype(type_with_channels(in->operand[0], 1), as);
  return NULL;
}

/* An element as it is compared. */
static double compared(double x) {
  return isnan(x) ? -INFINITY : x;
}

void interpret_ARGMAX(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interpret_extent(operands[0].type);
  for (size_t r = 0; r < extent_rows(e); ++r) {
    const double *row = operands[0].data + r * e.c;
    size_t best = 0;
    for (size_t c = 1; c < e.c; ++c) {
      if (compared(row[c]) > compared(row[best])) best = c;
    }
    result->data[r] = (double)best;
  }
}

ValueId build_argmax(Builder b, ValueId x, DType as) {
  return builder_append(b, (Node){.op = OP_ARGMAX, OPERANDS(x), .attrs.ARGMAX = {.as = as}});
}
