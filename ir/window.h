/* A window that slides over a map: what convolutions, patches and pools read for one row of their
 * result. Its arithmetic is of one axis at a time, in 64 bits: no numbers of 32 bits overflow it.
 */
#ifndef ATMC_IR_WINDOW_H
#define ATMC_IR_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Tap (h, w) of the window of row (i, j) is the map's row (i * stride_h - pad_top + h * dilation_h,
 * j * stride_w - pad_left + w * dilation_w). Kernel, strides and dilations are at least 1, paddings
 * at least 0. Nodes may hold any numbers before inference has seen them. */
typedef struct Window {
  int32_t kernel_h, kernel_w, stride_h, stride_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t dilation_h, dilation_w;
} Window;

/* One axis of a window. */
typedef struct WindowAxis {
  int64_t kernel, stride, before, behind, dilation;
} WindowAxis;

/* A window without dilation that has the same padding on both sides of an axis. */
static inline Window window_make(int32_t kernel_h, int32_t kernel_w, int32_t stride_h,
                                 int32_t stride_w, int32_t pad_h, int32_t pad_w) {
  return (Window){kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, pad_h, pad_w, 1, 1};
}

/* Its vertical axis, */
static inline WindowAxis window_rows(const Window *w) {
  return (WindowAxis){w->kernel_h, w->stride_h, w->pad_top, w->pad_bottom, w->dilation_h};
}
/* and its horizontal one. */
static inline WindowAxis window_columns(const Window *w) {
  return (WindowAxis){w->kernel_w, w->stride_w, w->pad_left, w->pad_right, w->dilation_w};
}

/* Taps of the whole window. */
static inline int64_t window_taps(const Window *w) {
  return (int64_t)w->kernel_h * w->kernel_w;
}
/* From the first tap to behind the last one. */
static inline int64_t window_extent(WindowAxis axis) {
  return (axis.kernel - 1) * axis.dilation + 1;
}
/* Where the window of element `i` of the result begins: before 0 in the padding. */
static inline int64_t window_corner(WindowAxis axis, int64_t i) {
  return i * axis.stride - axis.before;
}
/* At how many places it fits on an axis of `size`; 0 where it is too large. */
static inline int64_t window_places(WindowAxis axis, int64_t size) {
  int64_t room = size + axis.before + axis.behind - window_extent(axis);
  return room < 0 ? 0 : room / axis.stride + 1;
}
/* Whether its taps lie side by side. */
static inline bool window_is_dense(const Window *w) {
  return w->dilation_h == 1 && w->dilation_w == 1;
}
/* Whether it is one tap that reads row (i, j) for row (i, j). */
static inline bool window_is_one(const Window *w) {
  return window_taps(w) == 1 && w->stride_h == 1 && w->stride_w == 1 && w->pad_top == 0 &&
         w->pad_left == 0 && w->pad_bottom == 0 && w->pad_right == 0;
}
/* In every number. */
static inline bool window_equal(const Window *a, const Window *b) {
  return a->kernel_h == b->kernel_h && a->kernel_w == b->kernel_w && a->stride_h == b->stride_h &&
         a->stride_w == b->stride_w && a->pad_top == b->pad_top && a->pad_left == b->pad_left &&
         a->pad_bottom == b->pad_bottom && a->pad_right == b->pad_right &&
         a->dilation_h == b->dilation_h && a->dilation_w == b->dilation_w;
}

#endif
