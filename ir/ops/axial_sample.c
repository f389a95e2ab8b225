/* axial_sample: each channel interpolated along one axis, at an offset.
 *
 *   y[i,j,c] = x interpolated at (i, j + o) along W, at (i + o, j) along H
 *   o = offsets[i,j,c / share];  a + fraction (b - a) between neighbours a, b;  0 outside
 */
#include <inttypes.h>
#include <math.h>

#include "ir/ops/op_impl.h"

/* Offsets are one vector for all rows, or rows of their own on the map's grid. */
const char *infer_AXIAL_SAMPLE(const Infer *in, Type *result) {
  const AttrsAXIAL_SAMPLE *a = &in->node->attrs.AXIAL_SAMPLE;
  Type x = in->operand[0];
  Type offsets = in->operand[1];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "axis", a->axis, 1, 2));
  RETURN_IF_FAULT(infer_check_divides(in, "share", a->share, type_channels(x)));
  int64_t channels = type_channels(x) / a->share;
  *result = x;
  if (type_equal(offsets, type_vector(channels))) return NULL;
  Type expected = type_with_channels(x, channels);
  if (!infer_types_meet(&expected, offsets)) {
    return infer_misfit(in, "the offsets are %s, expected %s or f32[%" PRId64 "]",
                        INFER_TEXT(offsets), INFER_TEXT(expected), channels);
  }
  *result = type_with_channels(expected, type_channels(x));
  return NULL;
}

/* Linear interpolation in `line`, whose `count` elements are `stride` apart, at index + offset. The
 * offset is clamped so that the position lies in [-1, count]; floor and fraction are those of the
 * offset, which keeps their digits. NaN reads 0. */
static double sample(const double *line, size_t count, size_t stride, size_t index, double offset) {
  if (isnan(offset)) return 0;
  double at = (double)index;
  double clamped = fmin(fmax(offset, -1 - at), (double)count - at);
  double low = floor(clamped), fraction = clamped - low;
  int64_t i = (int64_t)index + (int64_t)low; /* in [-1, count] */
  double a = i >= 0 && i < (int64_t)count ? line[(size_t)i * stride] : 0;
  double b = i + 1 < (int64_t)count ? line[(size_t)(i + 1) * stride] : 0;
  return a + fraction * (b - a);
}

void interpret_AXIAL_SAMPLE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsAXIAL_SAMPLE *a = &node->attrs.AXIAL_SAMPLE;
  Extent e = interpret_extent(result->type);
  bool along_w = a->axis == 2;
  size_t share = (size_t)a->share, vector = e.c / share;
  size_t stride = along_w ? e.c : e.w * e.c;
  const double *offsets = operands[1].data;
  double *out = result->data;
  for (size_t n = 0; n < e.n; ++n) {
    const double *image = operands[0].data + n * e.h * e.w * e.c;
    for (size_t i = 0; i < e.h; ++i) {
      for (size_t j = 0; j < e.w; j++, out += e.c) {
        const double *line = image + (along_w ? i * e.w : j) * e.c;
        for (size_t c = 0; c < e.c; ++c) {
          out[c] =
              sample(line + c, along_w ? e.w : e.h, stride, along_w ? j : i, offsets[c / share]);
        }
        if (operands[1].type.rank == 4) offsets += vector;
      }
    }
  }
}

ValueId build_axial_sample(Builder b, ValueId x, ValueId offsets, int32_t axis, int32_t share) {
  return builder_append(b, (Node){.op = OP_AXIAL_SAMPLE,
                                  OPERANDS(x, offsets),
                                  .attrs.AXIAL_SAMPLE = {.axis = axis, .share = share}});
}
