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
  return infer_window(in, &a->window, x, w.dims[0], result);
}

typedef struct Convolution {
  const double *w; /* [groups][in][taps][columns] */
  size_t groups, in, taps, columns;
} Convolution;

/* Each channel of the tap's pixel times its row of w, into the columns of its group. */
static void add_tap(const void *context, const double *pixel, size_t tap, double *out) {
  const Convolution *f = context;
  for (size_t c = 0; pixel && c < f->groups * f->in; ++c) {
    interpret_accumulate(out + c / f->in * f->columns, pixel[c],
                         f->w + (c * f->taps + tap) * f->columns, f->columns);
  }
}

/* The weights are transposed first, group by group, so that the innermost loop runs over output
 * channels. */
void interpret_CONV2D(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsCONV2D *a = &node->attrs.CONV2D;
  Convolution f = {.groups = (size_t)a->groups, .taps = (size_t)window_taps(&a->window)};
  f.in = (size_t)type_channels(operands[0].type) / f.groups;
  f.columns = (size_t)type_channels(result->type) / f.groups;
  size_t depth = f.in * f.taps;
  double *w = interpret_buffer(f.groups * depth * f.columns);
  for (size_t g = 0; g < f.groups; ++g) {
    size_t group = g * depth * f.columns;
    interpret_transposed(operands[1].data + group, f.columns, depth, w + group);
  }
  f.w = w;
  interpret_windows(&operands[0], &a->window, operands[2].data, add_tap, &f, result);
  free(w);
}

ValueId build_conv2d(Builder b, ValueId x, ValueId w, ValueId bias, Window window, int32_t groups) {
  return builder_append(
      b, (Node){.op = OP_CONV2D, OPERANDS(x, w, bias), .attrs.CONV2D = {window, .groups = groups}});
}
