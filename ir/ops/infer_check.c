#include "ir/ops/infer_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

const char *infer_misfit(const Infer *in, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const char *text = arena_vprintf(in->graph->arena, format, args);
  va_end(args);
  return arena_printf(in->graph->arena, "%s: %s", op_info(in->node->op)->text, text);
}

bool infer_dims_meet(int64_t a, int64_t b, int64_t *meet) {
  *meet = a == DIM_OPEN ? b : a;
  return a == b || a == DIM_OPEN || b == DIM_OPEN;
}

/* Element types do not count here: infer.c looks at them for all ops alike. */
bool infer_types_meet(Type *type, Type other) {
  if (type->rank != other.rank) return false;
  for (uint32_t i = 0; i < type->rank; ++i) {
    if (!infer_dims_meet(type->dims[i], other.dims[i], &type->dims[i])) return false;
  }
  return true;
}

const char *infer_check_map(const Infer *in) {
  Type x = in->operand[0];
  return x.rank == 4 ? NULL : infer_misfit(in, "needs a map [N,H,W,C], got %s", INFER_TEXT(x));
}

const char *infer_check_rows(const Infer *in, uint32_t i) {
  Type x = in->operand[i];
  if (x.rank == 4 || x.rank == 2) return NULL;
  return infer_misfit(in, "operand %u must be a map [N,H,W,C] or vectors [N,C], got %s", i,
                      INFER_TEXT(x));
}

const char *infer_check_vector(const Infer *in, uint32_t i, const char *what, int64_t channels) {
  if (i >= in->count || type_equal(in->operand[i], type_vector(channels))) return NULL;
  return infer_misfit(in, "%s is %s, expected f32[%" PRId64 "]", what, INFER_TEXT(in->operand[i]),
                      channels);
}

const char *infer_check_packed(const Infer *in, uint32_t i, int64_t channels, int64_t depth,
                               int64_t panel) {
  Type w = in->operand[i];
  Type packed = type_make(3, (int64_t[]){(channels - 1) / panel + 1, depth, panel});
  packed.dtype = w.dtype;
  if (type_equal(w, packed)) return NULL;
  return infer_misfit(in, "the packed weight is %s, expected %s", INFER_TEXT(w),
                      INFER_TEXT(packed));
}

/* A bound of INT32_MAX is that of the field, and not worth a word. */
const char *infer_check_range(const Infer *in, const char *what, int64_t value, int64_t low,
                              int64_t high) {
  if (value >= low && value <= high) return NULL;
  if (high == INT32_MAX) {
    return infer_misfit(in, "%s is %" PRId64 ", must be at least %" PRId64, what, value, low);
  }
  return infer_misfit(in, "%s is %" PRId64 ", must be from %" PRId64 " to %" PRId64, what, value,
                      low, high);
}

const char *infer_check_positive(const Infer *in, const char *what, int64_t value) {
  return infer_check_range(in, what, value, 1, INT32_MAX);
}

const char *infer_check_divides(const Infer *in, const char *what, int64_t value,
                                int64_t channels) {
  RETURN_IF_FAULT(infer_check_positive(in, what, value));
  if (channels % value == 0) return NULL;
  return infer_misfit(in, "%s %" PRId64 " does not divide the %" PRId64 " channels", what, value,
                      channels);
}

const char *infer_check_eps(const Infer *in, double eps) {
  return eps >= 0 && isfinite(eps) ? NULL : infer_misfit(in, "eps is %g, must be 0 or more", eps);
}

/* One axis of a convolution: *count is the number of places where the window fits. */
static const char *slide(const Infer *in, const char *name, int64_t size, WindowAxis axis,
                         int64_t *count) {
  RETURN_IF_FAULT(infer_check_positive(in, "the kernel", axis.kernel));
  RETURN_IF_FAULT(infer_check_positive(in, "the stride", axis.stride));
  RETURN_IF_FAULT(infer_check_range(in, "the padding", axis.before, 0, INT32_MAX));
  RETURN_IF_FAULT(infer_check_range(in, "the padding", axis.behind, 0, INT32_MAX));
  RETURN_IF_FAULT(infer_check_positive(in, "the dilation", axis.dilation));
  *count = size == DIM_OPEN ? DIM_OPEN : window_places(axis, size);
  if (*count != 0) return NULL;
  const char *padding =
      axis.before == axis.behind
          ? arena_printf(in->graph->arena, "%" PRId64, axis.before)
          : arena_printf(in->graph->arena, "%" PRId64 " and %" PRId64, axis.before, axis.behind);
  return infer_misfit(in, "%s %" PRId64 " with padding %s is smaller than the kernel's %" PRId64,
                      name, size, padding, window_extent(axis));
}

const char *infer_window(const Infer *in, const Window *window, Type x, int64_t channels,
                         Type *result) {
  *result = type_with_channels(x, channels);
  RETURN_IF_FAULT(slide(in, "height", x.dims[1], window_rows(window), &result->dims[1]));
  return slide(in, "width", x.dims[2], window_columns(window), &result->dims[2]);
}

const char *infer_check_undilated(const Infer *in, const Window *window) {
  if (window_is_dense(window)) return NULL;
  return infer_misfit(in, "the dilation is %dx%d, must be 1x1", window->dilation_h,
                      window->dilation_w);
}
