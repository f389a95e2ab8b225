/* Convolutions by quads, in LLVM IR against the interpreter: borders and odd sizes, runs that are
 * parts of lines, several depth blocks, columns that fill no panel. kernel_fixture.h says how. */
#include "tests/unit/kernel_maps.h"

/* A convolution of `channels` channels of a wider map, with what a layer has behind it. */
static void check(Type x_type, Window window, int64_t channels, uint32_t blocks, uint32_t parts) {
  Fixture f = fixture_new();
  f.parts = parts;
  int64_t depth = type_channels(x_type), panels = 16 * ((channels + 31) / 32);
  ValueId wide = fixture_rows(&f, type_with_channels(x_type, depth + 3));
  ValueId x = build_slice(f.b, wide, 3, (int32_t)depth);
  ValueId w = fixture_weights(&f, 3, (int64_t[]){panels, depth, PLAN_PANEL});
  AttrsWINOGRAD attrs = {.window = window, .panel = PLAN_PANEL, .channels = (int32_t)channels};
  ValueId bias = channels % 2 ? VALUE_NONE : fixture_vector(&f, channels);
  ValueId y = build_winograd(f.b, x, w, bias, attrs);
  Type type = graph_type(f.b.graph, y);
  y = build_add(f.b, build_relu(f.b, y), fixture_rows(&f, type));
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, y, PORT_CALLER, false);
  fixture_check(&f, (uint32_t)type.dims[0], (uint32_t)(type.dims[1] * type.dims[2]), blocks, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_winograd, even_and_odd_sizes) {
  Window same = window_make(3, 3, 1, 1, 1, 1);
  check(map(1, 8, 8, 32), same, 32, 2, 1);
  check(map(2, 7, 9, 5), same, 34, 2, 1);
  check(map(1, 13, 6, 17), same, 7, 4, 1);
  check(map(1, 1, 1, 3), same, 1, 1, 1);
  check(map(2, 1, 20, 8), same, 33, 1, 1);
  check(map(1, 21, 1, 8), same, 64, 3, 1);
}

Test(llvm_kernels_winograd, padding_of_all_kinds) {
  Window none = window_make(3, 3, 1, 1, 0, 0), far = window_make(3, 3, 1, 1, 4, 3);
  Window one = window_make(3, 3, 1, 1, 1, 0);
  one.pad_top = 0, one.pad_right = 2;
  check(map(1, 9, 8, 6), none, 6, 2, 1);
  check(map(1, 3, 3, 6), none, 6, 1, 1);
  check(map(1, 4, 5, 6), far, 6, 2, 1);
  check(map(2, 6, 5, 6), one, 6, 3, 1);
}

Test(llvm_kernels_winograd, parts_of_lines) {
  Window same = window_make(3, 3, 1, 1, 1, 1);
  check(map(1, 6, 31, 9), same, 12, 3, 3);
  check(map(1, 5, 40, 9), same, 12, 2, 4);
  check(map(1, 4, 7, 9), same, 12, 1, 4);
}

Test(llvm_kernels_winograd, several_depth_blocks) {
  Window same = window_make(3, 3, 1, 1, 1, 1);
  check(map(1, 4, 5, 514), same, 40, 2, 1);
  check(map(1, 5, 9, 1100), same, 4, 1, 2);
}
