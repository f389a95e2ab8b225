/* resize: a map of another size, by the nearest pixels or interpolated between them. */
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

/* The size is that of operand 1. */
static const char *resize_like(const Infer *in, Type *result) {
  const AttrsRESIZE *a = &in->node->attrs.RESIZE;
  Type like = in->operand[1];
  if (like.rank != 4) return infer_misfit(in, "operand 1 must be a map, got %s", INFER_TEXT(like));
  if (a->height || a->width || a->scale_h || a->scale_w) {
    return infer_misfit(in, "a size is given twice");
  }
  if (!infer_dims_meet(result->dims[0], like.dims[0], &result->dims[0])) {
    return infer_misfit(in, "%s and %s differ in images", INFER_TEXT(in->operand[0]),
                        INFER_TEXT(like));
  }
  result->dims[1] = like.dims[1];
  result->dims[2] = like.dims[2];
  return NULL;
}

const char *infer_RESIZE(const Infer *in, Type *result) {
  const AttrsRESIZE *a = &in->node->attrs.RESIZE;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "aligned", a->aligned, 0, 1));
  RETURN_IF_FAULT(infer_check_range(in, "nearest", a->nearest, 0, 1));
  if (a->aligned && a->nearest) return infer_misfit(in, "it is either aligned or nearest");
  *result = in->operand[0];
  if (in->count == 2) return resize_like(in, result);
  RETURN_IF_FAULT(resize(in, in->operand[0].dims[1], a->height, a->scale_h, &result->dims[1]));
  return resize(in, in->operand[0].dims[2], a->width, a->scale_w, &result->dims[2]);
}

/* The place in `from` elements of element i of `to`; of middles, at least the first one's. */
static Between resized(const AttrsRESIZE *a, size_t i, size_t from, size_t to) {
  if (a->nearest) return (Between){(int64_t)(i * from / to), 0};
  double at = fmax(0, ((double)i + 0.5) * (double)from / (double)to - 0.5);
  if (a->aligned) at = to == 1 ? 0 : (double)(i * (from - 1)) / (double)(to - 1);
  double low = floor(at);
  return (Between){(int64_t)low, at - low};
}

/* The row behind the last one is the last. */
static size_t at_most(int64_t i, size_t last) {
  return (size_t)i < last ? (size_t)i : last;
}

void interpret_RESIZE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsRESIZE *a = &node->attrs.RESIZE;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    const double *image = operands[0].data + n * x.h * x.w * x.c;
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j) {
        for (size_t c = 0; c < y.c; ++c) {
          Between h = resized(a, i, x.h, y.h), w = resized(a, j, x.w, y.w);
          const double *top = image + at_most(h.low, x.h - 1) * x.w * x.c + c;
          const double *bottom = image + at_most(h.low + 1, x.h - 1) * x.w * x.c + c;
          size_t left = at_most(w.low, x.w - 1) * x.c, right = at_most(w.low + 1, x.w - 1) * x.c;
          double above = top[left] + w.fraction * (top[right] - top[left]);
          double below = bottom[left] + w.fraction * (bottom[right] - bottom[left]);
          *out++ = above + h.fraction * (below - above);
        }
      }
    }
  }
}

ValueId build_resize(Builder b, ValueId x, ValueId like, AttrsRESIZE attrs) {
  return builder_append(b, (Node){.op = OP_RESIZE, OPERANDS(x, like), .attrs.RESIZE = attrs});
}
