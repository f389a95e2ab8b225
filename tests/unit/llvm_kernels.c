/* Kernels in LLVM IR against the interpreter: each kind of stage, with tails in rows, columns and
 * depth, callers' layouts and padding that holds NaN. */
#include "tests/unit/kernel_fixture.h"

static Type map(int64_t n, int64_t h, int64_t w, int64_t c) {
  return type_map(n, h, w, c);
}

/* -- products ---------------------------------------------------------------------------------- */

static void check_linear(int64_t rows, uint32_t blocks, int64_t depth, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 1, rows, depth));
  fixture_result(&f, fixture_linear(&f, x, channels), PORT_ROWS, false);
  fixture_check(&f, 2, (uint32_t)rows, blocks, 2e-6);
  fixture_free(&f);
}

Test(llvm_kernels, linear_with_tails) {
  check_linear(1, 1, 3, 34);
  check_linear(13, 1, 64, 24);
  check_linear(49, 1, 147, 64);
  check_linear(49, 2, 300, 40);
  check_linear(112, 5, 256, 96);
  check_linear(15, 4, 514, 34);
  check_linear(49, 2, 1027, 40);
  check_linear(5, 1, 65025, 3); /* the last block of K is shorter than a turn */
}

/* As partition-columns makes them: two products, pointwise ops between and before them, values kept
 * for other columns of nobody. */
static void check_columns(int64_t rows, int64_t depth, int64_t channels, uint32_t column_blocks,
                          bool nchw) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 1, rows, depth)),
          y = fixture_rows(&f, map(2, 1, rows, depth));
  ValueId vector = fixture_operand(&f, PORT_ROWS, false, type_matrix(2, 2 * channels), 1);
  ValueId z = fixture_rows(&f, map(2, 1, rows, channels));
  ValueId scaled = build_mul(f.b, z, build_slice(f.b, vector, 0, (int32_t)channels));
  ValueId a = fixture_linear(&f, x, channels);
  ValueId mixed = build_mul(f.b, a, build_slice(f.b, vector, (int32_t)channels, (int32_t)channels));
  ValueId b = fixture_linear(&f, y, channels);
  ValueId sum = build_add(f.b, build_add(f.b, build_gelu(f.b, b), mixed), scaled);
  fixture_result(&f, sum, PORT_CALLER, nchw);
  fixture_result(&f, a, PORT_ROWS, false);
  f.column_blocks = column_blocks;
  fixture_check(&f, 2, (uint32_t)rows, 1, 2e-6);
  fixture_free(&f);
}

Test(llvm_kernels, products_cut_by_columns) {
  check_columns(49, 96, 256, 4, false);
  check_columns(13, 64, 264, 4, true);
  check_columns(1, 1030, 1000, 4, false);
  check_columns(1, 64, 520, 3, false);
  check_columns(5, 64, 40, 4, false); /* more blocks than panels */
  check_columns(6, 20, 100, 5, true);
  check_columns(6, 600, 100, 5, true);
}

Test(llvm_kernels, logits_of_the_caller) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_CALLER, false, type_matrix(3, 600), 1);
  fixture_result(&f, fixture_linear(&f, x, 1000), PORT_CALLER, false);
  fixture_check(&f, 3, 1, 1, 2e-6);
  fixture_free(&f);
}

/* relu, exact, to the caller's planes alone. */
static void check_planes(int64_t rows, uint32_t blocks, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 1, rows, channels));
  fixture_result(&f, build_relu(f.b, x), PORT_CALLER, true);
  fixture_check(&f, 2, (uint32_t)rows, blocks, 0);
  fixture_free(&f);
}

Test(llvm_kernels, planes_of_the_caller) {
  check_planes(1, 1, 1);
  check_planes(3, 1, 40);
  check_planes(9, 4, 16);
  check_planes(16, 1, 17);
  check_planes(53, 3, 35);
  check_planes(100, 1, 64);
}

Test(llvm_kernels, product_of_a_callers_nchw_map) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_CALLER, true, map(2, 3, 5, 20), 1);
  ValueId y = fixture_linear(&f, x, 34);
  fixture_result(&f, y, PORT_CALLER, true);
  fixture_result(&f, y, PORT_CALLER, false);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_check(&f, 2, 15, 2, 2e-6);
  fixture_free(&f);
}

static void check_mix_rows(int64_t h, int64_t w, int64_t channels, int32_t out, uint32_t blocks,
                           int32_t begin) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, h, w, channels + begin));
  if (begin) x = build_slice(f.b, x, begin, (int32_t)channels);
  ValueId weight = fixture_weights(&f, 2, (int64_t[]){out, h * w});
  AttrsMIX_ROWS a = {.in_h = (int32_t)h, .in_w = (int32_t)w, .out_h = 1, .out_w = out};
  ValueId y = build_mix_rows(f.b, x, weight, fixture_vector(&f, out), a);
  fixture_result(&f, begin ? y : build_gelu(f.b, y), PORT_ROWS, false);
  fixture_result(&f, build_mix_rows(f.b, x, weight, VALUE_NONE, a), PORT_CALLER, true);
  fixture_check(&f, 2, (uint32_t)out, blocks, 2e-6);
  fixture_free(&f);
}

Test(llvm_kernels, mix_rows) {
  check_mix_rows(1, 1, 5, 1, 1, 0);
  check_mix_rows(3, 5, 40, 33, 2, 0);
  check_mix_rows(14, 14, 96, 49, 1, 0);
  check_mix_rows(17, 18, 34, 20, 3, 3);
  check_mix_rows(23, 25, 34, 20, 3, 3);
  check_mix_rows(4, 4, 320, 16, 16, 0);
}

/* One block of the model: mixing, projection, residual, norm, MLP. */
Test(llvm_kernels, chain_of_products) {
  enum { C = 40 };
  Fixture f = fixture_new();
  Type type = map(2, 7, 9, C);
  ValueId x = fixture_rows(&f, type), u = fixture_rows(&f, type), v = fixture_rows(&f, type);
  ValueId mix = fixture_rows(&f, type_matrix(2, 3 * C));
  ValueId a = build_slice(f.b, mix, 0, C), b = build_slice(f.b, mix, C, C);
  ValueId t = build_mul(f.b, fixture_linear(&f, u, C), a);
  ValueId s = build_add(f.b, build_mul(f.b, fixture_linear(&f, v, C), b), t);
  ValueId residual = build_add(f.b, fixture_linear(&f, s, C), x);
  ValueId norm = build_normalize(f.b, residual, 1e-5);
  norm = build_add(f.b, build_mul(f.b, norm, fixture_vector(&f, C)), fixture_vector(&f, C));
  fixture_result(&f, build_add(f.b, norm, residual), PORT_ROWS, false);
  fixture_result(&f, residual, PORT_CALLER, true);
  fixture_check(&f, 2, 63, 2, 4e-6);
  fixture_free(&f);
}

Test(llvm_kernels, mlp_with_gelu) {
  enum { C = 48 };
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(1, 6, 5, C));
  ValueId hidden = build_gelu(f.b, fixture_linear(&f, x, 4 * C));
  ValueId y = build_add(f.b, fixture_linear(&f, hidden, C), x);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_check(&f, 1, 30, 4, 2e-6);
  fixture_free(&f);
}

/* Blocks of whole tiles (ir/rows.h): 84, 98 and, with a rest, 87 rows. */
Test(llvm_kernels, blocks_of_whole_tiles) {
  enum { C = 20 };
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 1, 269, C));
  ValueId hidden = build_gelu(f.b, fixture_linear(&f, x, 70));
  ValueId y = build_add(f.b, fixture_linear(&f, hidden, C), x);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, build_relu(f.b, y), PORT_CALLER, true);
  fixture_result(&f, build_sum_chunks(f.b, y, 3), PORT_ROWS, false);
  fixture_check(&f, 2, 269, 3, 4e-6);
  fixture_free(&f);
}

/* -- rows -------------------------------------------------------------------------------------- */

Test(llvm_kernels, normalize_with_tails) {
  static const int64_t channels[] = {1, 24, 34, 64, 200, 320};
  for (uint32_t i = 0; i < 6; ++i) {
    Fixture f = fixture_new();
    ValueId x = fixture_rows(&f, map(2, 3, 5, channels[i]));
    fixture_result(&f, build_normalize(f.b, x, 1e-6), PORT_ROWS, false);
    fixture_check(&f, 2, 15, 2, 2e-6);
    fixture_free(&f);
  }
}

Test(llvm_kernels, pointwise_on_callers_maps) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_CALLER, true, map(2, 3, 3, 21), 4);
  ValueId y = fixture_operand(&f, PORT_CALLER, false, map(2, 3, 3, 21), 4);
  ValueId z = build_gelu(f.b, build_add(f.b, x, y));
  fixture_result(&f, z, PORT_CALLER, true);
  fixture_result(&f, build_mul(f.b, z, x), PORT_CALLER, false);
  fixture_check(&f, 2, 9, 2, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels, softmax_over_groups) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_ROWS, false, type_matrix(2, 3 * 37), 20);
  fixture_data(&f)[5] = NAN;
  fixture_data(&f)[6] = -1000;
  fixture_result(&f, build_softmax(f.b, x, 3), PORT_ROWS, false);
  fixture_check(&f, 2, 1, 1, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels, concat_of_views) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(1, 3, 5, 50));
  ValueId y = build_slice(f.b, x, 17, 21);
  ValueId z = build_concat(f.b, (ValueId[]){y, build_slice(f.b, x, 3, 11), y}, 3);
  fixture_result(&f, z, PORT_ROWS, false);
  fixture_result(&f, z, PORT_CALLER, false);
  fixture_check(&f, 1, 15, 4, 0);
  fixture_free(&f);
}

/* -- readers of maps --------------------------------------------------------------------------- */

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

Test(llvm_kernels, depthwise) {
  check_depthwise(window_make(3, 3, 1, 1, 1, 1), 64, map(2, 7, 9, 64));
  check_depthwise(window_make(3, 3, 2, 2, 1, 1), 24, map(2, 4, 5, 24));
  check_depthwise(window_make(7, 9, 1, 1, 3, 4), 34, map(2, 7, 9, 34));
  check_depthwise(window_make(9, 11, 1, 1, 6, 7), 16, map(2, 11, 13, 16));
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

Test(llvm_kernels, grouped) {
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
}

static void check_patches(PortKind kind, bool nchw, bool first, Window window, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, kind, nchw, map(2, 11, 13, channels), 1);
  ValueId y = build_patches(f.b, x, window, first);
  Type type = graph_type(f.b.graph, y);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, y, PORT_CALLER, true);
  fixture_check(&f, 2, (uint32_t)(type.dims[1] * type.dims[2]), 3, 0);
  fixture_free(&f);
}

Test(llvm_kernels, patches) {
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
}

/* A product of windows in the lines of their map; `lines` of the result to a block, about. */
static void check_strip(PortKind kind, bool nchw, Window window, int64_t channels, uint32_t lines) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, kind, nchw, map(2, 11, 13, channels), 1);
  ValueId y = build_patches(f.b, x, window, nchw);
  ((Node *)graph_def(f.b.graph, y))->attrs.PATCHES.strip = 1;
  Type type = graph_type(f.b.graph, y);
  ValueId z = build_relu(f.b, fixture_linear(&f, y, 50));
  fixture_result(&f, z, PORT_ROWS, false);
  fixture_check(&f, 2, (uint32_t)(type.dims[1] * type.dims[2]),
                ceil_div_u32((uint32_t)type.dims[1], lines), 1e-5);
  fixture_free(&f);
}

Test(llvm_kernels, strips) {
  Window stem = window_make(7, 7, 4, 4, 2, 2), down = window_make(3, 3, 2, 2, 1, 1),
         same = window_make(3, 3, 1, 1, 1, 1);
  Window large = window_make(5, 5, 1, 2, 2, 2), wide = window_make(2, 11, 1, 1, 0, 3),
         apart = window_make(4, 4, 4, 4, 0, 0);
  check_strip(PORT_CALLER, true, stem, 3, 2);
  check_strip(PORT_CALLER, true, large, 24, 3); /* depth blocks that begin within short runs */
  check_strip(PORT_CALLER, true, apart, 3, 1);
  check_strip(PORT_CALLER, false, down, 5, 2);
  check_strip(PORT_ROWS, false, same, 64, 3); /* within long ones */
  check_strip(PORT_ROWS, false, down, 21, 4);
  check_strip(PORT_ROWS, false, wide, 1, 11);
  check_strip(PORT_ROWS, false, large, 35, 1);
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

Test(llvm_kernels, axial_sample) {
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

Test(llvm_kernels, axial_sample_at_constant_offsets) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(1, 5, 4, 48));
  ValueId offsets = fixture_vector(&f, 48);
  for (uint32_t c = 0; c < 48; ++c) fixture_data(&f)[c] = (int)((c + 1) % 3) - 1;
  fixture_result(&f, build_axial_sample(f.b, x, offsets, 1, 1), PORT_ROWS, false);
  fixture_check(&f, 1, 20, 3, 0);
  fixture_free(&f);
}

/* Checks `y`, of a graph on maps of two images, in rows and in a caller's layout. */
static void check_map(Fixture *f, ValueId y, uint32_t blocks, double tolerance) {
  Type type = graph_type(f->b.graph, y);
  uint32_t rows = type.rank == 4 ? (uint32_t)(type.dims[1] * type.dims[2]) : 1;
  fixture_result(f, y, PORT_ROWS, false);
  fixture_result(f, y, PORT_CALLER, type.rank == 4);
  fixture_check(f, 2, rows, rows < blocks ? rows : blocks, tolerance);
  fixture_free(f);
}

static void check_pool(Window window, int64_t channels, bool count_padding) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 7, 9, channels));
  ValueId y = build_average_pool(f.b, x, window, count_padding);
  check_map(&f, build_relu(f.b, y), 3, 1e-6);
}

Test(llvm_kernels, average_pool) {
  check_pool(window_make(3, 3, 1, 1, 1, 1), 64, true);
  check_pool(window_make(3, 3, 1, 1, 1, 1), 5, false);
  check_pool(window_make(2, 4, 2, 3, 1, 2), 34, false);
  check_pool(window_make(7, 9, 1, 1, 0, 0), 17, true);
}

static void check_resize(AttrsRESIZE resize, int64_t h, int64_t w, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, h, w, channels));
  check_map(&f, build_resize(f.b, x, resize), 4, 1e-6);
}

Test(llvm_kernels, resize) {
  check_resize((AttrsRESIZE){.scale_h = 2, .scale_w = 3}, 5, 4, 34);
  check_resize((AttrsRESIZE){.height = 3, .width = 13}, 7, 7, 16);
  check_resize((AttrsRESIZE){.height = 5, .width = 5}, 1, 1, 3);
  check_resize((AttrsRESIZE){.height = 1, .scale_w = 1}, 6, 5, 70);
}

static void check_reshape(Type in, int32_t height, int32_t width, int32_t channels) {
  Fixture f = fixture_new();
  check_map(&f, build_reshape(f.b, fixture_rows(&f, in), height, width, channels), 3, 0);
}

Test(llvm_kernels, reshape) {
  check_reshape(map(2, 4, 6, 20), 1, 0, 20);
  check_reshape(map(2, 4, 6, 20), 2, 3, 80);
  check_reshape(map(2, 4, 6, 40), 8, 0, 10);
  check_reshape(map(2, 3, 5, 7), 0, 7, 5);
  check_reshape(map(2, 3, 5, 7), 0, 0, 105);
  check_reshape(type_matrix(2, 60), 4, 5, 3);
}

Test(llvm_kernels, transpose) {
  static const AttrsTRANSPOSE orders[] = {
      {.first = 2, .second = 1, .third = 3}, {.first = 3, .second = 1, .third = 2},
      {.first = 1, .second = 3, .third = 2}, {.first = 3, .second = 2, .third = 1},
      {.first = 2, .second = 3, .third = 1}, {.first = 1, .second = 2, .third = 3},
  };
  for (uint32_t i = 0; i < 6; ++i) {
    Fixture f = fixture_new();
    check_map(&f, build_transpose(f.b, fixture_rows(&f, map(2, 4, 5, 22)), orders[i]), 2, 0);
  }
}

Test(llvm_kernels, shuffle) {
  for (int32_t groups = 1; groups <= 4; ++groups) {
    Fixture f = fixture_new();
    ValueId x = fixture_rows(&f, map(2, 2, 3, 40));
    check_map(&f, build_shuffle(f.b, build_slice(f.b, x, 3, 36), groups), 2, 0);
  }
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
  check_map(&f, build_deform_patches(f.b, x, offsets, mask, window, groups), 4, 1e-6);
}

Test(llvm_kernels, deform_patches) {
  Window dilated = window_make(3, 2, 2, 1, 2, 1), lopsided = window_make(3, 3, 1, 2, 0, 0);
  dilated.dilation_h = 2, dilated.dilation_w = 3;
  lopsided.pad_top = 1, lopsided.pad_right = 2;
  check_deform(window_make(3, 3, 1, 1, 1, 1), 1, 16, false);
  check_deform(dilated, 3, 21, true);
  check_deform(window_make(1, 1, 1, 1, 0, 0), 4, 80, true);
  check_deform(window_make(2, 2, 1, 2, 0, 0), 2, 36, false);
  check_deform(lopsided, 2, 34, true);
}

Test(llvm_kernels, unary_functions) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_ROWS, false, map(2, 3, 5, 50), 30);
  fixture_data(&f)[5] = 200;
  fixture_data(&f)[6] = -200;
  ValueId relu = build_relu(f.b, x), sigmoid = build_sigmoid(f.b, x);
  fixture_result(&f, build_fill(f.b, x, 0.5), PORT_CALLER, true);
  fixture_result(&f, relu, PORT_ROWS, false);
  fixture_result(&f, sigmoid, PORT_ROWS, false);
  fixture_check(&f, 2, 15, 2, 2e-7);
  fixture_free(&f);
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

Test(llvm_kernels, axial_shift) {
  for (int32_t axis = 1; axis <= 2; ++axis) {
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .period = 3, .phase = 1, .lowest = -1}, 6, 7, 5);
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .period = 3, .phase = 1, .lowest = -1}, 5, 4, 150);
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .period = 3, .phase = 2, .lowest = 0}, 1, 1, 34);
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .period = 1, .phase = 0, .lowest = -2}, 6, 7, 40);
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .period = 7, .phase = 3, .lowest = -3}, 4, 4, 131);
    check_shift((AttrsAXIAL_SHIFT){.axis = axis, .period = 16, .phase = 0, .lowest = -70}, 4, 4,
                33);
  }
}

/* -- reductions -------------------------------------------------------------------------------- */

Test(llvm_kernels, sum_and_mean_of_chunks) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 7, 9, 40));
  fixture_result(&f, build_sum_chunks(f.b, x, 5), PORT_ROWS, false);
  fixture_check(&f, 2, 63, 5, 1e-6);
  fixture_free(&f);
  f = fixture_new();
  x = fixture_rows(&f, map(2, 1, 5, 40));
  ValueId mean = build_mean_chunks(f.b, x, 63);
  fixture_result(&f, build_mul(f.b, mean, fixture_vector(&f, 40)), PORT_ROWS, false);
  fixture_check(&f, 2, 1, 1, 1e-6);
  fixture_free(&f);
}

/* -- calls ------------------------------------------------------------------------------------- */

/* Results in the arena and in the caller's outputs; equal elements, infinities and NaN. */
static void check_top_k(int64_t channels, int32_t count) {
  Fixture f = fixture_new();
  ValueId v = fixture_operand(&f, PORT_ROWS, false, type_matrix(3, channels), 2);
  double odd[] = {NAN, 1, 1, INFINITY, -INFINITY, NAN};
  for (int64_t i = 0; i < 6 && i < channels; ++i) fixture_data(&f)[channels + i] = odd[i];
  ValueId values = build_top_k(f.b, v, count), indices = {values.index + 1};
  fixture_result(&f, indices, PORT_CALLER, false);
  fixture_result(&f, values, PORT_ROWS, false);
  fixture_result(&f, values, PORT_CALLER, false);
  fixture_check(&f, 3, 1, 1, 0);
  fixture_free(&f);
}

Test(llvm_kernels, top_k) {
  check_top_k(1, 1);
  check_top_k(40, 5);
  check_top_k(7, 7);
  check_top_k(1000, 33);
}
