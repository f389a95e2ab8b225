/* The interpreter: hand-computed cases of products and of ops that work row by row, kernels, open
 * dimensions and memory of constants. */
#include "tests/unit/interp_fixture.h"

TestSuite(interp, .init = setup, .fini = teardown);

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
  CHECK2("scale_matrix(%0, %1)", "[1,3]", "[2,2,2]", NUMBERS(1, 2, 3),
         NUMBERS(1, 10, 2, 20, 100, 0, 200, 0), NUMBERS(1, 20, 300, 2, 40, 600));
}

Test(interp, mix_rows) {
  CHECK3("mix_rows(%0, %1, %2) {in_h=2, in_w=1, out_h=1, out_w=3}", "[1,2,1,2]", "[3,2]", "[3]",
         NUMBERS(1, 2, 10, 20), NUMBERS(1, 1, 2, 0, 0, -1), NUMBERS(0.5, 0, 0),
         NUMBERS(11.5, 22.5, 2, 4, -10, -20));
  CHECK2("mix_rows(%0, %1) {in_h=1, in_w=2, out_h=1, out_w=1}", "[2,1,2,1]", "[1,2]",
         NUMBERS(1, 2, 3, 4), NUMBERS(1, 10), NUMBERS(21, 43));
}

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
