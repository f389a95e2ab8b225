/* axial_shift: each channel shifted along one axis by a whole number of pixels.
 *
 *   y[i,j,c] = x[i, j + o, c] along W, x[i + o, j, c] along H;  0 outside
 *   o = (c / share * step + phase) mod period + lowest      / rounds down
 */
#include "ir/ops/op_impl.h"

/* The bounds are the emitter's: `period` rows at hand, offsets far from overflow. */
const char *infer_AXIAL_SHIFT(const Infer *in, Type *result) {
  const AttrsAXIAL_SHIFT *a = &in->node->attrs.AXIAL_SHIFT;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "axis", a->axis, 1, 2));
  RETURN_IF_FAULT(infer_check_range(in, "period", a->period, 1, OP_MAX_SHIFT_PERIOD));
  RETURN_IF_FAULT(infer_check_range(in, "share", a->share, 1, OP_MAX_SHIFT_SHARE));
  RETURN_IF_FAULT(infer_check_range(in, "step", a->step, 0, a->period - 1));
  RETURN_IF_FAULT(infer_check_range(in, "phase", a->phase, 0, a->period - 1));
  RETURN_IF_FAULT(infer_check_range(in, "lowest", a->lowest, -(1 << 16), 1 << 16));
  *result = in->operand[0];
  return NULL;
}

void interpret_AXIAL_SHIFT(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsAXIAL_SHIFT *a = &node->attrs.AXIAL_SHIFT;
  Extent e = interpret_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t i = 0; i < e.h; ++i) {
      for (size_t j = 0; j < e.w; j++, out += e.c) {
        for (size_t c = 0; c < e.c; ++c) {
          int64_t offset = (int64_t)op_shift_row(a, c) + a->lowest;
          int64_t row = (int64_t)i + (a->axis == 1 ? offset : 0);
          int64_t column = (int64_t)j + (a->axis == 2 ? offset : 0);
          const double *pixel = interpret_row(&operands[0], e, n, row, column);
          out[c] = pixel ? pixel[c] : 0;
        }
      }
    }
  }
}

ValueId build_axial_shift(Builder b, ValueId x, AttrsAXIAL_SHIFT shift) {
  return builder_append(b, (Node){.op = OP_AXIAL_SHIFT, OPERANDS(x), .attrs.AXIAL_SHIFT = shift});
}
