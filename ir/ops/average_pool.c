/* average_pool: means over windows. */
#include "ir/ops/op_impl.h"

/* Every window has something inside. */
static const char *check_padding(const Infer *in, WindowAxis axis) {
  RETURN_IF_FAULT(infer_check_range(in, "the padding", axis.before, 0, axis.kernel / 2));
  return infer_check_range(in, "the padding", axis.behind, 0, axis.kernel / 2);
}

const char *infer_AVERAGE_POOL(const Infer *in, Type *result) {
  const AttrsAVERAGE_POOL *a = &in->node->attrs.AVERAGE_POOL;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "count_padding", a->count_padding, 0, 1));
  RETURN_IF_FAULT(
      infer_window(in, &a->window, in->operand[0], type_channels(in->operand[0]), result));
  RETURN_IF_FAULT(infer_check_undilated(in, &a->window));
  RETURN_IF_FAULT(check_padding(in, window_rows(&a->window)));
  return check_padding(in, window_columns(&a->window));
}

typedef struct Span {
  int64_t begin, end;
} Span;

/* What is inside of the window of element `i`. */
static Span inside(WindowAxis axis, size_t i, size_t size) {
  int64_t corner = window_corner(axis, (int64_t)i), end = corner + axis.kernel;
  return (Span){corner < 0 ? 0 : corner, end < (int64_t)size ? end : (int64_t)size};
}

/* The sum of the rows in h x w over `count`, of all channels. */
static void mean_of_window(const double *image, Extent e, Span h, Span w, double count,
                           double *out) {
  for (size_t c = 0; c < e.c; ++c) out[c] = 0;
  for (int64_t i = h.begin; i < h.end; ++i) {
    for (int64_t j = w.begin; j < w.end; ++j) {
      for (size_t c = 0; c < e.c; ++c) out[c] += image[((size_t)i * e.w + (size_t)j) * e.c + c];
    }
  }
  for (size_t c = 0; c < e.c; ++c) out[c] /= count;
}

void interpret_AVERAGE_POOL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsAVERAGE_POOL *a = &node->attrs.AVERAGE_POOL;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        Span h = inside(window_rows(&a->window), i, x.h);
        Span w = inside(window_columns(&a->window), j, x.w);
        int64_t count = (h.end - h.begin) * (w.end - w.begin);
        if (a->count_padding) count = window_taps(&a->window);
        mean_of_window(operands[0].data + n * x.h * x.w * x.c, x, h, w, (double)count, out);
      }
    }
  }
}

ValueId build_average_pool(Builder b, ValueId x, Window window, bool count_padding) {
  return builder_append(b, (Node){.op = OP_AVERAGE_POOL,
                                  OPERANDS(x),
                                  .attrs.AVERAGE_POOL = {window, .count_padding = count_padding}});
}
