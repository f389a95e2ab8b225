/* winograd: a convolution of 3x3 taps at stride 1 by quads, 2x2 rows of its result. With the 4x4
 * rows d of x that a quad reads, and the transformed weights U = G g G^T of each pair of channels,
 *
 *   Y = A^T [sum over channels of U . (B^T d B)] A
 *
 *         | 1  0 -1  0 |         | 1  1  1  0 |
 *   B^T = | 0  1  1  0 |   A^T = | 0  1 -1 -1 |
 *         | 0 -1  1  0 |
 *         | 0  1  0 -1 |
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ir/ops/op_impl.h"

enum { SIDE = 4, PLANES = SIDE * SIDE }; /* of d, and of what it is transformed to */

/* The window has a form of its own; the weight has as many panels as the channels take. */
const char *infer_WINOGRAD(const Infer *in, Type *result) {
  const AttrsWINOGRAD *a = &in->node->attrs.WINOGRAD;
  const Window *window = &a->window;
  Type x = in->operand[0], w = in->operand[1];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_positive(in, "panel", a->panel));
  RETURN_IF_FAULT(infer_check_positive(in, "channels", a->channels));
  RETURN_IF_FAULT(infer_check_undilated(in, window));
  if (window->kernel_h != 3 || window->kernel_w != 3 || window->stride_h != 1 ||
      window->stride_w != 1) {
    return infer_misfit(in, "the window must be 3x3 at stride 1");
  }
  int64_t panels = PLANES * (((int64_t)a->channels - 1) / a->panel + 1);
  Type expected = type_make(3, (const int64_t[]){panels, type_channels(x), a->panel});
  if (!type_equal(w, expected)) {
    return infer_misfit(in, "the weight is %s, expected %s", INFER_TEXT(w), INFER_TEXT(expected));
  }
  RETURN_IF_FAULT(infer_check_vector(in, 2, "the bias", a->channels));
  return infer_window(in, window, x, a->channels, result);
}

/* B^T times four numbers that are `apart` from each other, in place. */
static void transform_input(double *d, size_t apart) {
  double d0 = d[0], d1 = d[apart], d2 = d[2 * apart], d3 = d[3 * apart];
  d[0] = d0 - d2;
  d[apart] = d1 + d2;
  d[2 * apart] = d2 - d1;
  d[3 * apart] = d1 - d3;
}

/* What transformed inputs and outputs of a quad are read from and written to. */
typedef struct Quads {
  const InterpTensor *x, *w;
  const AttrsWINOGRAD *a;
  Extent in;
  size_t panels;
  double *sums; /* [PLANES][channels of the panels] */
} Quads;

/* B^T d B of channel `c` of the quad whose rows begin at (top, left) of image n. */
static void read_quad(const Quads *q, const size_t at[3], size_t c, double d[PLANES]) {
  int64_t top = window_corner(window_rows(&q->a->window), (int64_t)at[1]);
  int64_t left = window_corner(window_columns(&q->a->window), (int64_t)at[2]);
  for (size_t i = 0; i < PLANES; ++i) {
    const double *row =
        interpret_row(q->x, q->in, at[0], top + (int64_t)(i / SIDE), left + (int64_t)(i % SIDE));
    d[i] = row ? row[c] : 0;
  }
  for (size_t j = 0; j < SIDE; ++j) transform_input(d + j, SIDE);
  for (size_t i = 0; i < SIDE; ++i) transform_input(d + SIDE * i, 1);
}

/* Fills the sums of the quad at `at`: image, line and column of its first row. */
static void sum_quad(const Quads *q, const size_t at[3]) {
  size_t width = (size_t)q->a->panel, columns = q->panels * width;
  interpret_start_row(q->sums, NULL, PLANES * columns);
  for (size_t c = 0; c < q->in.c; ++c) {
    double d[PLANES];
    read_quad(q, at, c, d);
    for (size_t i = 0; i < PLANES * q->panels; ++i) {
      size_t plane = i / q->panels, p = i % q->panels;
      size_t panel = (plane / SIDE * q->panels + p) * SIDE + plane % SIDE;
      interpret_accumulate(q->sums + plane * columns + p * width, d[plane],
                           q->w->data + (panel * q->in.c + c) * width, width);
    }
  }
}

/* Element (i,j) of A^T m A, where the numbers of m are `apart` from each other. */
static double transform_output(const double *m, size_t apart, size_t i, size_t j) {
  static const double at[2][SIDE] = {{1, 1, 1, 0}, {0, 1, -1, -1}};
  double sum = 0;
  for (size_t k = 0; k < PLANES; ++k) sum += at[i][k / SIDE] * at[j][k % SIDE] * m[k * apart];
  return sum;
}

/* The rows of the result that a quad has, from its sums. */
static void write_quad(const Quads *q, const size_t at[3], const double *bias,
                       InterpTensor *result) {
  Extent y = interpret_extent(result->type);
  size_t columns = q->panels * (size_t)q->a->panel;
  for (size_t i = 0; i < 2 && at[1] + i < y.h; ++i) {
    for (size_t j = 0; j < 2 && at[2] + j < y.w; ++j) {
      double *out = result->data + ((at[0] * y.h + at[1] + i) * y.w + at[2] + j) * y.c;
      interpret_start_row(out, bias, y.c);
      for (size_t c = 0; c < y.c; ++c) out[c] += transform_output(q->sums + c, columns, i, j);
    }
  }
}

void interpret_WINOGRAD(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsWINOGRAD *a = &node->attrs.WINOGRAD;
  Extent y = interpret_extent(result->type);
  Quads q = {&operands[0], &operands[1], a, interpret_extent(operands[0].type), 0, NULL};
  q.panels = (size_t)operands[1].type.dims[0] / PLANES;
  q.sums = interpret_buffer(PLANES * q.panels * (size_t)a->panel);
  size_t lines = (y.h + 1) / 2, width = (y.w + 1) / 2;
  for (size_t i = 0; i < y.n * lines * width; ++i) {
    size_t at[] = {i / width / lines, i / width % lines * 2, i % width * 2};
    sum_quad(&q, at);
    write_quad(&q, at, operands[2].data, result);
  }
  free(q.sums);
}

ValueId build_winograd(Builder b, ValueId x, ValueId w, ValueId bias, AttrsWINOGRAD attrs) {
  return builder_append(b,
                        (Node){.op = OP_WINOGRAD, OPERANDS(x, w, bias), .attrs.WINOGRAD = attrs});
}
