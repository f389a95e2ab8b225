/* Ops that take means of a map, or read between its rows: average_pool, resize, deform_patches. */
#include <math.h>

#include "backends/interp/interp.h"

/* -- windows ----------------------------------------------------------------------------------- */

typedef struct Span {
  int64_t begin, end;
} Span;

/* What is inside of a window at `corner`. */
static Span inside(int64_t corner, int64_t kernel, size_t size) {
  int64_t end = corner + kernel;
  return (Span){corner < 0 ? 0 : corner, end < (int64_t)size ? end : (int64_t)size};
}

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
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        Span h = inside((int64_t)i * a->stride_h - a->pad_h, a->kernel_h, x.h);
        Span w = inside((int64_t)j * a->stride_w - a->pad_w, a->kernel_w, x.w);
        int64_t count = (h.end - h.begin) * (w.end - w.begin);
        if (a->count_padding) count = (int64_t)a->kernel_h * a->kernel_w;
        mean_of_window(operands[0].data + n * x.h * x.w * x.c, x, h, w, (double)count, out);
      }
    }
  }
}

/* -- between rows ------------------------------------------------------------------------------ */

/* A place on one axis: between `low` and the next. */
typedef struct Between {
  int64_t low;
  double fraction;
} Between;

/* The place in `from` elements of element i of `to`: their middles, at least the first one's. */
static Between resized(size_t i, size_t from, size_t to) {
  double at = fmax(0, ((double)i + 0.5) * (double)from / (double)to - 0.5), low = floor(at);
  return (Between){(int64_t)low, at - low};
}

static size_t at_most(int64_t i, size_t last) {
  return (size_t)i < last ? (size_t)i : last;
}

void interpret_RESIZE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
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

/* -- deform_patches ---------------------------------------------------------------------------- */

/* `base` plus `offset`, which is kept near the map; an offset of NaN is far outside. */
static Between displaced(int64_t base, double offset, size_t size) {
  double limit = (double)size + fabs((double)base) + 1;
  if (isnan(offset)) offset = -limit;
  offset = fmin(fmax(offset, -limit), limit);
  double low = floor(offset);
  return (Between){base + (int64_t)low, offset - low};
}

/* The element at (h, w) of one channel of a map; 0 outside. */
static double element(const double *channel, Extent e, int64_t h, int64_t w) {
  if (h < 0 || h >= (int64_t)e.h || w < 0 || w >= (int64_t)e.w) return 0;
  return channel[((size_t)h * e.w + (size_t)w) * e.c];
}

static double interpolate(const double *channel, Extent e, Between h, Between w) {
  double top = (1 - w.fraction) * element(channel, e, h.low, w.low) +
               w.fraction * element(channel, e, h.low, w.low + 1);
  double bottom = (1 - w.fraction) * element(channel, e, h.low + 1, w.low) +
                  w.fraction * element(channel, e, h.low + 1, w.low + 1);
  return (1 - h.fraction) * top + h.fraction * bottom;
}

/* One patch, of the window at (top, left), with the offsets and mask of its row. */
static void deform_patch(const AttrsDEFORM_PATCHES *a, const double *image, Extent e, int64_t top,
                         int64_t left, const double *offsets, const double *mask, double *out) {
  size_t taps = (size_t)a->kernel_h * (size_t)a->kernel_w;
  size_t each = e.c / (size_t)a->offset_groups;
  for (size_t t = 0; t < taps; ++t) {
    for (size_t c = 0; c < e.c; ++c) {
      size_t slot = c / each * taps + t;
      int64_t row = top + (int64_t)t / a->kernel_w * a->dilation_h;
      int64_t column = left + (int64_t)t % a->kernel_w * a->dilation_w;
      Between h = displaced(row, offsets[2 * slot], e.h);
      Between w = displaced(column, offsets[2 * slot + 1], e.w);
      double value = interpolate(image + c, e, h, w);
      *out++ = mask ? mask[slot] * value : value;
    }
  }
}

void interpret_DEFORM_PATCHES(const Node *node, const InterpTensor *operands,
                              InterpTensor *result) {
  const AttrsDEFORM_PATCHES *a = &node->attrs.DEFORM_PATCHES;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  size_t slots = (size_t)a->offset_groups * (size_t)a->kernel_h * (size_t)a->kernel_w;
  size_t row = 0;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, ++row) {
        deform_patch(
            a, operands[0].data + n * x.h * x.w * x.c, x, (int64_t)i * a->stride_h - a->pad_h,
            (int64_t)j * a->stride_w - a->pad_w, operands[1].data + row * 2 * slots,
            operands[2].data ? operands[2].data + row * slots : NULL, result->data + row * y.c);
      }
    }
  }
}
