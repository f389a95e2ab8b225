/* The interpreter: hand-computed cases of the ops that read more of a map than a row. */
#include "tests/unit/interp_fixture.h"

TestSuite(interp, .init = setup, .fini = teardown);

Test(interp, patches) {
  CHECK1("patches(%0) {window=1x3 stride 1x2 pad 0x1x0x1}", "[1,1,3,2]", NUMBERS(1, 2, 3, 4, 5, 6),
         NUMBERS(0, 0, 1, 2, 3, 4, 3, 4, 5, 6, 0, 0));
  CHECK1("patches(%0) {window=1x3 stride 1x2 pad 0x1x0x1, channels_first=1}", "[1,1,3,2]",
         NUMBERS(1, 2, 3, 4, 5, 6), NUMBERS(0, 1, 3, 0, 2, 4, 3, 5, 0, 4, 6, 0));
  CHECK1("patches(%0) {" WINDOW(2, 1, 0) "}", "[2,2,2,1]", NUMBERS(1, 2, 3, 4, 5, 6, 7, 8),
         NUMBERS(1, 2, 3, 4, 5, 6, 7, 8));
}

Test(interp, depthwise) {
  CHECK3("depthwise(%0, %1, %2) {window=1x2 pad 0x1x0x1}", "[1,1,2,2]", "[2,2]", "[2]",
         NUMBERS(1, 2, 3, 4), NUMBERS(1, 10, 100, 1000), NUMBERS(0.5, 0.25),
         NUMBERS(100.5, 2000.25, 301.5, 4020.25, 3.5, 40.25));
  CHECK2("depthwise(%0, %1) {" WINDOW(3, 1, 1) "}", "[1,3,1,1]", "[9,1]", NUMBERS(1, 2, 3),
         NUMBERS(9, 1, 9, 9, 10, 9, 9, 100, 9), NUMBERS(210, 321, 32));
}

/* Two groups of one channel each, which make two channels; in one panel, and in one for each. */
Test(interp, grouped) {
  CHECK3(
      "grouped(%0, %1, %2) {window=1x2 pad 0x1x0x1, "
      "groups=2}",
      "[1,1,1,2]", "[1,2,4]", "[4]", NUMBERS(1, 2), NUMBERS(1, 2, 3, 4, 5, 6, 7, 8),
      NUMBERS(100, 200, 300, 400), NUMBERS(105, 206, 314, 416, 101, 202, 306, 408));
  CHECK2("grouped(%0, %1) {window=1x1, groups=2}", "[1,1,1,4]", "[2,2,1]", NUMBERS(1, 2, 3, 4),
         NUMBERS(1, 10, 100, 1000), NUMBERS(21, 4300));
}

/* Sums of what is inside of each window of a map of ones, at odd and even sizes, with a bias; and a
 * window of which each tap counts. */
Test(interp, winograd) {
#define SUMS(window, type, ...)                                                     \
  check("graph @test {\n%0 = input {name=\"x\"} : f32" type                         \
        "\n"                                                                        \
        "%1 = constant winograd(fill(1, [1,9]), 2)\n%2 = constant fill(0.5, [1])\n" \
        "%3 = winograd(%0, %1, %2) {window=3x3 " window                             \
        ", panel=2, channels=1}\n"                                                  \
        "output \"y\" %3\n}\n",                                                     \
        (Numbers[]){NUMBERS(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)}, NUMBERS(__VA_ARGS__))
  SUMS("pad 1x1x1x1", "[1,3,4,1]", 4.5, 6.5, 6.5, 4.5, 6.5, 9.5, 9.5, 6.5, 4.5, 6.5, 6.5, 4.5);
  SUMS("pad 2x0x0x1", "[1,3,4,1]", 3.5, 3.5, 2.5, 6.5, 6.5, 4.5, 9.5, 9.5, 6.5);
  SUMS("", "[1,4,3,1]", 9.5, 9.5);
  SUMS("pad 1x1x1x1", "[1,1,12,1]", 2.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 3.5, 2.5);
#undef SUMS
  check(
      "graph @test {\n%0 = input {name=\"x\"} : f32[1,3,3,1]\n"
      "%1 = constant winograd(@w[2,9], 2)\n"
      "%2 = winograd(%0, %1) {window=3x3 pad 1x1x0x0, panel=2, channels=2}\n"
      "output \"y\" %2\n}\n",
      (Numbers[]){NUMBERS(0, 0, 0, 0, 1, 0, 0, 0, 0)}, NUMBERS(9, 18, 8, 17, 6, 15, 5, 14));
}

/* One row of four pixels (10, 20, 30, 40), all with the same offset. */
static void check_row_sample(double offset, Numbers expected) {
  double all[] = {offset, offset, offset, offset};
  check(op_text("axial_sample(%0, %1) {axis=2, share=1}", "[1,1,4,1]", "[1,1,4,1]", NULL),
        (Numbers[]){NUMBERS(10, 20, 30, 40), {all, 4}}, expected);
}

Test(interp, axial_sample_interpolates_and_is_zero_outside) {
  check_row_sample(0, NUMBERS(10, 20, 30, 40));
  check_row_sample(1, NUMBERS(20, 30, 40, 0));
  check_row_sample(-1, NUMBERS(0, 10, 20, 30));
  check_row_sample(0.25, NUMBERS(12.5, 22.5, 32.5, 30));
  check_row_sample(-0.25, NUMBERS(7.5, 17.5, 27.5, 37.5));
  check_row_sample(2.5, NUMBERS(35, 20, 0, 0));
  check_row_sample(-3.5, NUMBERS(0, 0, 0, 5));
  check_row_sample(4, NUMBERS(0, 0, 0, 0));
  check_row_sample(-4, NUMBERS(0, 0, 0, 0));
}

Test(interp, axial_sample_stays_in_bounds) {
  static const double extremes[] = {1e30,         -1e30,     1e308,   -1e308,
                                    INFINITY,     -INFINITY, NAN,     2147483648.,
                                    -2147483649., 9.3e18,    -9.3e18, 3.999999999999999 + 4};
  for (size_t i = 0; i < sizeof extremes / sizeof *extremes; ++i) {
    check_row_sample(extremes[i], NUMBERS(0, 0, 0, 0));
  }
  check_row_sample(5e-324, NUMBERS(10, 20, 30, 40));
  check_row_sample(-5e-324, NUMBERS(10, 20, 30, 40)); /* fraction 1 - 5e-324 rounds to 1 */
}

Test(interp, axial_sample_along_h_shares_offsets) {
  /* 3 x 2 map of 4 channels, value 100 * row + 10 * column + channel */
  double x[24], offsets[12], expected[24];
  for (int i = 0; i < 24; ++i) {
    int row = i / 8, column = i / 4 % 2;
    x[i] = 100 * row + 10 * column + i % 4;
  }
  for (int r = 0; r < 6; ++r) {
    offsets[2 * r] = 1;      /* channels 0 and 1 */
    offsets[2 * r + 1] = -1; /* channels 2 and 3 */
  }
  for (int i = 0; i < 24; ++i) {
    int row = i / 8 + (i % 4 < 2 ? 1 : -1);
    expected[i] = row < 0 || row > 2 ? 0 : 100 * row + 10 * (i / 4 % 2) + i % 4;
  }
  check(op_text("axial_sample(%0, %1) {axis=1, share=2}", "[1,3,2,4]", "[1,3,2,2]", NULL),
        (Numbers[]){{x, 24}, {offsets, 12}}, (Numbers){expected, 24});
}

Test(interp, axial_sample_with_constant_offsets) {
  CHECK2("axial_sample(%0, %1) {axis=2, share=1}", "[2,1,2,2]", "[2]",
         NUMBERS(1, 2, 3, 4, 5, 6, 7, 8), NUMBERS(1, -0.5), NUMBERS(3, 1, 0, 3, 7, 3, 0, 7));
}

Test(interp, average_pool) {
  CHECK1("average_pool(%0) {" WINDOW(2, 1, 1) "}", "[1,1,2,1]", NUMBERS(4, 8),
         NUMBERS(4, 6, 8, 4, 6, 8));
  CHECK1("average_pool(%0) {" WINDOW(2, 1, 1) ", count_padding=1}", "[1,1,2,1]", NUMBERS(4, 8),
         NUMBERS(1, 3, 2, 1, 3, 2));
  CHECK1("average_pool(%0) {" WINDOW(2, 2, 0) "}", "[1,2,3,1]", NUMBERS(1, 2, 9, 3, 4, 9),
         NUMBERS(2.5));
}

Test(interp, resize) {
  CHECK1("resize(%0) {scale_h=1, scale_w=2}", "[1,1,2,1]", NUMBERS(0, 4), NUMBERS(0, 1, 3, 4));
  CHECK1("resize(%0) {height=1, width=1}", "[1,2,2,1]", NUMBERS(0, 4, 8, 12), NUMBERS(6));
  CHECK1("resize(%0) {height=2, scale_w=1}", "[1,3,1,1]", NUMBERS(0, 4, 8), NUMBERS(1, 7));
}

/* As PyTorch has them: nearest is rounded down; with aligned corners, one element is the first. */
Test(interp, resize_nearest_and_aligned) {
  CHECK1("resize(%0) {height=1, width=5, nearest=1}", "[1,1,3,1]", NUMBERS(1, 2, 4),
         NUMBERS(1, 1, 2, 2, 4));
  CHECK1("resize(%0) {height=1, width=2, nearest=1}", "[1,2,3,1]", NUMBERS(1, 2, 4, 5, 6, 7),
         NUMBERS(1, 2));
  CHECK1("resize(%0) {height=1, width=5, aligned=1}", "[1,1,3,1]", NUMBERS(1, 2, 4),
         NUMBERS(1, 1.5, 2, 3, 4));
  CHECK1("resize(%0) {height=1, width=2, aligned=1}", "[1,3,1,1]", NUMBERS(1, 2, 4), NUMBERS(1, 1));
  CHECK2("resize(%0, %1)", "[1,1,2,1]", "[1,2,4,3]", NUMBERS(0, 4),
         NUMBERS(9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9),
         NUMBERS(0, 1, 3, 4, 0, 1, 3, 4));
}

/* Cells of 7 rows for 6 overlap by one; of fewer rows than cells, they repeat. */
Test(interp, adaptive_pool) {
  CHECK1("adaptive_pool(%0) {height=6, width=1}", "[1,7,1,1]", NUMBERS(1, 2, 4, 8, 16, 32, 64),
         NUMBERS(1.5, 3, 6, 12, 24, 48));
  CHECK1("adaptive_pool(%0) {height=1, width=5}", "[1,1,3,1]", NUMBERS(2, 4, 8),
         NUMBERS(2, 3, 4, 6, 8));
  CHECK1("adaptive_pool(%0) {height=1, width=1}", "[1,2,2,1]", NUMBERS(1, 2, 3, 6), NUMBERS(3));
}

/* A NaN is the largest of its windows; where a dilated window finds nothing there is nothing. */
Test(interp, max_pool) {
  CHECK1("max_pool(%0) {" WINDOW(2, 1, 1) "}", "[1,1,2,1]", NUMBERS(-4, -8),
         NUMBERS(-4, -4, -8, -4, -4, -8));
  CHECK1("max_pool(%0) {window=1x2 stride 1x1}", "[1,1,4,1]", NUMBERS(1, NAN, 5, 2),
         NUMBERS(NAN, NAN, 5));
  CHECK1("max_pool(%0) {window=1x2 pad 0x1x0x1 dilation 1x2}", "[1,1,1,1]", NUMBERS(3),
         NUMBERS(-INFINITY));
}

Test(interp, argmax) {
  CHECK1("argmax(%0) {as=s32}", "[2,4]", NUMBERS(1, 5, 5, -7, NAN, -INFINITY, -9, NAN),
         NUMBERS(1, 2));
  CHECK1("argmax(%0) {as=u8}", "[1,1,3,2]", NUMBERS(NAN, -INFINITY, 0, INFINITY, 3, 3),
         NUMBERS(0, 1, 0));
}

Test(interp, layouts) {
  CHECK1("reshape(%0) {height=3, channels=2}", "[1,2,1,3]", NUMBERS(1, 2, 3, 4, 5, 6),
         NUMBERS(1, 2, 3, 4, 5, 6));
  CHECK1("transpose(%0) {first=3, second=2, third=1}", "[1,2,1,3]", NUMBERS(1, 2, 3, 4, 5, 6),
         NUMBERS(1, 4, 2, 5, 3, 6));
  CHECK1("shuffle(%0) {groups=2}", "[1,6]", NUMBERS(1, 2, 3, 4, 5, 6), NUMBERS(1, 4, 2, 5, 3, 6));
}

/* One tap in the middle; then two taps, masked, the second with its offset. */
Test(interp, deform_patches) {
  CHECK2("deform_patches(%0, %1) {" WINDOW(1, 1, 0) ", offset_groups=1}", "[1,1,3,1]", "[1,1,3,2]",
         NUMBERS(1, 2, 4), NUMBERS(0, 0.5, -0.25, 0, NAN, 0), NUMBERS(1.5, 1.5, 0));
  CHECK3("deform_patches(%0, %1, %2) {window=1x2 dilation 1x2, offset_groups=1}", "[1,1,3,1]",
         "[1,1,1,4]", "[1,1,1,2]", NUMBERS(1, 2, 4), NUMBERS(0, 0, 0, -0.5), NUMBERS(10, 2),
         NUMBERS(10, 6));
}

/* Both results: the larger first, of equal ones the first; NaN is the smallest. */
static void check_top_k(const char *k, Numbers x, Numbers values, Numbers indices) {
  for (int result = 0; result < 2; ++result) {
    const char *text = arena_printf(arena,
                                    "graph @test {\n%%0 = input {name=\"v\"} : f32[2,%zu]\n"
                                    "%%1, %%2 = top_k(%%0) {k=%s}\noutput \"out\" %%%d\n}\n",
                                    x.count / 2, k, result + 1);
    check(text, (Numbers[]){x}, result ? indices : values);
  }
}

Test(interp, top_k) {
  check_top_k("2", NUMBERS(1, 5, 5, -7, 3, 2, 1, 3), NUMBERS(5, 5, 3, 3), NUMBERS(1, 2, 0, 3));
  check_top_k("3", NUMBERS(NAN, -INFINITY, 4, INFINITY, 0, NAN),
              NUMBERS(4, -INFINITY, -INFINITY, INFINITY, 0, -INFINITY), NUMBERS(2, 0, 1, 0, 1, 2));
}

Test(interp, pixels) {
  for (int reversed = 0; reversed < 2; ++reversed) {
    const char *text = arena_printf(arena,
                                    "graph @test {\n%%0 = input {name=\"x\"} : u8[1,1,2,3]\n"
                                    "%%1 = pixels(%%0) {reversed=%d}\noutput \"out\" %%1\n}\n",
                                    reversed);
    check(text, (Numbers[]){NUMBERS(0, 1, 2, 255, 254, 7)},
          reversed ? NUMBERS(2, 1, 0, 7, 254, 255) : NUMBERS(0, 1, 2, 255, 254, 7));
  }
}

Test(interp, relu_sigmoid_fill) {
  CHECK1("relu(%0)", "[1,3]", NUMBERS(-1, 0, 2), NUMBERS(0, 0, 2));
  CHECK1("sigmoid(%0)", "[1,2]", NUMBERS(0, log(3)), NUMBERS(0.5, 0.75));
  CHECK1("rsqrt(%0) {eps=0.25}", "[1,3]", NUMBERS(0, 3.75, NAN), NUMBERS(2, 0.5, NAN));
  CHECK1("fill(%0) {value=7}", "[1,2]", NUMBERS(NAN, 1), NUMBERS(7, 7));
}

Test(interp, silu_softplus) {
  CHECK1("silu(%0)", "[1,3]", NUMBERS(0, log(3), NAN), NUMBERS(0, 0.75 * log(3), NAN));
  CHECK1("softplus(%0)", "[1,4]", NUMBERS(0, 21, -1e3, log(7)), NUMBERS(log(2), 21, 0, log(8)));
}

/* One channel, whose rate is -ln 2, so that a step of 1 halves the state. */
static void check_scan(const char *attrs, const char *steps, Numbers expected) {
  const char *text = arena_printf(arena,
                                  "graph @test {\n"
                                  "%%0 = input {name=\"u\"} : f32[1,2,2,1]\n"
                                  "%%1 = input {name=\"p\"} : f32[1,2,2,%d]\n"
                                  "%%2 = input {name=\"d\"} : f32[1,2,2,1]\n"
                                  "%%3 = constant fill(%.17g, [%d]) : f32[%d]\n"
                                  "%%4 = selective_scan(%%0, %%1, %%3, %s) {%s}\n"
                                  "output \"out\" %%4\n}\n",
                                  strchr(steps, ',') ? 4 : 2, -log(2), strchr(steps, ',') ? 2 : 1,
                                  strchr(steps, ',') ? 2 : 1, steps, attrs);
  Numbers p = strchr(steps, ',') ? NUMBERS(1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1, -1, 1, 1, 1, -1)
                                 : NUMBERS(1, 1, 2, 1, 1, 10, 1, 1);
  check(text, (Numbers[]){NUMBERS(8, 16, 32, 64), p, NUMBERS(1, 1, 1, 2)}, expected);
}

/* u 8 16 / 32 64, of which the last token has a step of 2; B is twice as large at the second, C ten
 * times at the third. */
Test(interp, selective_scan) {
  check_scan("axis=2, ways=1", "%2", NUMBERS(8, 36, 500, 140.5));
  check_scan("axis=1, ways=1", "%2", NUMBERS(8, 50, 360, 140.5));
  check_scan("axis=2, ways=2", "%2", NUMBERS(48, 80, 960, 128));
  check_scan("axis=1, ways=2", "%2", NUMBERS(48, 96, 800, 128));
  check_scan("axis=2, ways=3", "%2, %2", NUMBERS(8 - 40, 20 - 64, 42 - 96, 138.5 - 128));
}

/* Channels at 0, 1 and -1; pairs of them at 1, 0 and -1; all at 1. */
Test(interp, axial_shift) {
  CHECK1("axial_shift(%0) {axis=2, share=1, period=3, step=1, phase=1, lowest=-1}", "[1,1,3,3]",
         NUMBERS(1, 2, 3, 4, 5, 6, 7, 8, 9), NUMBERS(1, 5, 0, 4, 8, 3, 7, 0, 6));
  CHECK1("axial_shift(%0) {axis=2, share=2, period=3, step=2, phase=2, lowest=-1}", "[1,1,2,6]",
         NUMBERS(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
         NUMBERS(7, 8, 3, 4, 0, 0, 0, 0, 9, 10, 5, 6));
  CHECK1("axial_shift(%0) {axis=1, share=1, period=1, phase=0, lowest=1}", "[1,3,1,2]",
         NUMBERS(1, 2, 3, 4, 5, 6), NUMBERS(3, 4, 5, 6, 0, 0));
}
