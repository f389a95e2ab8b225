/* Pools: what a window or a cell of a map comes to, channel by channel.
 *
 *   average_pool    means over windows
 *   adaptive_pool   means over cells that cover the map
 *   max_pool        the largest elements of windows
 */
#include <math.h>
#include <stdlib.h>

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

/* What an undilated window of element `i` covers of the map. */
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

const char *infer_ADAPTIVE_POOL(const Infer *in, Type *result) {
  const AttrsADAPTIVE_POOL *a = &in->node->attrs.ADAPTIVE_POOL;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_positive(in, "the height", a->height));
  RETURN_IF_FAULT(infer_check_positive(in, "the width", a->width));
  Type x = in->operand[0];
  *result = type_map(x.dims[0], a->height, a->width, type_channels(x));
  return NULL;
}

/* Cell `i` of `count` that cover `size` rows: at least one row. */
static Span cell(size_t i, size_t count, size_t size) {
  return (Span){(int64_t)(i * size / count), (int64_t)(((i + 1) * size + count - 1) / count)};
}

void interpret_ADAPTIVE_POOL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        Span h = cell(i, y.h, x.h), w = cell(j, y.w, x.w);
        double count = (double)((h.end - h.begin) * (w.end - w.begin));
        mean_of_window(operands[0].data + n * x.h * x.w * x.c, x, h, w, count, out);
      }
    }
  }
}

ValueId build_adaptive_pool(Builder b, ValueId x, int32_t height, int32_t width) {
  return builder_append(b, (Node){.op = OP_ADAPTIVE_POOL,
                                  OPERANDS(x),
                                  .attrs.ADAPTIVE_POOL = {.height = height, .width = width}});
}

const char *infer_MAX_POOL(const Infer *in, Type *result) {
  RETURN_IF_FAULT(infer_check_map(in));
  return infer_window(in, &in->node->attrs.MAX_POOL.window, in->operand[0],
                      type_channels(in->operand[0]), result);
}

/* Makes `out`, which begins as -infinity, the larger of itself and a tap, channel by channel. */
static void take_larger(const void *context, const double *pixel, size_t tap, double *out) {
  const size_t *channels = context;
  (void)tap;
  for (size_t c = 0; pixel && c < *channels; ++c) {
    if (pixel[c] > out[c] || isnan(pixel[c])) out[c] = pixel[c];
  }
}

void interpret_MAX_POOL(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  size_t channels = interpret_extent(result->type).c;
  double *lowest = interpret_buffer(channels);
  for (size_t c = 0; c < channels; ++c) lowest[c] = -INFINITY;
  interpret_windows(&operands[0], &node->attrs.MAX_POOL.window, lowest, take_larger, &channels,
                    result);
  free(lowest);
}

ValueId build_max_pool(Builder b, ValueId x, Window window) {
  return builder_append(
      b, (Node){.op = OP_MAX_POOL, OPERANDS(x), .attrs.MAX_POOL = {.window = window}});
}
