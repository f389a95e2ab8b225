/* grouped: a convolution in groups of adjacent channels, its weights packed in panels. */
#include <inttypes.h>

#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

/* w is [panels][taps * C / groups][columns of a panel]; every panel has whole groups. */
const char *infer_GROUPED(const Infer *in, Type *result) {
  const AttrsGROUPED *a = &in->node->attrs.GROUPED;
  Type x = in->operand[0], w = in->operand[1];
  int64_t columns = 0, depth = window_taps(&a->window);
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_divides(in, "groups", a->groups, type_channels(x)));
  bool fits = checked_mul_i64(depth, type_channels(x) / a->groups, &depth);
  if (!fits || w.rank != 3 || w.dims[1] != depth || w.dims[0] < 1 || w.dims[2] < 1 ||
      !checked_mul_i64(w.dims[0], w.dims[2], &columns)) {
    return infer_misfit(in, "the weight is %s, expected %" PRId64 " rows in each panel",
                        INFER_TEXT(w), depth);
  }
  if (a->groups % w.dims[0] != 0 || columns % a->groups != 0) {
    return infer_misfit(in, "the weight's panels %s are not of whole groups", INFER_TEXT(w));
  }
  RETURN_IF_FAULT(infer_window(in, &a->window, x, columns, result));
  RETURN_IF_FAULT(infer_check_undilated(in, &a->window));
  return infer_check_vector(in, 2, "the bias", columns);
}

/* Adds what tap `tap` at `pixel` gives to `out`, a row of the result: each group of channels times
 * its rows of w. */
static void add_grouped_tap(const double *pixel, size_t tap, size_t channels, size_t groups,
                            const InterpTensor *w, double *out) {
  size_t depth = (size_t)w->type.dims[1], width = (size_t)w->type.dims[2];
  size_t columns = (size_t)w->type.dims[0] * width, in = channels / groups;
  for (size_t o = 0; o < columns; ++o) {
    const double *column = w->data + (o / width * depth + tap * in) * width + o % width;
    const double *from = pixel + o / (columns / groups) * in;
    for (size_t c = 0; c < in; ++c) out[o] += from[c] * column[c * width];
  }
}

void interpret_GROUPED(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsGROUPED *a = &node->attrs.GROUPED;
  const double *bias = operands[2].data;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t taps = (size_t)window_taps(&a->window);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j, out += y.c) {
        for (size_t c = 0; c < y.c; ++c) out[c] = bias ? bias[c] : 0;
        for (size_t t = 0; t < taps; ++t) {
          const double *pixel = interpret_tap(&operands[0], x, n, &a->window, i, j, t);
          if (pixel) add_grouped_tap(pixel, t, x.c, (size_t)a->groups, &operands[1], out);
        }
      }
    }
  }
}

ValueId build_grouped(Builder b, ValueId x, ValueId w, ValueId bias, Window window,
                      int32_t groups) {
  return builder_append(
      b,
      (Node){.op = OP_GROUPED, OPERANDS(x, w, bias), .attrs.GROUPED = {window, .groups = groups}});
}
