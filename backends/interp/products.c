/* Products: conv2d and linear. Weights are transposed first so that the innermost loop runs over
 * consecutive output channels: each input element is multiplied into a whole output row. */
#include <stdlib.h>
#include <string.h>

#include "backends/interp/interp.h"

/* out[o] += x * w[o] */
static void accumulate(double *restrict out, double x, const double *restrict w, size_t count) {
  for (size_t o = 0; o < count; ++o) out[o] += x * w[o];
}

static void start_row(double *row, const double *bias, size_t count) {
  if (bias) {
    memcpy(row, bias, count * sizeof *row);
  } else {
    memset(row, 0, count * sizeof *row);
  }
}

/* [rows][columns] to [columns][rows] */
static void transpose(const double *from, size_t rows, size_t columns, double *to) {
  for (size_t r = 0; r < rows; ++r) {
    for (size_t c = 0; c < columns; ++c) to[c * rows + r] = from[r * columns + c];
  }
}

/* `rows` rows [depth] times w [depth][columns]; rows of the result are `pitch` apart. */
static void multiply(const double *x, size_t rows, size_t depth, const double *w, size_t w_pitch,
                     const double *bias, double *out, size_t columns, size_t pitch) {
  for (size_t r = 0; r < rows; ++r) {
    double *row = out + r * pitch;
    start_row(row, bias, columns);
    for (size_t k = 0; k < depth; ++k) accumulate(row, x[r * depth + k], w + k * w_pitch, columns);
  }
}

/* w [ceil(O/panel)][K][panel] */
static void multiply_packed(const InterpTensor *operands, size_t panel, InterpTensor *result) {
  const double *bias = operands[2].data;
  size_t rows = extent_rows(interp_extent(operands[0].type));
  size_t depth = interp_extent(operands[0].type).c, columns = interp_extent(result->type).c;
  for (size_t first = 0; first < columns; first += panel) {
    size_t used = columns - first < panel ? columns - first : panel;
    multiply(operands[0].data, rows, depth, operands[1].data + first * depth, panel,
             bias ? bias + first : NULL, result->data + first, used, columns);
  }
}

void interpret_LINEAR(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  if (node->attrs.LINEAR.panel) {
    multiply_packed(operands, (size_t)node->attrs.LINEAR.panel, result);
    return;
  }
  Extent x = interp_extent(operands[0].type);
  size_t columns = interp_extent(result->type).c;
  if (operands[1].type.rank == 4) {
    size_t rows = x.h * x.w;
    for (size_t n = 0; n < x.n; ++n) {
      multiply(operands[0].data + n * rows * x.c, rows, x.c, operands[1].data + n * x.c * columns,
               columns, operands[2].data, result->data + n * rows * columns, columns, columns);
    }
    return;
  }
  double *w = interp_buffer(x.c * columns);
  transpose(operands[1].data, columns, x.c, w);
  multiply(operands[0].data, extent_rows(x), x.c, w, columns, operands[2].data, result->data,
           columns, columns);
  free(w);
}

/* Row o of the result starts with bias[o]; each operand row is added with its weight. */
void interpret_MIX_ROWS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  size_t in_rows = x.h * x.w, out_rows = y.h * y.w;
  const double *w = operands[1].data, *bias = operands[2].data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t o = 0; o < out_rows; ++o) {
      double *row = result->data + (n * out_rows + o) * y.c;
      for (size_t c = 0; c < y.c; ++c) row[c] = bias ? bias[o] : 0;
      for (size_t t = 0; t < in_rows; ++t) {
        accumulate(row, w[o * in_rows + t], operands[0].data + (n * in_rows + t) * x.c, y.c);
      }
    }
  }
}

void interpret_SCALE_MATRIX(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interp_extent(result->type);
  double *out = result->data;
  (void)node;
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t k = 0; k < e.w; ++k) {
      for (size_t c = 0; c < e.c; ++c) {
        *out++ = operands[0].data[n * e.c + c] * operands[1].data[k * e.c + c];
      }
    }
  }
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
        accumulate(out, pixel[c], w + tap * out_channels, out_channels);
      }
    }
  }
}

void interpret_CONV2D(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsCONV2D *a = &node->attrs.CONV2D;
  Extent x = interp_extent(operands[0].type), y = interp_extent(result->type);
  size_t groups = (size_t)a->groups, in_channels = x.c / groups, out_channels = y.c / groups;
  size_t taps = in_channels * (size_t)a->kernel_h * (size_t)a->kernel_w;
  double *w = interp_buffer(taps * y.c);
  for (size_t g = 0; g < groups; ++g) {
    size_t group = g * taps * out_channels;
    transpose(operands[1].data + group, out_channels, taps, w + group);
  }
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    const double *image = operands[0].data + n * x.h * x.w * x.c;
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        int64_t top = (int64_t)i * a->stride_h - a->pad_h;
        int64_t left = (int64_t)j * a->stride_w - a->pad_w;
        start_row(out, operands[2].data, y.c);
        for (size_t g = 0; g < groups; ++g) {
          convolve_window(a, image + g * in_channels, x, top, left, w + g * taps * out_channels,
                          in_channels, out + g * out_channels, out_channels);
        }
      }
    }
  }
  free(w);
}
