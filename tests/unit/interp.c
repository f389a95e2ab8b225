/* The interpreter: hand-computed cases of every op, kernels, open dimensions and memory of
 * constants. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backend.h"

enum { MAX_TENSORS = 4 };

static Arena *arena;
static RecipeTable *recipes;

static void setup(void) {
  arena = arena_new();
  recipes = recipe_table_new(arena);
}
static void teardown(void) {
  arena_free(arena);
}
TestSuite(interp, .init = setup, .fini = teardown);

/* Element i of any tensor is i + 1; "missing" fails. */
static Status read_counting(void *context, const char *name, double *out, size_t count) {
  (void)context;
  if (strcmp(name, "missing") == 0) return STATUS_BAD_INPUT;
  for (size_t i = 0; i < count; ++i) out[i] = (double)i + 1;
  return STATUS_OK;
}
static const WeightSource counting = {.read = read_counting};

static Graph *parse(const char *text) {
  Graph *graph = NULL;
  Diag diag = {.stream = stderr};
  cr_assert_eq(graph_parse(arena, recipes, &diag, "test.ir", text, &graph), STATUS_OK, "%s", text);
  return graph;
}

typedef struct Numbers {
  const double *data;
  size_t count;
} Numbers;
#define NUMBERS(...) \
  ((Numbers){(const double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double)})

static bool is_near(double a, double b) {
  return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-12 * fmax(1, fabs(b));
}

static void check_output(const char *text, const InterpTensor *output, Numbers expected) {
  int64_t count;
  cr_assert(type_count(output->type, &count));
  cr_assert_eq((size_t)count, expected.count, "%s: %ld elements", text, (long)count);
  for (size_t i = 0; i < expected.count; ++i) {
    cr_expect(is_near(output->data[i], expected.data[i]),
              "%s: element %zu is %.17g, expected %.17g", text, i, output->data[i],
              expected.data[i]);
  }
}

/* Runs a graph whose inputs are all declared in full; inputs[] in order, then its only output. */
static void check(const char *text, const Numbers *inputs, Numbers expected) {
  Graph *graph = parse(text);
  InterpTensor tensors[MAX_TENSORS] = {0}, output;
  NodeId nodes[MAX_TENSORS] = {0};
  Diag diag = {.stream = stderr};
  uint32_t count = graph_inputs(graph, nodes, MAX_TENSORS);
  for (uint32_t i = 0; i < count; ++i) {
    int64_t elements;
    tensors[i].type = graph_node(graph, nodes[i])->attrs.INPUT.declared;
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): as many as the graph has */
    tensors[i].data = (double *)inputs[i].data;
    cr_assert(type_count(tensors[i].type, &elements) && (size_t)elements == inputs[i].count,
              "%s: input %u", text, i);
  }
  cr_assert_eq(interp_run(graph, &counting, arena, &diag, tensors, &output), STATUS_OK);
  check_output(text, &output, expected);
}

/* A graph with inputs x, y, z of the given types and one op on them. */
static const char *op_text(const char *op, const char *x, const char *y, const char *z) {
  const char *types[] = {x, y, z};
  StringBuilder text = {.arena = arena};
  string_builder_add(&text, "graph @test {\n");
  int count = 0;
  for (; count < 3 && types[count]; ++count) {
    string_builder_printf(&text, "%%%d = input {name=\"i%d\"} : f32%s\n", count, count,
                          types[count]);
  }
  string_builder_printf(&text, "%%%d = %s\noutput \"out\" %%%d\n}\n", count, op, count);
  return string_builder_text(&text);
}
#define CHECK1(op, type, x, expected) check(op_text(op, type, NULL, NULL), (Numbers[]){x}, expected)
#define CHECK2(op, x_type, y_type, x, y, expected) \
  check(op_text(op, x_type, y_type, NULL), (Numbers[]){x, y}, expected)
#define CHECK3(op, x_type, y_type, z_type, x, y, z, expected) \
  check(op_text(op, x_type, y_type, z_type), (Numbers[]){x, y, z}, expected)

/* -- products ---------------------------------------------------------------------------------- */

Test(interp, linear) {
  CHECK2("linear(%0, %1)", "[2,2]", "[3,2]", NUMBERS(1, 2, 3, 4), NUMBERS(1, 0, 0, 1, 1, -1),
         NUMBERS(1, 2, -1, 3, 4, -1));
  CHECK3("linear(%0, %1, %2)", "[1,1,2,2]", "[1,2]", "[1]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 1),
         NUMBERS(0.5), NUMBERS(12.5, 34.5));
}

Test(interp, packed_linear) { /* w rows (1,2) (3,4) (5,6) in panels of 2 */
  CHECK3("packed_linear(%0, %1, %2) {panel=2, channels=3}", "[2,2]", "[2,2,2]", "[3]",
         NUMBERS(1, 0, 1, 10), NUMBERS(1, 3, 2, 4, 5, 99, 6, 99), NUMBERS(100, 200, 300),
         NUMBERS(101, 203, 305, 121, 243, 365));
}

Test(interp, image_linear) {
  CHECK2("image_linear(%0, %1)", "[2,1,2,1]", "[2,1,1,2]", NUMBERS(1, 2, 3, 4),
         NUMBERS(1, 2, 10, 20), NUMBERS(1, 2, 2, 4, 30, 60, 40, 80));
  CHECK2("image_linear(%0, %1)", "[1,2]", "[1,1,2,3]", NUMBERS(1, 10), NUMBERS(1, 2, 3, 4, 5, 6),
         NUMBERS(41, 52, 63));
}

Test(interp, scale_matrix) {
  CHECK2("scale_matrix(%0, %1)", "[2,2]", "[3,2]", NUMBERS(1, 2, 3, 4),
         NUMBERS(1, 10, 2, 20, 3, 30), NUMBERS(1, 20, 2, 40, 3, 60, 3, 40, 6, 80, 9, 120));
}

Test(interp, mix_rows) {
  CHECK3("mix_rows(%0, %1, %2) {in_h=2, in_w=1, out_h=1, out_w=3}", "[1,2,1,2]", "[3,2]", "[3]",
         NUMBERS(1, 2, 10, 20), NUMBERS(1, 1, 2, 0, 0, -1), NUMBERS(0.5, 0, 0),
         NUMBERS(11.5, 22.5, 2, 4, -10, -20));
  CHECK2("mix_rows(%0, %1) {in_h=1, in_w=2, out_h=1, out_w=1}", "[2,1,2,1]", "[1,2]",
         NUMBERS(1, 2, 3, 4), NUMBERS(1, 10), NUMBERS(21, 43));
}

#define WINDOW(k, s, p) "window=" #k "x" #k " stride " #s "x" #s " pad " #p "x" #p "x" #p "x" #p

Test(interp, conv2d) {
  CHECK3("conv2d(%0, %1, %2) {" WINDOW(3, 1, 1) ", groups=1}", "[1,2,2,1]", "[1,1,3,3]", "[1]",
         NUMBERS(1, 2, 3, 4), NUMBERS(1, 2, 3, 4, 5, 6, 7, 8, 9), NUMBERS(0.5),
         NUMBERS(5 + 12 + 24 + 36 + 0.5, 4 + 10 + 21 + 32 + 0.5, 2 + 6 + 15 + 24 + 0.5,
                 1 + 4 + 12 + 20 + 0.5));
  /* stride and padding that differ by axis; two inputs, two outputs */
  CHECK2("conv2d(%0, %1) {window=1x2 stride 2x1 pad 0x1x0x1, groups=1}", "[1,2,1,2]", "[2,2,1,2]",
         NUMBERS(1, 2, 3, 4), NUMBERS(1, 2, 3, 4, 5, 6, 7, 8),
         NUMBERS(2 + 8, 6 + 16, 1 + 6, 5 + 14));
}

Test(interp, conv2d_in_groups) {
  CHECK2("conv2d(%0, %1) {" WINDOW(1, 1, 0) ", groups=2}", "[1,1,1,4]", "[2,2,1,1]",
         NUMBERS(1, 2, 3, 4), NUMBERS(1, 10, 100, 1000), NUMBERS(21, 4300));
  CHECK2("conv2d(%0, %1) {" WINDOW(1, 1, 0) ", groups=2}", "[1,1,1,2]", "[4,1,1,1]", NUMBERS(1, 2),
         NUMBERS(1, 10, 100, 1000), NUMBERS(1, 10, 200, 2000));
}

/* -- readers of whole maps --------------------------------------------------------------------- */

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

/* -- row by row -------------------------------------------------------------------------------- */

Test(interp, normalize) {
  double s = 1 / sqrt(2.0 / 3), t = 1 / sqrt(8.0 / 3);
  CHECK1("normalize(%0) {eps=0}", "[2,3]", NUMBERS(1, 2, 3, 4, 2, 0),
         NUMBERS(-s, 0, s, 2 * t, 0, -2 * t));
  CHECK1("normalize(%0) {eps=0.25}", "[1,1,1,2]", NUMBERS(5, 5), NUMBERS(0, 0));
  CHECK1("normalize(%0) {eps=3}", "[1,2]", NUMBERS(-1, 1), NUMBERS(-0.5, 0.5));
}

Test(interp, layer_norm) {
  CHECK3("layer_norm(%0, %1, %2) {eps=3}", "[1,1,2,2]", "[2]", "[2]", NUMBERS(-1, 1, 3, 1),
         NUMBERS(10, 100), NUMBERS(1, 2), NUMBERS(-4, 52, 6, -48));
}

Test(interp, softmax_over_groups) {
  double third = 1.0 / 3, e = exp(1), f = 1 / (1 + e);
  CHECK1("softmax(%0) {groups=3}", "[1,6]", NUMBERS(5, 0, 5, 1000, 5, 0),
         NUMBERS(third, 0, third, 1, third, 0));
  CHECK1("softmax(%0) {groups=2}", "[2,2]", NUMBERS(0, 1, -1000, -1000),
         NUMBERS(f, 1 - f, 0.5, 0.5));
}

Test(interp, slice_and_concat) {
  CHECK1("slice(%0) {begin=1, count=2}", "[1,1,2,4]", NUMBERS(1, 2, 3, 4, 5, 6, 7, 8),
         NUMBERS(2, 3, 6, 7));
  CHECK1("slice(%0) {begin=0, count=1}", "[2,2]", NUMBERS(1, 2, 3, 4), NUMBERS(1, 3));
  CHECK2("concat(%0, %1)", "[2,1]", "[2,2]", NUMBERS(1, 2), NUMBERS(3, 4, 5, 6),
         NUMBERS(1, 3, 4, 2, 5, 6));
}

Test(interp, add_and_mul_with_rows_vectors_and_constants) {
  CHECK2("add(%0, %1)", "[1,1,2,2]", "[1,1,2,2]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 20, 30, 40),
         NUMBERS(11, 22, 33, 44));
  CHECK2("mul(%0, %1)", "[2,2]", "[2,2]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 20, 30, 40),
         NUMBERS(10, 40, 90, 160));
  CHECK2("mul(%0, %1)", "[2,1,2,1]", "[2,1]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 100),
         NUMBERS(10, 20, 300, 400));
  CHECK2("add(%0, %1)", "[2,2,1,1]", "[2,1]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 100),
         NUMBERS(11, 12, 103, 104));
  CHECK2("add(%0, %1)", "[2,1,1,2]", "[2]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 100),
         NUMBERS(11, 102, 13, 104));
  CHECK2("mul(%0, %1)", "[2,2]", "[2]", NUMBERS(1, 2, 3, 4), NUMBERS(10, 100),
         NUMBERS(10, 200, 30, 400));
}

Test(interp, gelu) {
  CHECK1("gelu(%0)", "[1,6]", NUMBERS(0, 1, -1, 3, 40, -40),
         NUMBERS(0, 0.8413447460685429, -0.15865525393145707, 2.995950305904957, 40, 0));
  /* the tail keeps its digits: x Phi(x) at -10 */
  Graph *graph = parse(op_text("gelu(%0)", "[1,1]", NULL, NULL));
  InterpTensor x = {type_matrix(1, 1), (double[]){-10}}, y;
  Diag diag = {0};
  cr_assert_eq(interp_run(graph, &counting, arena, &diag, &x, &y), STATUS_OK);
  cr_assert_lt(fabs(y.data[0] / -7.619853024160526e-23 - 1), 1e-12);
}

/* -- reductions -------------------------------------------------------------------------------- */

Test(interp, means) {
  CHECK1("mean_hw(%0)", "[2,1,2,2]", NUMBERS(1, 2, 3, 4, 5, 6, 7, 9), NUMBERS(2, 3, 6, 7.5));
  CHECK1("sum_chunks(%0) {chunks=2}", "[1,5,1,1]", NUMBERS(1, 10, 100, 1000, 10000),
         NUMBERS(11, 11100));
  CHECK1("sum_chunks(%0) {chunks=3}", "[2,2,2,1]", NUMBERS(1, 2, 3, 4, 5, 6, 7, 8),
         NUMBERS(1, 2, 7, 5, 6, 15));
  CHECK1("mean_chunks(%0) {rows=10}", "[2,1,2,2]", NUMBERS(1, 2, 3, 4, 5, 6, 7, 8),
         NUMBERS(0.4, 0.6, 1.2, 1.4));
}

/* -- graphs ------------------------------------------------------------------------------------ */

Test(interp, constants_come_from_their_recipes) {
  check(
      "graph @test {\n"
      "%0 = input {name=\"x\"} : f32[1,2]\n"
      "%1 = constant mul_columns(@w[2,2], fill(0.1, [2]))\n"
      "%2 = linear(%0, %1)\n"
      "output \"out\" %2\n}\n",
      (Numbers[]){NUMBERS(1, 10)}, NUMBERS(2.1, 4.3));
}

Test(interp, kernels_run_their_body) {
  check(
      "graph @test {\n"
      "%0 = input {name=\"x\"} : f32[1,1,2,2]\n"
      "%1 = constant @b[2]\n"
      "%2, %3 = kernel(%0, %1) : f32[1,1,2,2], f32[1,1,2,2] body {\n"
      "  %0 = input {name=\"a0\"} : f32[1,1,2,2]\n"
      "  %1 = input {name=\"a1\"} : f32[2]\n"
      "  %2 = add(%0, %1)\n"
      "  output \"r0\" %2\n"
      "  output \"r1\" %0\n"
      "}\n"
      "%4 = mul(%2, %3)\n"
      "output \"out\" %4\n}\n",
      (Numbers[]){NUMBERS(1, 2, 3, 4)}, NUMBERS(2, 8, 12, 24));
}

Test(interp, outputs_may_be_inputs_and_repeat) {
  Graph *graph = parse(
      "graph @test {\n"
      "%0 = input {name=\"x\"} : f32[1,2]\n"
      "%1 = add(%0, %0)\n"
      "%2 = gelu(%1)\n" /* nobody reads it */
      "output \"a\" %0\noutput \"b\" %1\noutput \"c\" %1\n}\n");
  InterpTensor x = {type_matrix(1, 2), (double[]){1, 2}}, y[3];
  Diag diag = {0};
  cr_assert_eq(interp_run(graph, &counting, arena, &diag, &x, y), STATUS_OK);
  check_output("a", &y[0], NUMBERS(1, 2));
  check_output("b", &y[1], NUMBERS(2, 4));
  check_output("c", &y[2], NUMBERS(2, 4));
}

static const char open_text[] =
    "graph @test {\n"
    "%0 = input {name=\"image\"} : f32[?,?,?,1]\n"
    "%1 = constant @w[1,1,2,2]\n"
    "%2 = conv2d(%0, %1) {window=2x2, groups=1} // stem\n"
    "%3 = mean_hw(%2)\n"
    "output \"out\" %3\n}\n";

Test(interp, open_dimensions_take_those_of_the_inputs) {
  Graph *graph = parse(open_text);
  InterpTensor x = {type_map(2, 2, 3, 1), (double[]){1, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}}, y;
  Diag diag = {.stream = stderr};
  cr_assert_eq(interp_run(graph, &counting, arena, &diag, &x, &y), STATUS_OK);
  cr_assert(type_equal(y.type, type_matrix(2, 1)));
  check_output(open_text, &y, NUMBERS(2.5, 5));
}

/* Runs the open graph on an input of `type` and returns the message. */
static const char *run_message(const char *text, Type type) {
  char *message = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&message, &length);
  Diag diag = {.stream = stream};
  InterpTensor x = {type, (double[8]){0}}, y;
  cr_assert_eq(interp_run(parse(text), &counting, arena, &diag, &x, &y), STATUS_BAD_INPUT);
  fclose(stream);
  const char *copy = arena_strdup(arena, message);
  free(message);
  return copy;
}

Test(interp, inputs_that_do_not_fit_are_refused) {
  const char *message = run_message(open_text, type_map(1, 2, 2, 2));
  cr_expect(strstr(message, "input \"image\" is f32[1,2,2,2], the model takes f32[?,?,?,1]"), "%s",
            message);
  message = run_message(open_text, type_matrix(1, 1));
  cr_expect(strstr(message, "the model takes"), "%s", message);
  message = run_message(open_text, type_map(1, 1, 2, 1));
  cr_expect(strstr(message, "stem: conv2d: height 1"), "%s", message);
}

Test(interp, a_failing_source_stops_the_run) {
  Graph *graph = parse(
      "graph @test {\n"
      "%0 = input {name=\"x\"} : f32[1,2]\n"
      "%1 = gelu(%0)\n"
      "%2 = constant @missing[2]\n"
      "%3 = add(%1, %2)\n"
      "output \"out\" %3\n}\n");
  InterpTensor x = {type_matrix(1, 2), (double[]){1, 2}}, y;
  Diag diag = {0};
  cr_assert_eq(interp_run(graph, &counting, arena, &diag, &x, &y), STATUS_BAD_INPUT);
}

/* Rows of four, quantized, multiplied by rows 1..4 and 5..8 of weights. */
Test(interp, quantizes_rows) {
  const char *numbers =
      "graph @g {\n"
      "  %0 = input {name=\"x\"} : f32[1,1,4,3]\n"
      "  %1, %2 = quantize_rows(%0) {as=s8}\n"
      "  output \"q\" %1\n"
      "}\n";
  /* halves go to the even number; too small to count; not finite: any numbers, here zeros */
  check(numbers,
        (Numbers[]){NUMBERS(127, 0.5, -1.5, -254, 1, 3, 1e-31, -1e-35, 0, INFINITY, 1, NAN)},
        NUMBERS(127, 0, -2, -127, 0, 2, 0, 0, 0, 0, 0, 0));
  const char *scales =
      "graph @g {\n"
      "  %0 = input {name=\"x\"} : f32[1,1,4,3]\n"
      "  %1, %2 = quantize_rows(%0) {as=u8}\n"
      "  output \"s\" %2\n"
      "}\n";
  check(scales, (Numbers[]){NUMBERS(127, 0.5, -1.5, -254, 1, 3, 1e-31, -1e-35, 0, 1, INFINITY, 2)},
        NUMBERS(1, 2, 0, INFINITY));
}

/* With weights packed as `how` says. */
static void check_quantized_linear(const char *how) {
  char text[600];
  snprintf(text, sizeof text,
           "graph @g {\n"
           "  %%0 = input {name=\"x\"} : f32[1,1,2,5]\n"
           "  %%1, %%2 = quantize_rows(%%0) {as=u8}\n"
           "  %%3 = constant round(%s(@w[3,5], 2), s8)\n"
           "  %%4 = constant @b[3]\n"
           "  %%5 = constant @t[3]\n"
           "  %%6 = constant round(matvec(@w[3,5], fill(-128, [5])), s32)\n"
           "  %%7 = quantized_linear(%%1, %%3, %%4, %%2, %%5, %%6) {panel=2, channels=3}\n"
           "  output \"y\" %%7\n"
           "}\n",
           how);
  /* in the second row, 1 is two */
  check(text, (Numbers[]){NUMBERS(127, 0, 0, 0, 0, 254, -254, 2, 0, -2)},
        NUMBERS(127 * 1 * 1 + 1, 127 * 6 * 2 + 2, 127 * 11 * 3 + 3,
                2 * (127 - 127 * 2 + 3 - 5) * 1 + 1, 2 * (127 * 6 - 127 * 7 + 8 - 10) * 2 + 2,
                2 * (127 * 11 - 127 * 12 + 13 - 15) * 3 + 3));
}

Test(interp, multiplies_quantized_rows) {
  check_quantized_linear("pack4");
  check_quantized_linear("pack8");
}

Test(interp, multiplies_rows_by_whole_numbers) {
  const char *text =
      "graph @g {\n"
      "  %0 = input {name=\"x\"} : f32[2,4]\n"
      "  %1 = constant round(pack4(@w[3,4], 2), s8)\n"
      "  %2 = constant @b[3]\n"
      "  %3 = constant @t[3]\n"
      "  %4 = scaled_linear(%0, %1, %2, %3) {panel=2, channels=3}\n"
      "  output \"y\" %4\n"
      "}\n";
  check(text, (Numbers[]){NUMBERS(0.5, 0, 0, 1, 0, -1, 0.25, 0)},
        NUMBERS(4.5 * 1 + 1, 10.5 * 2 + 2, 16.5 * 3 + 3, -1.25 * 1 + 1, -4.25 * 2 + 2,
                -7.25 * 3 + 3));
}
