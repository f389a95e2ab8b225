/* Kernels that read rows as they are, move elements, reduce or are calls, in LLVM IR against the
 * interpreter. kernel_fixture.h says how. */
#include <float.h>

#include "tests/unit/kernel_maps.h"

/* -- rows -------------------------------------------------------------------------------------- */

Test(llvm_kernels_rows, normalize_with_tails) {
  static const int64_t channels[] = {1, 24, 34, 64, 200, 320};
  for (uint32_t i = 0; i < 6; ++i) {
    Fixture f = fixture_new();
    ValueId x = fixture_rows(&f, map(2, 3, 5, channels[i]));
    fixture_result(&f, build_normalize(f.b, x, 1e-6), PORT_ROWS, false);
    fixture_check(&f, 2, 15, 2, 2e-6);
    fixture_free(&f);
  }
}

/* Rows whose spread is small beside their mean: of one number, of few numbers, of an outlier. What
 * is left of a row of one number is its own error, which 1 / sqrt(eps) would make large. */
Test(llvm_kernels_rows, normalize_far_from_zero) {
  static const int64_t channels[] = {2, 24, 64, 200, 320};
  for (uint32_t i = 0; i < 5; ++i) {
    Fixture f = fixture_new();
    ValueId x = fixture_rows(&f, map(1, 2, 2, channels[i]));
    double *data = fixture_data(&f);
    for (int64_t c = 0; c < channels[i]; ++c) {
      data[c] = 100000.1F;
      data[channels[i] + c] = 1e7 + (double)(c * 7 % 4);
      data[2 * channels[i] + c] = c == 0 ? 1e6 : data[c] / 7;
      data[3 * channels[i] + c] = -3e-30F;
    }
    fixture_result(&f, build_normalize(f.b, x, 1e-5), PORT_ROWS, false);
    fixture_check(&f, 1, 4, 2, 1e-6);
    fixture_free(&f);
  }
}

Test(llvm_kernels_rows, pointwise_on_callers_maps) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_CALLER, true, map(2, 3, 3, 21), 4);
  ValueId y = fixture_operand(&f, PORT_CALLER, false, map(2, 3, 3, 21), 4);
  ValueId z = build_gelu(f.b, build_add(f.b, x, y));
  fixture_result(&f, z, PORT_CALLER, true);
  fixture_result(&f, build_mul(f.b, z, x), PORT_CALLER, false);
  fixture_check(&f, 2, 9, 2, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_rows, softmax_over_groups) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_ROWS, false, type_matrix(2, 3 * 37), 20);
  fixture_data(&f)[5] = NAN;
  fixture_data(&f)[6] = -1000;
  fixture_result(&f, build_softmax(f.b, x, 3), PORT_ROWS, false);
  fixture_check(&f, 2, 1, 1, 1e-6);
  fixture_free(&f);
}

/* Sums of many: no error that grows with their number. */
Test(llvm_kernels_rows, softmax_of_many) {
  static const int64_t groups[] = {65, 4096, 65536};
  for (uint32_t i = 0; i < 3; ++i) {
    Fixture f = fixture_new();
    ValueId x = fixture_operand(&f, PORT_ROWS, false, type_matrix(1, groups[i]), 0.5);
    fixture_result(&f, build_softmax(f.b, x, (int32_t)groups[i]), PORT_ROWS, false);
    fixture_check(&f, 1, 1, 1, 5e-7);
    fixture_free(&f);
  }
}

Test(llvm_kernels_rows, concat_of_views) {
  Fixture f = fixture_new();
  ValueId x = fixture_rows(&f, map(1, 3, 5, 50));
  ValueId y = build_slice(f.b, x, 17, 21);
  ValueId z = build_concat(f.b, (ValueId[]){y, build_slice(f.b, x, 3, 11), y}, 3);
  fixture_result(&f, z, PORT_ROWS, false);
  fixture_result(&f, z, PORT_CALLER, false);
  fixture_check(&f, 1, 15, 4, 0);
  fixture_free(&f);
}

Test(llvm_kernels_rows, unary_functions) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_ROWS, false, map(2, 3, 5, 50), 30);
  fixture_data(&f)[5] = 200;
  fixture_data(&f)[6] = -200;
  ValueId relu = build_relu(f.b, x), sigmoid = build_sigmoid(f.b, x);
  fixture_result(&f, build_fill(f.b, x, 0.5), PORT_CALLER, true);
  fixture_result(&f, relu, PORT_ROWS, false);
  fixture_result(&f, sigmoid, PORT_ROWS, false);
  ValueId rsqrt = build_rsqrt(f.b, sigmoid, 1e-5);
  fixture_result(&f, rsqrt, PORT_ROWS, false);
  fixture_check(&f, 2, 15, 2, 2e-7);
  fixture_free(&f);
}

/* Steps are small numbers: softplus has digits where its exponential does. */
Test(llvm_kernels_rows, silu_softplus) {
  static const double centers[] = {0, -10, -60};
  for (uint32_t i = 0; i < 3; ++i) {
    Fixture f = fixture_new();
    ValueId x = fixture_operand(&f, PORT_ROWS, false, map(2, 3, 5, 50), i ? 0.5 : 30);
    for (int e = 0; e < 2 * 3 * 5 * 50; ++e) {
      fixture_data(&f)[e] = (double)(float)(fixture_data(&f)[e] + centers[i]);
    }
    if (i == 0) fixture_data(&f)[5] = 200;
    if (i == 0) fixture_data(&f)[6] = -200;
    if (i == 0) fixture_data(&f)[7] = -FLT_MAX;
    fixture_result(&f, build_silu(f.b, x), PORT_ROWS, false);
    fixture_result(&f, build_softplus(f.b, x), PORT_ROWS, false);
    fixture_check(&f, 2, 15, 2, 3e-7);
    fixture_free(&f);
  }
}

/* -- layouts ----------------------------------------------------------------------------------- */

static void check_reshape(Type in, int32_t height, int32_t width, int32_t channels) {
  Fixture f = fixture_new();
  fixture_check_map(&f, build_reshape(f.b, fixture_rows(&f, in), height, width, channels), 3, 0);
}

Test(llvm_kernels_rows, reshape) {
  check_reshape(map(2, 4, 6, 20), 1, 0, 20);
  check_reshape(map(2, 4, 6, 20), 2, 3, 80);
  check_reshape(map(2, 4, 6, 40), 8, 0, 10);
  check_reshape(map(2, 3, 5, 7), 0, 7, 5);
  check_reshape(map(2, 3, 5, 7), 0, 0, 105);
  check_reshape(type_matrix(2, 60), 4, 5, 3);
}

Test(llvm_kernels_rows, transpose) {
  static const AttrsTRANSPOSE orders[] = {
      {.first = 2, .second = 1, .third = 3}, {.first = 3, .second = 1, .third = 2},
      {.first = 1, .second = 3, .third = 2}, {.first = 3, .second = 2, .third = 1},
      {.first = 2, .second = 3, .third = 1}, {.first = 1, .second = 2, .third = 3},
  };
  for (uint32_t i = 0; i < 6; ++i) {
    Fixture f = fixture_new();
    fixture_check_map(&f, build_transpose(f.b, fixture_rows(&f, map(2, 4, 5, 22)), orders[i]), 2,
                      0);
  }
}

Test(llvm_kernels_rows, shuffle) {
  for (int32_t groups = 1; groups <= 4; ++groups) {
    Fixture f = fixture_new();
    ValueId x = fixture_rows(&f, map(2, 2, 3, 40));
    fixture_check_map(&f, build_shuffle(f.b, build_slice(f.b, x, 3, 36), groups), 2, 0);
  }
}

/* -- reductions -------------------------------------------------------------------------------- */

Test(llvm_kernels_rows, sum_and_mean_of_chunks) {
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

/* -- bytes of the caller ----------------------------------------------------------------------- */

static void check_pixels(int64_t channels, bool nchw, bool reversed) {
  Fixture f = fixture_new();
  ValueId y = build_pixels(f.b, fixture_bytes(&f, nchw, map(2, 5, 7, channels)), reversed);
  y = build_mul(f.b, y, fixture_vector(&f, channels));
  fixture_result(&f, build_add(f.b, y, fixture_vector(&f, channels)), PORT_ROWS, false);
  fixture_check(&f, 2, 35, 4, 1e-6);
  fixture_free(&f);
}

Test(llvm_kernels_rows, pixels) {
  static const int64_t channels[] = {1, 3, 16, 37};
  for (int i = 0; i < 16; ++i) check_pixels(channels[i / 4], i % 2, i / 2 % 2);
}

/* -- argmax ------------------------------------------------------------------------------------ */

/* In the caller's outputs and in the arena; equal elements, infinities and NaN. */
static void check_argmax(int64_t channels, DType as) {
  Fixture f = fixture_new();
  ValueId x = fixture_operand(&f, PORT_ROWS, false, map(2, 3, 5, channels), 2);
  double odd[] = {NAN, 1, 1, INFINITY, -INFINITY, NAN, INFINITY, NAN, NAN, -INFINITY};
  for (int64_t i = 0; i < 10 && i < channels; ++i) fixture_data(&f)[channels + i] = odd[i];
  for (int64_t i = 0; i < channels; ++i) {
    fixture_data(&f)[2 * channels + i] = i % 2 ? NAN : -INFINITY;
    fixture_data(&f)[3 * channels + i] = i > channels / 2;
  }
  ValueId y = build_argmax(f.b, x, as);
  fixture_result(&f, y, PORT_CALLER, false);
  fixture_result(&f, y, PORT_ROWS, false);
  fixture_check(&f, 2, 15, 4, 0);
  fixture_free(&f);
}

Test(llvm_kernels_rows, argmax) {
  check_argmax(1, DTYPE_S32);
  check_argmax(150, DTYPE_U8);
  check_argmax(10, DTYPE_U8);
  check_argmax(32, DTYPE_S32);
  check_argmax(1000, DTYPE_S32);
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

Test(llvm_kernels_rows, top_k) {
  check_top_k(1, 1);
  check_top_k(40, 5);
  check_top_k(7, 7);
  check_top_k(1000, 33);
}
