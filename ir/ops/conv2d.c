/* conv2d: x, w [O,C/groups,KH,KW], b [O]; lowered to patches or depthwise and products. */
#include <inttypes.h>
#include <stdlib.h>

#include "ir/ops/op_impl.h"

const char *infer_CONV2D(const Infer *in, Type *result) {
  const AttrsCONV2D *a = &in->node->attrs.CONV2D;
  Type x = in->operand[0];
  Type w = in->operand[1];
  INFER_TRY(infer_check_map(in));
  if (w.rank != 4 || !type_is_known(w)) {
    return infer_misfit(in, "the weight must be [O,C/groups,KH,KW], got %s", INFER_TEXT(w));
  }
  INFER_TRY(infer_check_divides(in, "groups", a->groups, type_channels(x)));
  if (w.dims[0] % a->groups != 0) {
    return infer_misfit(in, "groups %d does not divide the %" PRId64 " output channels", a->groups,
                        w.dims[0]);
  }
  if (w.dims[1] != type_channels(x) / a->groups || w.dims[2] != a->kernel_h ||
      w.dims[3] != a->kernel_w) {
    return infer_misfit(in, "the weight is %s, expected f32[%" PRId64 ",%" PRId64 ",%d,%d]",
                        INFER_TEXT(w), w.dims[0], type_channels(x) / a->groups, a->kernel_h,
                        a->kernel_w);
  }
  INFER_TRY(infer_check_vector(in, 2, "the bias", w.dims[0]));
  INFER_SLIDE(in, *a, x, w.dims[0], result);
  return NULL;
}

/* One output pixel: the window at (top, left) of image `x`, for one group of `out_channels` outputs
 * that read `in_channels` inputs. w is [in_channels][KH][KW][out_channels]. */
static void convolve_window(const AttrsCONV2D *a, const double *x, Extent e, int64_t top,
                            int64_t left, const double *w, size_t in_channels, double *out,
                            size_t out_channels) {
  for (int64_t kh = 0; kh < a->kernel_h; ++kh) {
    for (int64_t kw = 0; kw < a->kernel_w; ++kw) {
      int64_t row = top + kh, column = left + kw;
      if (row < 0 || row >= (int64_t)e.h || column < 0 || column >= (int64_t)e.w) continue;
      const double *pixel = x + ((size_t)row * e.w + (size_t)column) * e.c;
      for (size_t c = 0; c < in_channels; ++c) {
        size_t tap = (c * (size_t)a->kernel_h + (size_t)kh) * (size_t)a->kernel_w + (size_t)kw;
        interpret_accumulate(out, pixel[c], w + tap * out_channels, out_channels);
      }
    }
  }
}

void interpret_CONV2D(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsCONV2D *a = &node->attrs.CONV2D;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t groups = (size_t)a->groups, in_channels = x.c / groups, out_channels = y.c / groups;
  size_t taps = in_channels * (size_t)a->kernel_h * (size_t)a->kernel_w;
  double *w = interpret_buffer(taps * y.c);
  for (size_t g = 0; g < groups; ++g) {
    size_t group = g * taps * out_channels;
    interpret_transposed(operands[1].data + group, out_channels, taps, w + group);
  }
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    const double *image = operands[0].data + n * x.h * x.w * x.c;
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        int64_t top = (int64_t)i * a->stride_h - a->pad_h;
        int64_t left = (int64_t)j * a->stride_w - a->pad_w;
        interpret_start_row(out, operands[2].data, y.c);
        for (size_t g = 0; g < groups; ++g) {
          convolve_window(a, image + g * in_channels, x, top, left, w + g * taps * out_channels,
                          in_channels, out + g * out_channels, out_channels);
        }
      }
    }
  }
  free(w);
}

ValueId build_conv2d(Builder b, ValueId x, ValueId w, ValueId bias, Window window, int32_t groups) {
  return builder_append(b, (Node){.op = OP_CONV2D,
                                  OPERANDS(x, w, bias),
                                  .attrs.CONV2D = {WINDOW(window), .groups = groups}});
}
