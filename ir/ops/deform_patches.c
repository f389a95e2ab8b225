/* deform_patches: patches whose taps are displaced by offsets, interpolated.
 *
 *   y[i,j, t * C + c] = mask[g,t] * x interpolated at (row + dy[g,t], column + dx[g,t]) of tap t
 *   g = the group of channel c; dy, dx = offsets[i,j, 2 (g * taps + t)], and the next
 */
#include <math.h>

#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

/* The offsets, or the mask: `each` channels for each tap of each group, over the rows of *result.
 */
static const char *check_taps(const Infer *in, uint32_t i, const char *what, int64_t each,
                              Type *result) {
  const AttrsDEFORM_PATCHES *a = &in->node->attrs.DEFORM_PATCHES;
  int64_t channels = each;
  if (i >= in->count) return NULL;
  if (!checked_mul_i64(channels, window_taps(&a->window), &channels) ||
      !checked_mul_i64(channels, a->offset_groups, &channels)) {
    return infer_misfit(in, "%s are too many", what);
  }
  Type expected = type_with_channels(*result, channels);
  if (!infer_types_meet(&expected, in->operand[i])) {
    return infer_misfit(in, "%s are %s, expected %s", what, INFER_TEXT(in->operand[i]),
                        INFER_TEXT(expected));
  }
  *result = type_with_channels(expected, type_channels(*result));
  return NULL;
}

const char *infer_DEFORM_PATCHES(const Infer *in, Type *result) {
  const AttrsDEFORM_PATCHES *a = &in->node->attrs.DEFORM_PATCHES;
  Type x = in->operand[0];
  int64_t channels;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_divides(in, "offset_groups", a->offset_groups, type_channels(x)));
  if (!checked_mul_i64(type_channels(x), window_taps(&a->window), &channels)) {
    return infer_misfit(in, "the patches are too large");
  }
  RETURN_IF_FAULT(infer_window(in, &a->window, x, channels, result));
  RETURN_IF_FAULT(check_taps(in, 1, "the offsets", 2, result));
  return check_taps(in, 2, "the mask's weights", 1, result);
}

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

/* Along the width in two rows, then between these. */
static double interpolate(const double *channel, Extent e, Between h, Between w) {
  double top = (1 - w.fraction) * element(channel, e, h.low, w.low) +
               w.fraction * element(channel, e, h.low, w.low + 1);
  double bottom = (1 - w.fraction) * element(channel, e, h.low + 1, w.low) +
                  w.fraction * element(channel, e, h.low + 1, w.low + 1);
  return (1 - h.fraction) * top + h.fraction * bottom;
}

/* What one row of the result is made of. */
typedef struct Patch {
  const double *image; /* of extent `e` */
  Extent e;
  int64_t top, left;            /* the window's corner */
  const double *offsets, *mask; /* of this row; mask NULL: none */
} Patch;

static void deform_patch(const AttrsDEFORM_PATCHES *a, const Patch *p, double *out) {
  size_t taps = (size_t)window_taps(&a->window);
  size_t each = p->e.c / (size_t)a->offset_groups;
  for (size_t t = 0; t < taps; ++t) {
    for (size_t c = 0; c < p->e.c; ++c) {
      size_t slot = c / each * taps + t;
      int64_t row = p->top + (int64_t)t / a->window.kernel_w * a->window.dilation_h;
      int64_t column = p->left + (int64_t)t % a->window.kernel_w * a->window.dilation_w;
      Between h = displaced(row, p->offsets[2 * slot], p->e.h);
      Between w = displaced(column, p->offsets[2 * slot + 1], p->e.w);
      double value = interpolate(p->image + c, p->e, h, w);
      *out++ = p->mask ? p->mask[slot] * value : value;
    }
  }
}

void interpret_DEFORM_PATCHES(const Node *node, const InterpTensor *operands,
                              InterpTensor *result) {
  const AttrsDEFORM_PATCHES *a = &node->attrs.DEFORM_PATCHES;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t slots = (size_t)a->offset_groups * (size_t)window_taps(&a->window);
  for (size_t row = 0; row < extent_rows(y); ++row) {
    size_t n = row / (y.h * y.w), i = row / y.w % y.h, j = row % y.w;
    Patch p = {.image = operands[0].data + n * x.h * x.w * x.c,
               .e = x,
               .top = window_corner(window_rows(&a->window), (int64_t)i),
               .left = window_corner(window_columns(&a->window), (int64_t)j),
               .offsets = operands[1].data + row * 2 * slots,
               .mask = operands[2].data ? operands[2].data + row * slots : NULL};
    deform_patch(a, &p, result->data + row * y.c);
  }
}

ValueId build_deform_patches(Builder b, ValueId x, ValueId offsets, ValueId mask, Window window,
                             int32_t offset_groups) {
  return builder_append(b,
                        (Node){.op = OP_DEFORM_PATCHES,
                               OPERANDS(x, offsets, mask),
                               .attrs.DEFORM_PATCHES = {window, .offset_groups = offset_groups}});
}
