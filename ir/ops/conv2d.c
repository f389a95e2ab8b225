/* conv2d: x, w [O,C/groups,KH,KW], b [O]; lowered to patches or depthwise and products. */
#include <inttypes.h>
#include <stdlib.h>

#include "ir/ops/op_impl.h"

/* Weight and window say the kernel twice: they must agree. */
const char *infer_CONV2D(const Infer *in, Type *result) {
  const AttrsCONV2D *a = &in->node->attrs.CONV2D;
  Type x = in->operand[0];
  Type w = in->operand[1];
  RETURN_IF_FAULT(infer_check_map(in));
  if (w.rank != 4 || !type_is_known(w)) {
    return infer_misfit(in, "the weight must be [O,C/groups,KH,KW], got %s", INFER_TEXT(w));
  }
  RETURN_IF_FAULT(infer_check_divides(in, "groups", a->groups, type_channels(x)));
  if (w.dims[0] % a->groups != 0) {
    return infer_misfit(in, "groups %d does not divide the %" PRId64 " output channels", a->groups,
                        w.dims[0]);
  }
  if (w.dims[1] != type_channels(x) / a->groups || w.dims[2] != a->window.kernel_h ||
      w.dims[3] != a->window.kernel_w) {
    return infer_misfit(in, "the weight is %s, expected f32[%" PRId64 ",%" PRId64 ",%d,%d]",
                        INFER_TEXT(w), w.dims[0], type_channels(x) / a->groups, a->window.kernel_h,
                        a->window.kernel_w);
  }
  RETURN_IF_FAULT(infer_check_vector(in, 2, "the bias", w.dims[0]));
  RETURN_IF_FAULT(infer_window(in, &a->window, x, w.dims[0], result));
  return infer_check_undilated(in, &a->window);
}

/* Adds what one tap reads, `pixel`, to the outputs of all groups. w is
 * [groups][C/groups][taps][O/groups]. */
static void add_tap(const double *pixel, Extent x, size_t groups, const double *w, size_t taps,
                    size_t tap, double *out, size_t columns) {
  for (size_t c = 0; c < x.c; ++c) {
    size_t group = c / (x.c / groups);
    interpret_accumulate(out + group * columns, pixel[c], w + (c * taps + tap) * columns, columns);
  }
}

/* The weights are transposed first, group by group, so that the innermost loop runs over output
 * channels. */
void interpret_CONV2D(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsCONV2D *a = &node->attrs.CONV2D;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t groups = (size_t)a->groups, columns = y.c / groups;
  size_t taps = (size_t)window_taps(&a->window), depth = x.c / groups * taps;
  double *w = interpret_buffer(depth * y.c);
  for (size_t g = 0; g < groups; ++g) {
    size_t group = g * depth * columns;
    interpret_transposed(operands[1].data + group, columns, depth, w + group);
  }
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        interpret_start_row(out, operands[2].data, y.c);
        for (size_t t = 0; t < taps; ++t) {
          const double *pixel = interpret_tap(&operands[0], x, n, &a->window, i, j, t);
          if (pixel) add_tap(pixel, x, groups, w, taps, t, out, columns);
        }
      }
    }
  }
  free(w);
}

ValueId build_conv2d(Builder b, ValueId x, ValueId w, ValueId bias, Window window, int32_t groups) {
  return builder_append(
      b, (Node){.op = OP_CONV2D, OPERANDS(x, w, bias), .attrs.CONV2D = {window, .groups = groups}});
}
