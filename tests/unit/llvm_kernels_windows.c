/* Kernels that read windows or samples of a map, in LLVM IR against the interpreter: borders,
 * callers' layouts, odd offsets. kernel_fixture.h says how. */
#include "tests/unit/kernel_maps.h"

/* At stride 1, padded so that the map keeps its size: more behind than before, where it is odd. */
static Window window_with_gaps(int32_t kernel_h, int32_t kernel_w, int32_t gap_h, int32_t gap_w) {
  Window w = window_make(kernel_h, kernel_w, 1, 1, 0, 0);
  int32_t high = (kernel_h - 1) * gap_h, wide = (kernel_w - 1) * gap_w;
  w.dilation_h = gap_h, w.dilation_w = gap_w;
  w.pad_top = high / 2, w.pad_bottom = high - high / 2;
  w.pad_left = wide / 2, w.pad_right = wide - wide / 2;
  return w;
}

static void check_depthwise(Window window, int64_t channels, Type out) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 7, 9, channels));
  ValueId w = fixture_weights(&f, 2, (int64_t[]){window.kernel_h * window.kernel_w, channels});
  ValueId y = build_depthwise(f.b, x, w, fixture_vector(&f, channels), window);
  if (out.dims[1] == 7) y = build_add(f.b, y, x);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_check(&f, 2, (uint32_t)(out.dims[1] * out.dims[2]), 3, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_windows, depthwise) {
  check_depthwise(window_make(3, 3, 1, 1, 1, 1), 64, map(2, 7, 9, 64));
  check_depthwise(window_make(3, 3, 2, 2, 1, 1), 24, map(2, 4, 5, 24));
  check_depthwise(window_make(7, 9, 1, 1, 3, 4), 34, map(2, 7, 9, 34));
  check_depthwise(window_make(9, 11, 1, 1, 6, 7), 16, map(2, 11, 13, 16));
  check_depthwise(window_with_gaps(3, 3, 2, 3), 34, map(2, 7, 9, 34));
  check_depthwise(window_with_gaps(5, 7, 3, 2), 16, map(2, 7, 9, 16));
  check_depthwise(window_make(2, 2, 1, 1, 5, 5), 8, map(2, 16, 18, 8));
}

/* `groups` groups of `in` channels, and `each` of the result, in `panels` panels. */
static void check_grouped(Window window, int64_t groups, int64_t in, int64_t each, int64_t panels) {
  Fixture f = fixture_new();
  ValueId wide = fixture_rows(&f, map(2, 7, 9, groups * in + 3));
  ValueId x = build_slice(f.b, wide, 3, (int32_t)(groups * in));
  if (groups % 2 == 0) x = fixture_rows(&f, map(2, 7, 9, groups * in));
  int64_t depth = window.kernel_h * window.kernel_w * in;
  ValueId w = fixture_weights(&f, 3, (int64_t[]){panels, depth, groups * each / panels});
  ValueId bias = panels == 1 ? VALUE_NONE : fixture_vector(&f, groups * each);
  ValueId y = build_grouped(f.b, x, w, bias, window, (int32_t)groups);
  Type type = graph_type(f.b.graph, y);
  y = build_add(f.b, build_relu(f.b, y), fixture_rows(&f, type));
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, y, PORT_CALLER, false);
  fixture_check(&f, 2, (uint32_t)(type.dims[1] * type.dims[2]), 3, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_windows, grouped) {
  Window same = window_make(3, 3, 1, 1, 1, 1), down = window_make(3, 2, 2, 2, 1, 0);
  Window large = window_make(7, 9, 1, 1, 3, 4);
  check_grouped(same, 32, 4, 4, 4);
  check_grouped(same, 16, 2, 2, 1);
  check_grouped(down, 6, 1, 2, 1);
  check_grouped(down, 5, 4, 4, 5);
  check_grouped(same, 11, 2, 2, 1);
  check_grouped(same, 4, 8, 8, 1);
  check_grouped(down, 3, 16, 16, 3);
  check_grouped(large, 2, 5, 12, 1);
  check_grouped(same, 3, 3, 17, 3);
  check_grouped(same, 2, 6, 40, 2);
  check_grouped(window_make(1, 1, 1, 1, 0, 0), 4, 8, 4, 1);
  check_grouped(window_make(7, 9, 1, 1, 0, 0), 4, 4, 4, 1);
  check_grouped(window_with_gaps(3, 2, 2, 5), 4, 4, 4, 1);
  check_grouped(window_with_gaps(2, 3, 6, 3), 3, 3, 17, 3);
}

static void check_patches(PortKind kind, bool nchw, bool first, Window window, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, kind, nchw, map(2, 11, 13, channels), 1);
  ValueId y = build_patches(f.b, x, VALUE_NONE, window, first);
  Type type = graph_type(f.b.graph, y);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, y, PORT_CALLER, true);
  fixture_check(&f, 2, (uint32_t)(type.dims[1] * type.dims[2]), 3, 0);
  fixture_free(&f);
}

Test(llvm_kernels_windows, patches) {
  Window stem = window_make(7, 7, 4, 4, 2, 2), down = window_make(3, 3, 2, 2, 1, 1);
  Window wide = window_make(2, 11, 1, 1, 0, 3);
  check_patches(PORT_CALLER, true, true, stem, 3);
  check_patches(PORT_CALLER, true, false, stem, 3);
  check_patches(PORT_CALLER, false, false, stem, 3);
  check_patches(PORT_CALLER, false, true, down, 5);
  check_patches(PORT_ROWS, false, false, down, 64);
  check_patches(PORT_ROWS, false, false, down, 21);
  check_patches(PORT_ROWS, false, true, wide, 4);
  check_patches(PORT_CALLER, true, true, wide, 4);
  Window tall = window_with_gaps(3, 3, 4, 1), gaps = window_with_gaps(3, 2, 2, 3);
  check_patches(PORT_CALLER, true, true, tall, 3);
  check_patches(PORT_CALLER, true, true, gaps, 3);
  check_patches(PORT_CALLER, true, false, gaps, 3);
  check_patches(PORT_ROWS, false, false, gaps, 21);
}

/* Of bytes, with a vector around them, or zeros. */
static void check_byte_patches(bool nchw, bool first, bool around, Window window,
                               int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_bytes(&f, nchw, map(2, 11, 13, channels));
  ValueId outside = around ? fixture_vector(&f, channels) : VALUE_NONE;
  ValueId y = build_patches(f.b, x, outside, window, first);
  Type type = graph_type(f.b.graph, y);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_check(&f, 2, (uint32_t)(type.dims[1] * type.dims[2]), 3, 0);
  fixture_free(&f);
}

Test(llvm_kernels_windows, patches_of_bytes) {
  Window stem = window_make(7, 7, 4, 4, 2, 2), down = window_make(3, 3, 2, 2, 1, 1);
  Window wide = window_make(2, 11, 1, 1, 0, 3), gaps = window_with_gaps(3, 2, 2, 3);
  Window windows[] = {stem, down, wide, gaps};
  for (int i = 0; i < 32; ++i) {
    check_byte_patches(i % 2, i / 2 % 2, i / 4 % 2, windows[i / 8], i % 3 ? 3 : 21);
  }
}

static void check_sample(int32_t axis, int64_t share, int64_t groups, PortKind kind, bool nchw) {
  Fixture f = fixture_new();
  int64_t channels = share * groups;
  ValueId x = fixture_operand(&f, kind, nchw, map(2, 6, 7, channels), 1);
  ValueId both = fixture_operand(&f, PORT_ROWS, false, map(2, 6, 7, 2 * groups), 5);
  double odd[] = {NAN, INFINITY, -INFINITY, 1e30, -1e30, 0, -1, 2.5};
  for (int64_t i = 0; i < 8; ++i) fixture_data(&f)[11 * i + 5 * groups] = odd[i];
  ValueId offsets = build_slice(f.b, both, (int32_t)groups, (int32_t)groups);
  ValueId y = build_axial_sample(f.b, x, offsets, axis, (int32_t)share);
  fixture_result(&f, y, kind, nchw);
  fixture_check(&f, 2, 42, 4, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_windows, axial_sample) {
  for (int32_t axis = 1; axis <= 2; ++axis) {
    check_sample(axis, 1, 5, PORT_ROWS, false);
    check_sample(axis, 2, 32, PORT_ROWS, false);
    check_sample(axis, 4, 32, PORT_ROWS, false);
    check_sample(axis, 8, 20, PORT_ROWS, false);
    check_sample(axis, 32, 2, PORT_ROWS, false);
    check_sample(axis, 6, 7, PORT_ROWS, false);
    check_sample(axis, 3, 34, PORT_CALLER, false);
  }
}

Test(llvm_kernels_windows, axial_sample_at_constant_offsets) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(1, 5, 4, 48));
  ValueId offsets = fixture_vector(&f, 48);
  for (uint32_t c = 0; c < 48; ++c) fixture_data(&f)[c] = (int)((c + 1) % 3) - 1;
  fixture_result(&f, build_axial_sample(f.b, x, offsets, 1, 1), PORT_ROWS, false);
  fixture_check(&f, 1, 20, 3, 0);
  fixture_free(&f);
}

static void check_pool(Window window, int64_t channels, bool count_padding) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 7, 9, channels));
  ValueId y = build_average_pool(f.b, x, window, count_padding);
  fixture_check_map(&f, build_relu(f.b, y), 3, 1e-6);
}

Test(llvm_kernels_windows, average_pool) {
  check_pool(window_make(3, 3, 1, 1, 1, 1), 64, true);
  check_pool(window_make(3, 3, 1, 1, 1, 1), 5, false);
  check_pool(window_make(2, 4, 2, 3, 1, 2), 34, false);
  check_pool(window_make(7, 9, 1, 1, 0, 0), 17, true);
}

/* Some elements are NaN or infinite. */
static void check_max_pool(Window window, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 7, 9, channels));
  double odd[] = {NAN, INFINITY, -INFINITY};
  for (int64_t i = 0; i < 3; ++i) fixture_data(&f)[(11 + 5 * i) * channels] = odd[i];
  fixture_check_map(&f, build_max_pool(f.b, x, window), 3, 0);
}

Test(llvm_kernels_windows, max_pool) {
  check_max_pool(window_make(3, 3, 2, 2, 1, 1), 64);
  check_max_pool(window_with_gaps(3, 2, 2, 3), 21);
  check_max_pool(window_make(2, 4, 2, 3, 1, 2), 34);
}

static void check_adaptive_pool(int64_t h, int64_t w, int32_t height, int32_t width,
                                int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, h, w, channels));
  ValueId y = build_adaptive_pool(f.b, x, height, width);
  fixture_check_map(&f, build_relu(f.b, y), 3, 1e-6);
}

Test(llvm_kernels_windows, adaptive_pool) {
  check_adaptive_pool(7, 9, 6, 2, 34);
  check_adaptive_pool(7, 9, 1, 1, 16);
  check_adaptive_pool(3, 2, 5, 3, 5);
}

static void check_resize(AttrsRESIZE resize, int64_t h, int64_t w, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, h, w, channels));
  fixture_check_map(&f, build_resize(f.b, x, VALUE_NONE, resize), 4, 1e-6);
}

Test(llvm_kernels_windows, resize) {
  check_resize((AttrsRESIZE){.scale_h = 2, .scale_w = 3}, 5, 4, 34);
  check_resize((AttrsRESIZE){.height = 3, .width = 13}, 7, 7, 16);
  check_resize((AttrsRESIZE){.height = 5, .width = 5}, 1, 1, 3);
  check_resize((AttrsRESIZE){.height = 1, .scale_w = 1}, 6, 5, 70);
  check_resize((AttrsRESIZE){.height = 9, .width = 5, .aligned = 1}, 4, 3, 34);
  check_resize((AttrsRESIZE){.height = 1, .width = 5, .aligned = 1}, 3, 1, 5);
  check_resize((AttrsRESIZE){.height = 7, .width = 4, .nearest = 1}, 3, 9, 34);
  check_resize((AttrsRESIZE){.scale_h = 2, .scale_w = 1, .nearest = 1}, 2, 3, 16);
}

static void check_deform(Window window, int32_t groups, int64_t channels, bool masked) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 6, 7, channels));
  int64_t slots = groups * window_taps(&window);
  int64_t height = window_places(window_rows(&window), 6);
  int64_t width = window_places(window_columns(&window), 7);
  ValueId offsets = fixture_operand(&f, PORT_ROWS, false, map(2, height, width, 2 * slots), 4);
  double odd[] = {NAN, INFINITY, -INFINITY, 1e30, -1e30, 0, -1, 2.5};
  for (int64_t i = 0; i < 8 && i < slots * height; ++i) fixture_data(&f)[2 * i] = odd[i];
  ValueId mask = masked ? fixture_rows(&f, map(2, height, width, slots)) : VALUE_NONE;
  fixture_check_map(&f, build_deform_patches(f.b, x, offsets, mask, window, groups), 4, 1e-6);
}

Test(llvm_kernels_windows, deform_patches) {
  Window dilated = window_make(3, 2, 2, 1, 2, 1), lopsided = window_make(3, 3, 1, 2, 0, 0);
  dilated.dilation_h = 2, dilated.dilation_w = 3;
  lopsided.pad_top = 1, lopsided.pad_right = 2;
  check_deform(window_make(3, 3, 1, 1, 1, 1), 1, 16, false);
  check_deform(dilated, 3, 21, true);
  check_deform(window_make(1, 1, 1, 1, 0, 0), 4, 80, true);
  check_deform(window_make(2, 2, 1, 2, 0, 0), 2, 36, false);
  check_deform(lopsided, 2, 34, true);
}

static void check_shift(AttrsAXIAL_SHIFT shift, int64_t h, int64_t w, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, h, w, channels + 7));
  ValueId y = build_axial_shift(f.b, build_slice(f.b, x, 7, (int32_t)channels), shift);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, y, PORT_CALLER, true);
  fixture_check(&f, 2, (uint32_t)(h * w), h * w > 4 ? 4 : 1, 0);
  fixture_free(&f);
}

Test(llvm_kernels_windows, axial_shift) {
  for (int32_t axis = 1; axis <= 2; ++axis) {
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 1, .period = 3, .step = 1, .phase = 1, .lowest = -1},
        6, 7, 5);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 1, .period = 3, .step = 1, .phase = 1, .lowest = -1},
        5, 4, 150);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 1, .period = 3, .step = 1, .phase = 2, .lowest = 0},
        1, 1, 34);
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .share = 1, .period = 1, .phase = 0, .lowest = -2},
                6, 7, 40);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 1, .period = 7, .step = 1, .phase = 3, .lowest = -3},
        4, 4, 131);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 20, .period = 5, .step = 4, .phase = 4, .lowest = -2},
        5, 6, 96);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 67, .period = 5, .step = 4, .phase = 4, .lowest = -2},
        3, 4, 331);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 2, .period = 3, .step = 2, .phase = 1, .lowest = -1},
        3, 4, 150);
    check_shift(
        (AttrsAXIAL_SHIFT){
            .axis = axis, .share = 1, .period = 16, .step = 1, .phase = 0, .lowest = -70},
        4, 4, 33);
  }
}
