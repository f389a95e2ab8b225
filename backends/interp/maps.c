/* Ops that read other rows of a map: patches, depthwise, samplings. Outside a map is zero. */
#include <math.h>

#include "backends/interp/interp.h"

/* Row (i, j) of image `n`, or NULL outside. */
static const double *map_row(const InterpTensor *x, Extent e, size_t n, int64_t i, int64_t j) {
  if (i < 0 || i >= (int64_t)e.h || j < 0 || j >= (int64_t)e.w) return NULL;
  return x->data + ((n * e.h + (size_t)i) * e.w + (size_t)j) * e.c;
}

/* Writes one patch: for tap t of `taps`, channel c at t * C + c, or at c * taps + t. */
static void write_tap(const double *row, size_t channels, size_t tap, size_t taps,
                      bool channels_first, double *patch) {
  for (size_t c = 0; c < channels; ++c) {
    patch[channels_first ? c * taps + tap : tap * channels + c] = row ? row[c] : 0;
  }
}

void interpret_PATCHES(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsPATCHES *a = &node->attrs.PATCHES;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  size_t taps = (size_t)a->kernel_h * (size_t)a->kernel_w;
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        for (size_t t = 0; t < taps; ++t) {
          int64_t row = (int64_t)i * a->stride_h - a->pad_h + (int64_t)t / a->kernel_w;
          int64_t column = (int64_t)j * a->stride_w - a->pad_w + (int64_t)t % a->kernel_w;
          write_tap(map_row(&operands[0], x, n, row, column), x.c, t, taps, a->channels_first, out);
        }
      }
    }
  }
}

void interpret_DEPTHWISE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsDEPTHWISE *a = &node->attrs.DEPTHWISE;
  const double *w = operands[1].data, *bias = operands[2].data;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  int64_t taps = (int64_t)a->kernel_h * a->kernel_w;
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        for (size_t c = 0; c < y.c; ++c) out[c] = bias ? bias[c] : 0;
        for (int64_t t = 0; t < taps; ++t) {
          int64_t row = (int64_t)i * a->stride_h - a->pad_h + t / a->kernel_w;
          int64_t column = (int64_t)j * a->stride_w - a->pad_w + t % a->kernel_w;
          const double *pixel = map_row(&operands[0], x, n, row, column);
          if (!pixel) continue;
          for (size_t c = 0; c < y.c; ++c) out[c] += w[(size_t)t * y.c + c] * pixel[c];
        }
      }
    }
  }
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
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  int64_t taps = (int64_t)a->kernel_h * a->kernel_w;
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j, out += y.c) {
        for (size_t c = 0; c < y.c; ++c) out[c] = bias ? bias[c] : 0;
        for (int64_t t = 0; t < taps; ++t) {
          int64_t row = (int64_t)i * a->stride_h - a->pad_h + t / a->kernel_w;
          int64_t column = (int64_t)j * a->stride_w - a->pad_w + t % a->kernel_w;
          const double *pixel = map_row(&operands[0], x, n, row, column);
          if (pixel) add_grouped_tap(pixel, (size_t)t, x.c, (size_t)a->groups, &operands[1], out);
        }
      }
    }
  }
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
  Extent e = interp_extent(result->type);
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

void interpret_AXIAL_SHIFT(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsAXIAL_SHIFT *a = &node->attrs.AXIAL_SHIFT;
  Extent e = interp_extent(result->type);
  double *out = result->data;
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t i = 0; i < e.h; ++i) {
      for (size_t j = 0; j < e.w; j++, out += e.c) {
        for (size_t c = 0; c < e.c; ++c) {
          int64_t offset = (int64_t)(c + (size_t)a->phase) % a->period + a->lowest;
          int64_t row = (int64_t)i + (a->axis == 1 ? offset : 0);
          int64_t column = (int64_t)j + (a->axis == 2 ? offset : 0);
          const double *pixel = map_row(&operands[0], e, n, row, column);
          out[c] = pixel ? pixel[c] : 0;
        }
      }
    }
  }
}
