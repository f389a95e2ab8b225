/* Products in LLVM IR against the interpreter: tails in rows, columns and depth, what may follow,
 * and products whose rows are windows. kernel_fixture.h says how. */
#include "tests/unit/kernel_maps.h"

static void check_linear(int64_t rows, uint32_t blocks, int64_t depth, int64_t channels) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(2, 1, rows, depth));
  fixture_result(&f, fixture_linear(&f, x, channels), PORT_ROWS, false);
  fixture_check(&f, 2, (uint32_t)rows, blocks, 2e-6);
  fixture_free(&f);
}

Test(llvm_kernels_products, linear_with_tails) {
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

Test(llvm_kernels_products, products_cut_by_columns) {
  check_columns(49, 96, 256, 4, false);
  check_columns(13, 64, 264, 4, true);
  check_columns(1, 1030, 1000, 4, false);
  check_columns(1, 64, 520, 3, false);
  check_columns(5, 64, 40, 4, false); /* more blocks than panels */
  check_columns(6, 20, 100, 5, true);
  check_columns(6, 600, 100, 5, true);
}

Test(llvm_kernels_products, logits_of_the_caller) {
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

Test(llvm_kernels_products, planes_of_the_caller) {
  check_planes(1, 1, 1);
  check_planes(3, 1, 40);
  check_planes(9, 4, 16);
  check_planes(16, 1, 17);
  check_planes(53, 3, 35);
  check_planes(100, 1, 64);
}

Test(llvm_kernels_products, product_of_a_callers_nchw_map) {
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

Test(llvm_kernels_products, mix_rows) {
  check_mix_rows(1, 1, 5, 1, 1, 0);
  check_mix_rows(3, 5, 40, 33, 2, 0);
  check_mix_rows(14, 14, 96, 49, 1, 0);
  check_mix_rows(17, 18, 34, 20, 3, 3);
  check_mix_rows(23, 25, 34, 20, 3, 3);
  check_mix_rows(4, 4, 320, 16, 16, 0);
}

/* One block of the model: mixing, projection, residual, norm, MLP. */
Test(llvm_kernels_products, chain_of_products) {
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

Test(llvm_kernels_products, mlp_with_gelu) {
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
Test(llvm_kernels_products, blocks_of_whole_tiles) {
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

/* A product of windows in the lines of map `x`; `lines` of the result to a block, about. */
static void check_strip_of(Fixture *f, ValueId x, ValueId around, bool nchw, Window window,
                           uint32_t lines) {
  ValueId y = build_patches(f->b, x, around, window, nchw);
  ((Node *)graph_def(f->b.graph, y))->attrs.PATCHES.strip = 1;
  Type type = graph_type(f->b.graph, y);
  ValueId z = build_relu(f->b, fixture_linear(f, y, 50));
  fixture_result(f, z, PORT_ROWS, false);
  fixture_check(f, 2, (uint32_t)(type.dims[1] * type.dims[2]),
                ceil_div_u32((uint32_t)type.dims[1], lines), 1e-5);
}

static void check_strip(PortKind kind, bool nchw, Window window, int64_t channels, uint32_t lines) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, kind, nchw, map(2, 11, 13, channels), 1);
  check_strip_of(&f, x, VALUE_NONE, nchw, window, lines);
  fixture_free(&f);
}

/* The same of bytes, with a vector around them. */
static void check_byte_strip(bool nchw, Window window, int64_t channels, uint32_t lines) {
  Fixture f = fixture_new();
  ValueId x = fixture_bytes(&f, nchw, map(2, 11, 13, channels));
  check_strip_of(&f, x, fixture_vector(&f, channels), nchw, window, lines);
  fixture_free(&f);
}

Test(llvm_kernels_products, strips) {
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
  check_byte_strip(false, stem, 3, 2);
  check_byte_strip(true, stem, 3, 2);
  check_byte_strip(false, apart, 3, 1);
  check_byte_strip(true, large, 3, 3);
  check_byte_strip(false, down, 1, 11);
  check_byte_strip(false, same, 21, 4);
}

/* -- whole numbers ----------------------------------------------------------------------------- */

/* A whole number from -127 to 127. */
static double whole(void) {
  return rint(127 * fixture_random());
}

/* Rows of whole numbers, the largest 127: one of them stands for 1. */
static ValueId whole_rows(Fixture *f, Type type) {
  ValueId x = fixture_rows(f, type);
  int64_t count = 0, depth = type_channels(type);
  cr_assert(type_count(type, &count));
  for (int64_t e = 0; e < count; ++e) fixture_data(f)[e] = whole();
  for (int64_t e = depth / 2; e < count; e += depth) fixture_data(f)[e] = e % 2 ? 127 : -127;
  return x;
}

/* Weights of whole numbers, as `dot` takes them; firsts[o]: what the sums begin with. */
static ValueId whole_weights(Fixture *f, DotKind dot, int64_t depth, int64_t channels,
                             double *firsts) {
  int64_t group = plan_dot_group(dot), groups = (depth + group - 1) / group;
  Type type = type_make(4, (int64_t[]){(channels + 31) / 32, groups, 32, group});
  type = type_with_dtype(type, DTYPE_S8);
  ValueId w = fixture_operand(f, PORT_WEIGHTS, false, type, 0);
  for (int64_t o = 0; o < channels; ++o) {
    double sum = 0;
    for (int64_t k = 0; k < depth; ++k) {
      int64_t at = ((o / 32 * groups + k / group) * 32 + o % 32) * group + k % group;
      sum += fixture_data(f)[at] = whole();
    }
    firsts[o] = plan_dot_dtype(dot) == DTYPE_U8 ? -128 * sum : 0;
  }
  return w;
}

static ValueId whole_vector(Fixture *f, DType dtype, int64_t channels, const double *values) {
  Type type = type_with_dtype(type_vector(channels), dtype);
  ValueId v = fixture_operand(f, PORT_WEIGHTS, false, type, 0);
  for (int64_t o = 0; o < channels; ++o) fixture_data(f)[o] = values[o];
  return v;
}

/* Two images of `rows` rows, quantized and multiplied: all numbers are whole and fit an f32, and
 * what the interpreter says is met to the last bit. */
static void check_whole(const TargetInfo *target, int64_t rows, int64_t depth, int64_t channels) {
  Fixture f = fixture_new();
  double firsts[128], biases[128], scales[128];
  cr_assert(channels <= 128);
  for (int64_t o = 0; o < channels; ++o) biases[o] = whole(), scales[o] = o % 3 ? 1 : 0.5;
  ValueId x = whole_rows(&f, map(2, 1, rows, depth));
  ValueId w = whole_weights(&f, target->dot, depth, channels, firsts);
  ValueId bias = whole_vector(&f, DTYPE_F32, channels, biases);
  ValueId scale = whole_vector(&f, DTYPE_F32, channels, scales);
  ValueId first = whole_vector(&f, DTYPE_S32, channels, firsts);
  ValueId q = build_quantize_rows(f.b, x, plan_dot_dtype(target->dot));
  ValueId own = node_result(graph_def(f.b.graph, q), 1);
  const ValueId operands[] = {q, w, bias, own, scale, first};
  ValueId y = build_quantized_linear(f.b, operands, PLAN_PANEL, (int32_t)channels);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_result(&f, y, PORT_CALLER, true);
  InterpTensor expected[FIXTURE_MAX_PORTS];
  Diag diag = {.stream = stderr};
  cr_assert_eq(interp_run(f.b.graph, NULL, f.arena, &diag, f.data, expected), STATUS_OK);
  fixture_plan(&f, 2, (uint32_t)rows, rows > 8 ? 2 : 1, target);
  bool widened = rows % 2 && plan_may_widen(OP_QUANTIZED_LINEAR, DTYPE_S8, target->dot);
  f.stages[f.kernel.stage_count - 1].product.widened = widened;
  fixture_rooms(&f, target);
  fixture_check_target(&f, target, expected, 0);
  fixture_free(&f);
}

Test(llvm_kernels_products, whole_numbers_are_exact) {
  static const int64_t sizes[][3] = {{1, 1, 1},    {2, 3, 5},    {3, 4, 31},  {4, 5, 32},
                                     {5, 8, 33},   {6, 9, 63},   {7, 16, 64}, {8, 17, 65},
                                     {9, 31, 70},  {11, 33, 7},  {13, 47, 2}, {14, 64, 40},
                                     {15, 65, 17}, {16, 69, 16}, {17, 70, 69}};
  for (uint32_t i = 0; i < target_family_x86.row_count; ++i) {
    const TargetInfo *target = &target_family_x86.rows[i].info;
    if ((atm_cpu_isa() & target->isa_bits) != target->isa_bits) continue;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; ++s) {
      check_whole(target, sizes[s][0], sizes[s][1], sizes[s][2]);
    }
  }
}
