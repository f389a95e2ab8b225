/* resize: a map of another size, interpolated between the middles of its pixels. */
#include <math.h>

#include "ir/ops/op_impl.h"

/* One axis of a resized map. */
static const char *resize(const Infer *in, int64_t from, int64_t size, int64_t scale,
                          int64_t *result) {
  RETURN_IF_FAULT(infer_check_range(in, "the size", size, 0, INT32_MAX));
  *result = size;
  if (size) return NULL;
  RETURN_IF_FAULT(infer_check_positive(in, "the scale", scale));
  *result = from == DIM_OPEN ? DIM_OPEN : from * scale; /* of two 32 bit numbers */
  return NULL;
}

const char *infer_RESIZE(const Infer *in, Type *result) {
  const AttrsRESIZE *a = &in->node->attrs.RESIZE;
  RETURN_IF_FAULT(infer_check_map(in));
  *result = in->operand[0];
  RETURN_IF_FAULT(resize(in, in->operand[0].dims[1], a->height, a->scale_h, &result->dims[1]));
  return resize(in, in->operand[0].dims[2], a->width, a->scale_w, &result->dims[2]);
}

/* The place in `from` elements of element i of `to`: their middles, at least the first one's. */
static Between resized(size_t i, size_t from, size_t to) {
  double at = fmax(0, ((double)i + 0.5) * (double)from / (double)to - 0.5), low = floor(at);
  return (Between){(int64_t)low, at - low};
}

/* The row behind the last one is the last. */
static size_t at_most(int64_t i, size_t last) {
  return (size_t)i < last ? (size_t)i : last;
}

void interpret_RESIZE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    const double *image = operands[0].data + n * x.h * x.w * x.c;
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j) {
        for (size_t c = 0; c < y.c; ++c) {
          Between h = resized(i, x.h, y.h), w = resized(j, x.w, y.w);
          const double *top = image + at_most(h.low, x.h - 1) * x.w * x.c + c;
          const double *bottom = image + at_most(h.low + 1, x.h - 1) * x.w * x.c + c;
          size_t left = at_most(w.low, x.w - 1) * x.c, right = at_most(w.low + 1, x.w - 1) * x.c;
          double a = top[left] + w.fraction * (top[right] - top[left]);
          double b = bottom[left] + w.fraction * (bottom[right] - bottom[left]);
          *out++ = a + h.fraction * (b - a);
        }
      }
    }
  }
}

ValueId build_resize(Builder b, ValueId x, AttrsRESIZE attrs) {
  return builder_append(b, (Node){.op = OP_RESIZE, OPERANDS(x), .attrs.RESIZE = attrs});
}
