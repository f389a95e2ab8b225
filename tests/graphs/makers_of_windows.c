/* Makers of ops that read windows of a map. */
#include "tests/graphs/maker.h"

static int32_t some_kernel(Maker *m) {
  static const int32_t kernels[] = {1, 3, 2, 4, 5, 7};
  return kernels[choose(m->c, LENGTH(kernels))];
}

/* Often the same in both directions and on all sides, as convolutions are. */
static Window some_window(Maker *m, bool dilated) {
  Choices *c = m->c;
  int32_t h = some_kernel(m), w = choose_rarely(c, 3) ? some_kernel(m) : h;
  Window window = window_make(h, w, 1, 1, 0, 0);
  if (choose(c, 2)) window.stride_h = window.stride_w = 1 + (int32_t)choose(c, 4);
  if (choose_rarely(c, 4)) window.stride_w = 1 + (int32_t)choose(c, 3);
  if (choose(c, 2)) {
    window.pad_top = window.pad_bottom = h / 2;
    window.pad_left = window.pad_right = w / 2;
  }
  if (choose_rarely(c, 6)) window.pad_bottom = (int32_t)choose(c, (uint32_t)h);
  if (choose_rarely(c, 6)) window.pad_left = (int32_t)choose(c, (uint32_t)w);
  if (dilated && choose_rarely(c, 3)) {
    window.dilation_h = 1 + (int32_t)choose(c, 3);
    window.dilation_w = 1 + (int32_t)choose(c, 3);
  }
  return window;
}

/* What a window leaves of the map `type`, with `channels` channels. */
static bool window_result(Window w, Type type, int64_t channels, Type *result) {
  if (type.rank != 4) return false;
  int64_t height = window_places(window_rows(&w), type.dims[1]);
  int64_t width = window_places(window_columns(&w), type.dims[2]);
  *result = type_map(type.dims[0], height, width, channels);
  return height > 0 && width > 0;
}

void make_conv2d(Maker *m, ValueId x) {
  Window window = some_window(m, true);
  int64_t depth = maker_channels(m, x), groups = 1, out = maker_some_channels(m);
  if (choose_rarely(m->c, 3)) {
    groups = subject_divisor(m->c, depth);
    out = groups * (1 + choose(m->c, 5));
  }
  Type result;
  int64_t taps = window_taps(&window);
  if (!window_result(window, maker_type(m, x), out, &result)) return;
  if (!maker_affords(m, result, taps * depth / groups)) return;
  ValueId w = maker_weight(m, type_map(out, depth / groups, window.kernel_h, window.kernel_w));
  maker_keep(m, build_conv2d(m->b, x, w, maker_bias(m, out), window, (int32_t)groups));
}

/* One that is computed by quads, where the map is large enough: half of the time a chain of two. */
void make_same_conv2d(Maker *m, ValueId x) {
  enum { MACS = 6000000 };
  Window window = window_make(3, 3, 1, 1, 1, 1);
  if (choose_rarely(m->c, 3)) window.pad_top = window.pad_right = (int32_t)choose(m->c, 4);
  m->macs += MACS;
  for (uint32_t i = 1 + choose(m->c, 2); i > 0; --i) {
    int64_t depth = maker_channels(m, x), out = 32 + (int64_t)choose(m->c, 10);
    Type result;
    if (!window_result(window, maker_type(m, x), out, &result)) return;
    if (!maker_affords(m, result, 9 * depth)) return;
    ValueId w = maker_weight(m, type_map(out, depth, 3, 3));
    x = build_conv2d(m->b, x, w, maker_bias(m, out), window, 1);
    maker_keep(m, x);
  }
}

void make_depthwise(Maker *m, ValueId x) {
  Window window = some_window(m, true);
  int64_t c = maker_channels(m, x);
  Type result;
  if (!window_result(window, maker_type(m, x), c, &result)) return;
  if (!maker_affords(m, result, window_taps(&window))) return;
  ValueId w = maker_weight(m, type_map(c, 1, window.kernel_h, window.kernel_w));
  maker_keep(m, build_conv2d(m->b, x, w, maker_bias(m, c), window, (int32_t)c));
}

void make_patches(Maker *m, ValueId x) {
  Window window = some_window(m, false);
  int64_t channels = window_taps(&window) * maker_channels(m, x);
  Type result;
  if (!window_result(window, maker_type(m, x), channels, &result) || channels > 600) return;
  ValueId patches = build_patches(m->b, x, VALUE_NONE, window, choose(m->c, 2));
  if (m->misfit || choose_rarely(m->c, 4)) {
    maker_keep(m, patches);
  } else {
    maker_keep(m, maker_linear(m, patches, maker_some_channels(m)));
  }
}

void make_pool(Maker *m, ValueId x) {
  Window window = some_window(m, false);
  Type result;
  if (!window_result(window, maker_type(m, x), maker_channels(m, x), &result)) return;
  if (!maker_affords(m, result, window_taps(&window))) return;
  maker_keep(m, build_average_pool(m->b, x, window, choose(m->c, 2)));
}

void make_max_pool(Maker *m, ValueId x) {
  Window window = some_window(m, false); /* dilated ones may have nothing inside: -infinity */
  Type result;
  if (!window_result(window, maker_type(m, x), maker_channels(m, x), &result)) return;
  if (!maker_affords(m, result, window_taps(&window))) return;
  maker_keep(m, build_max_pool(m->b, x, window));
}

void make_adaptive_pool(Maker *m, ValueId x) {
  int32_t height = (int32_t)subject_size(m->c, 33), width = (int32_t)subject_size(m->c, 33);
  if (maker_is_map(m, x)) maker_keep(m, build_adaptive_pool(m->b, x, height, width));
}

/* Offsets, and perhaps a mask, are made of a pooled map, which has the rows of the result. */
void make_deformed(Maker *m, ValueId x) {
  Window window = some_window(m, true);
  Type result;
  int64_t c = maker_channels(m, x), taps = window_taps(&window);
  if (!window_result(window, maker_type(m, x), c * taps, &result)) return;
  int32_t groups = subject_divisor(m->c, c);
  int64_t slots = groups * taps;
  if (slots > 150 || c * taps > 600 || !maker_affords(m, result, 8)) return;
  ValueId pooled = maker_norm(m, build_average_pool(m->b, x, window, true)), mask = VALUE_NONE;
  if (m->misfit) return maker_keep(m, VALUE_NONE);
  ValueId offsets = maker_linear(m, pooled, 2 * slots);
  if (choose(m->c, 2)) mask = maker_linear(m, pooled, slots);
  if (value_is_none(offsets)) return;
  if (!value_is_none(mask)) mask = build_sigmoid(m->b, mask);
  ValueId patches = build_deform_patches(m->b, x, offsets, mask, window, groups);
  maker_keep(m, m->misfit || choose_rarely(m->c, 4)
                    ? patches
                    : maker_linear(m, patches, maker_some_channels(m)));
}

/* A sampling along one axis, as a deformable convolution of one tap. */
void make_deformed_along(Maker *m, ValueId x) {
  if (!maker_is_map(m, x)) return;
  int32_t groups = subject_divisor(m->c, maker_channels(m, x));
  ValueId offsets = maker_linear(m, maker_norm(m, x), groups);
  if (value_is_none(offsets)) return;
  ValueId zeros = build_fill(m->b, offsets, 0);
  bool along_w = choose(m->c, 2);
  ValueId pair[2] = {along_w ? zeros : offsets, along_w ? offsets : zeros};
  ValueId both = build_shuffle(m->b, build_concat(m->b, pair, 2), 2);
  Window window = window_make(1, 1, 1, 1, 0, 0);
  maker_keep(m, build_deform_patches(m->b, x, both, VALUE_NONE, window, groups));
}
