/* Recipes: what each kind evaluates to, interning and simplification, and the text form. */
#include "ir/recipe.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Element i of any tensor is i + 1; tensors called "missing" fail. */
static Status read_counting(void *context, const char *name, double *out, size_t count) {
  (void)context;
  if (strcmp(name, "missing") == 0) return STATUS_BAD_INPUT;
  for (size_t i = 0; i < count; ++i) out[i] = (double)i + 1;
  return STATUS_OK;
}
static const WeightSource counting = {.read = read_counting};

static Arena *arena;
static RecipeTable *table;

static void setup(void) {
  arena = arena_new();
  table = recipe_table_new(arena);
}
static void teardown(void) {
  arena_free(arena);
}
TestSuite(recipe, .init = setup, .fini = teardown);

static const Recipe *parse(const char *text) {
  const char *cursor = text, *error = NULL;
  const Recipe *recipe = recipe_parse(table, &cursor, &error);
  cr_assert_not_null(recipe, "%s: %s at offset %td", text, error, cursor - text);
  cr_assert_eq(*cursor, 0, "%s: not read to the end", text);
  return recipe;
}

static const char *print(const Recipe *recipe) {
  StringBuilder out = {.arena = arena};
  recipe_print(recipe, &out);
  return string_builder_text(&out);
}

/* `text` evaluates to `expected` and has `type`. */
static void check_value(const char *text, const char *type, const double *expected, size_t count) {
  const Recipe *recipe = parse(text);
  char buffer[TYPE_TEXT_MAX];
  double out[64];
  char bytes[64 * 8];
  double again[64];
  cr_expect_str_eq(type_format(recipe->type, buffer), type, "%s: %s", text, buffer);
  cr_assert_eq(recipe_evaluate(recipe, &counting, out), STATUS_OK);
  cr_assert_eq(recipe_write(recipe, &counting, bytes), STATUS_OK);
  dtype_read(recipe->type.dtype, bytes, count, again);
  for (size_t i = 0; i < count; ++i) {
    cr_expect_eq(out[i], expected[i], "%s[%zu]: %g, expected %g", text, i, out[i], expected[i]);
    double rounded = dtype_round(recipe->type.dtype, expected[i]);
    cr_expect_eq(again[i], rounded, "%s[%zu] in memory", text, i);
  }
}
#define CHECK_VALUE(text, type, ...) \
  check_value(text, type, (double[]){__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double))

Test(recipe, evaluates_each_kind) {
  CHECK_VALUE("@a.0[3]", "f32[3]", 1, 2, 3);
  CHECK_VALUE("fill(-0.5, [2,2])", "f32[2,2]", -0.5, -0.5, -0.5, -0.5);
  CHECK_VALUE("iota3([5])", "f32[5]", 0, 1, -1, 0, 1);
  CHECK_VALUE("reshape(@a[2,3], [3,2])", "f32[3,2]", 1, 2, 3, 4, 5, 6);
  CHECK_VALUE("permute(@a[2,3], [1,0])", "f32[3,2]", 1, 4, 2, 5, 3, 6);
  CHECK_VALUE("permute(@a[2,1,3], [2,0,1])", "f32[3,2,1]", 1, 4, 2, 5, 3, 6);
  CHECK_VALUE("permute(@a[2,2,2], [1,0,2])", "f32[2,2,2]", 1, 2, 5, 6, 3, 4, 7, 8);
  CHECK_VALUE("permute(@a[1,2,2,2], [0,2,3,1])", "f32[1,2,2,2]", 1, 5, 2, 6, 3, 7, 4, 8);
  CHECK_VALUE("add(@a[3], iota3([3]))", "f32[3]", 1, 3, 2);
  CHECK_VALUE("mul(@a[3], iota3([3]))", "f32[3]", 0, 2, -3);
  CHECK_VALUE("mul_columns(@a[2,3], @b[3])", "f32[2,3]", 1, 4, 9, 4, 10, 18);
  CHECK_VALUE("mul_rows(@a[2,3], @b[2])", "f32[2,3]", 1, 2, 3, 8, 10, 12);
  CHECK_VALUE("mul_rows(@a[2,1,1,2], @b[2])", "f32[2,1,1,2]", 1, 2, 6, 8);
  CHECK_VALUE("rsqrt(mul(@a[2,2], @b[2,2]))", "f32[2,2]", 1, 0.5, 1.0 / 3, 0.25);
  CHECK_VALUE("exp(mul(iota3([3]), fill(0.69314718055994530942, [3])))", "f32[3]", 1, 2, 0.5);
  CHECK_VALUE("matvec(@a[2,3], @b[3])", "f32[2]", 14, 32);
  CHECK_VALUE("matmul(@a[2,3], @b[3,2])", "f32[2,2]", 22, 28, 49, 64);
  CHECK_VALUE("concat(@a[1,2], @b[2,2])", "f32[3,2]", 1, 2, 1, 2, 3, 4);
  CHECK_VALUE("slice(@a[4,2], 1, 2)", "f32[2,2]", 3, 4, 5, 6);
}

Test(recipe, packs_panels_with_zeros_behind_the_last_row) {
  CHECK_VALUE("pack(@a[3,2], 2)", "f32[2,2,2]", 1, 3, 2, 4, 5, 0, 6, 0);
  CHECK_VALUE("pack(@a[1,2], 4)", "f32[1,2,4]", 1, 0, 0, 0, 2, 0, 0, 0);
  CHECK_VALUE("pack(@a[2,9], 2)", "f32[1,9,2]", 1, 10, 2, 11, 3, 12, 4, 13, 5, 14, 6, 15, 7, 16, 8,
              17, 9, 18);
}

Test(recipe, packs_fours_with_zeros_behind_the_last_row_and_column) {
  CHECK_VALUE("pack4(@a[3,2], 2)", "f32[2,1,2,4]", 1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0);
  CHECK_VALUE("pack8(@a[1,3], 2)", "f32[1,1,2,8]", 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  CHECK_VALUE("winograd(fill(4, [1,9]), 1)", "f32[16,1,1]", 4, 6, 2, 4, 6, 9, 3, 6, 2, 3, 1, 2, 4,
              6, 2, 4);
  CHECK_VALUE("winograd(@a[1,9], 1)", "f32[16,1,1]", 1, 3, 1, 3, 6, 11.25, 3.75, 9, 2, 3.75, 1.25,
              3, 7, 12, 4, 9);
  CHECK_VALUE("pack4(@a[1,5], 2)", "f32[1,2,2,4]", 1, 2, 3, 4, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0);
}

Test(recipe, quantizes_each_row_by_its_largest) {
  CHECK_VALUE("quantize_scale(mul_rows(fill(254, [2,1]), @a[2]))", "f32[2]", 2, 4);
  CHECK_VALUE("quantize(@a[2,2])", "f32[2,2]", 64, 127, 95, 127); /* 63.5 and 95.25 */
  CHECK_VALUE("quantize(mul(@a[1,2], fill(-3, [1,2])))", "f32[1,2]", -64, -127);
  CHECK_VALUE("quantize(fill(0, [1,2]))", "f32[1,2]", 0, 0);
  CHECK_VALUE("quantize_scale(fill(0, [1,2]))", "f32[1]", 0);
  CHECK_VALUE("round(quantize(@a[2,2]), s8)", "s8[2,2]", 64, 127, 95, 127);
  CHECK_VALUE("round(matvec(quantize(@a[2,2]), fill(-128, [2])), s32)", "s32[2]", -191 * 128,
              -222 * 128);
}

Test(recipe, rounds_once) {
  const Recipe *third = parse("mul(fill(0.1, [1]), fill(0.3, [1]))");
  float out;
  cr_assert_eq(recipe_write(third, &counting, &out), STATUS_OK);
  cr_assert_eq(out, (float)(0.1 * 0.3));
}

Test(recipe, rounds_to_halves) {
  double third = 1365.0 / 4096; /* 11 bits */
  CHECK_VALUE("round(mul(@a[3], fill(0.3333333333333333, [3])), f16)", "f16[3]", third, 2 * third,
              1);
  CHECK_VALUE("round(fill(65519, [1]), f16)", "f16[1]", 65504);
  CHECK_VALUE("round(fill(inf, [1]), f16)", "f16[1]", INFINITY);
  CHECK_VALUE("round(fill(1e-9, [1]), f16)", "f16[1]", 0);
}

Test(recipe, says_what_is_too_large_to_be_rounded) {
  const Recipe *large = parse("round(mul_rows(@head.w[2,2], fill(-22000, [2])), f16)");
  char *text;
  size_t length;
  Diag diag = {.stream = open_memstream(&text, &length)};
  WeightSource source = {.read = read_counting, .diag = &diag};
  double out[4];
  cr_assert_eq(recipe_evaluate(large, &source, out), STATUS_BAD_INPUT);
  cr_assert_eq(recipe_evaluate(large, &counting, out), STATUS_BAD_INPUT);
  (void)fclose(diag.stream);
  cr_expect_str_eq(text, "atmc: error: weights: -66000, made of head.w, is too large for f16\n",
                   "%s", text);
  free(text);
}

Test(recipe, passes_failures_of_the_source_on) {
  double out[64];
  static const char *const texts[] = {
      "@missing[4]",
      "reshape(@missing[4], [2,2])",
      "permute(@missing[2,2], [1,0])",
      "add(@a[4], @missing[4])",
      "mul(@missing[4], @a[4])",
      "mul_columns(@missing[2,2], @a[2])",
      "mul_columns(@a[2,2], @missing[2])",
      "mul_rows(@missing[2,2], @a[2])",
      "mul_rows(@a[2,2], @missing[2])",
      "rsqrt(@missing[4])",
      "exp(@missing[4])",
      "matvec(@a[4,2], @missing[2])",
      "matvec(@missing[4,2], @a[2])",
      "matmul(@missing[2,2], @a[2,2])",
      "matmul(@a[2,2], @missing[2,2])",
      "concat(@a[2], @missing[2])",
      "concat(@missing[2], @a[2])",
      "slice(@missing[8], 0, 4)",
      "pack(@missing[2,2], 2)",
      "pack4(@missing[2,4], 2)",
      "winograd(@missing[1,9], 1)",
      "quantize(@missing[2,2])",
      "quantize_scale(@missing[2,2])",
      "round(@missing[2], f16)",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    cr_expect_eq(recipe_evaluate(parse(texts[i]), &counting, out), STATUS_BAD_INPUT, "%s",
                 texts[i]);
    cr_expect_eq(recipe_write(parse(texts[i]), &counting, out), STATUS_BAD_INPUT, "%s", texts[i]);
  }
}

Test(recipe, interns_equal_recipes) {
  cr_assert_eq(parse("add(@a[3], @b[3])"), parse("add( @a[3],@b[3] )"));
  cr_assert_neq(parse("add(@a[3], @b[3])"), parse("add(@b[3], @a[3])"));
  cr_assert_neq(parse("@a[3]"), parse("@a[3,1]"));
  cr_assert_eq(parse("round(@a[3], f16)"), recipe_round(table, parse("@a[3]"), DTYPE_F16));
  cr_assert_neq(parse("fill(0, [3])"), parse("fill(-0.0, [3])"));
  cr_assert_neq(parse("slice(@a[3], 0, 1)"), parse("slice(@a[3], 1, 1)"));
}

Test(recipe, interns_many) {
  enum { COUNT = 3000 };
  const Recipe *made[COUNT];
  for (int i = 0; i < COUNT; ++i) made[i] = recipe_fill(table, i, type_vector(7));
  for (int i = 0; i < COUNT; ++i) {
    cr_assert_eq(made[i], recipe_fill(table, i, type_vector(7)));
    cr_assert_eq(made[i]->id, (uint32_t)i);
  }
}

Test(recipe, simplifies_what_is_equal_without_doubt) {
  static const char *const pairs[][2] = {
      {"reshape(reshape(@a[4,3], [12]), [2,6])", "reshape(@a[4,3], [2,6])"},
      {"reshape(reshape(@a[4,3], [12]), [4,3])", "@a[4,3]"},
      {"reshape(fill(2, [4]), [2,2])", "fill(2, [2,2])"},
      {"permute(@a[4,3], [0,1])", "@a[4,3]"},
      {"permute(fill(2, [4,3]), [1,0])", "fill(2, [3,4])"},
      {"slice(slice(@a[9], 2, 6), 1, 3)", "slice(@a[9], 3, 3)"},
      {"slice(@a[9], 0, 9)", "@a[9]"},
      {"slice(fill(2, [9]), 3, 2)", "fill(2, [2])"},
      {"add(@a[9], fill(0, [9]))", "@a[9]"},
      {"add(fill(0, [9]), @a[9])", "@a[9]"},
      {"mul(fill(1, [9]), @a[9])", "@a[9]"},
      {"mul_rows(@a[2,3], fill(1, [2]))", "@a[2,3]"},
      {"mul_columns(@a[2,3], fill(1, [3]))", "@a[2,3]"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; ++i) {
    cr_expect_eq(parse(pairs[i][0]), parse(pairs[i][1]), "%s gives %s", pairs[i][0],
                 print(parse(pairs[i][0])));
  }
  cr_expect(recipe_is_fill(parse("reshape(fill(2, [4]), [2,2])"), 2));
  cr_expect_not(recipe_is_fill(parse("@a[4]"), 2));
}

Test(recipe, text_reads_back) {
  static const char *const texts[] = {
      "@blocks.0.0.atm.proj.weight[64,64]",
      "@\"odd name\"[1]",
      "@\"\"[1]",
      "@\"q\\\"b\\\\n\\ny/\xc3\xa9\"[2,3,4,5]",
      "fill(0.1, [64])",
      "fill(-1e-300, [1])",
      "fill(inf, [1])",
      "fill(3, [1,2])",
      "iota3([64])",
      "reshape(@a[6], [2,3])",
      "permute(@a[2,3,4], [2,0,1])",
      "pack(mul_columns(permute(@a[2,3], [1,0]), @b[2]), 32)",
      "add(matvec(@a[2,3], @b[3]), slice(@c[9], 4, 2))",
      "concat(matmul(@a[2,3], @b[3,2]), mul_rows(@c[1,2], @d[1]))",
      "mul(@a[2], @b[2])",
      "round(pack(@a[2,3], 32), f16)",
      "round(pack4(quantize(@a[2,3]), 32), s8)",
      "round(pack8(quantize(@a[2,3]), 32), s8)",
      "winograd(@a[5,18], 32)",
      "quantize_scale(@a[2,3])",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    cr_expect_str_eq(print(parse(texts[i])), texts[i]);
  }
}

Test(recipe, prints_doubles_that_read_back) {
  static const double values[] = {0.1, 1.0 / 3, 1e22, 5e-324, 1.7976931348623157e308, -0.0};
  for (size_t i = 0; i < sizeof values / sizeof *values; ++i) {
    const Recipe *recipe = recipe_fill(table, values[i], type_vector(1));
    cr_expect_eq(parse(print(recipe)), recipe, "%s", print(recipe));
  }
  const Recipe *not_a_number = recipe_fill(table, NAN, type_vector(1));
  cr_expect(isnan(parse(print(not_a_number))->fill));
}

/* Parsing `text` fails at `offset` with `message`. */
static void check_error(const char *text, int offset, const char *message) {
  const char *cursor = text, *error = NULL;
  cr_expect_null(recipe_parse(table, &cursor, &error), "%s was accepted", text);
  cr_assert_not_null(error, "%s", text);
  cr_expect_str_eq(error, message, "%s: %s", text, error);
  cr_expect_eq(cursor - text, offset, "%s: error at %td", text, cursor - text);
}

Test(recipe, refuses_bad_syntax) {
  check_error("", 0, "expected a recipe");
  check_error("nothing([3])", 0, "expected a recipe");
  check_error("add", 3, "expected '('");
  check_error("add(@a[3])", 9, "expected ','");
  check_error("add(@a[3], @b[3]", 16, "expected ')'");
  check_error("@[3]", 1, "expected a tensor name");
  check_error("@\"a[3]", 6, "name is not closed");
  check_error("@\"a\\q\"[3]", 4, "bad escape in name");
  check_error("@\"a\\x00\"[3]", 4, "bad escape in name");
  check_error("@a", 2, "expected '['");
  check_error("@a[]", 3, "expected an integer");
  check_error("@a[0]", 3, "expected a positive integer");
  check_error("@a[-1]", 3, "expected an integer");
  check_error("@a[1,2,3,4,5]", 11, "more than 4 dimensions");
  check_error("@a[99999999999999999999]", 3, "integer is too large");
  check_error("@a[4000000000,4000000000]", 25, "shape has too many elements");
  check_error("fill(x, [1])", 5, "expected a number");
  check_error("fill(\n1, [1])", 5, "expected a number");
  check_error("fill(1 [1])", 7, "expected ','");
  check_error("slice(@a[4], x, 1)", 13, "expected an integer");
  check_error("slice(@a[4], 1 1)", 15, "expected ','");
  check_error("slice(@a[4], 1, x)", 16, "expected an integer");
  check_error("@\"a\\x4g\"[3]", 4, "bad escape in name");
  check_error("@\"a\\xg4\"[3]", 4, "bad escape in name");
  check_error("@\"a\\x", 4, "bad escape in name");
  check_error("permute(@a[4,3], [1,0,2,3,4])", 26, "more than 4 dimensions");
  check_error("round(@a[1], f61)", 13, "expected an element type, as f16");
}

Test(recipe, refuses_shapes_that_do_not_fit) {
  check_error("reshape(@a[4], [3])", 0, "reshape must keep the number of elements");
  check_error("permute(@a[4,3], [0,0])", 0, "permutation names a dimension twice");
  check_error("permute(@a[4,3], [0,2])", 0, "permutation names a dimension that does not exist");
  check_error("permute(@a[4,3], [0])", 20, "permutation has the wrong length");
  check_error("add(@a[4], @b[3])", 0, "operands must have the same shape");
  check_error("mul_columns(@a[4], @b[4])", 0, "first operand must be a matrix");
  check_error("mul_columns(@a[4,3], @b[4])", 0,
              "second operand must have one element for each column");
  check_error("mul_rows(@a[4,3], @b[3])", 0, "second operand must have one element for each row");
  check_error("mul_rows(@a[4,3], @b[4,1])", 0, "second operand must have one element for each row");
  check_error("matmul(@a[4], @b[4,3])", 0, "operands must be matrices");
  check_error("matmul(@a[4,3], @b[3])", 0, "operands must be matrices");
  check_error("slice(@a[4], 5, 1)", 0, "slice is out of range");
  check_error("slice(@a[4], 0, 5)", 0, "slice is out of range");
  check_error("quantize(@a[4])", 0, "operand must be a matrix");
  check_error("quantize_scale(@a[4])", 0, "operand must be a matrix");
  check_error("iota3([3,1])", 0, "iota3 must have rank 1");
  check_error("matvec(@a[4,3], @b[4])", 0, "second operand must have one element for each column");
  check_error("matmul(@a[4,3], @b[4,3])", 0,
              "columns of the first and rows of the second must agree");
  check_error("concat(@a[4,3], @b[4,2])", 0,
              "operands must agree in all but the outermost dimension");
  check_error("slice(@a[4], 2, 3)", 0, "slice is out of range");
  check_error("slice(@a[4], 9223372036854775807, 1)", 0, "slice is out of range");
  check_error("pack(@a[4], 2)", 0, "operand must be a matrix");
  check_error("winograd(@a[4,10], 2)", 0, "the matrix must have 9 taps of columns");
  check_error("winograd(@a[9], 2)", 0, "operand must be a matrix");
  check_error("winograd(@a[4,9], 0)", 18, "expected a positive integer");
  check_error("round(@a[4], f32)", 0, "weights cannot be rounded to this element type");
  check_error("add(@a[4], round(@a[4], f16))", 0, "nothing is computed from rounded weights");
  check_error("pack(@a[4,4], 9223372036854775807)", 0,
              "shape has an open dimension or too many elements");
}

Test(recipe, refuses_deep_nesting) {
  StringBuilder text = {.arena = arena};
  for (int i = 0; i < 5000; ++i) string_builder_add(&text, "matvec(");
  const char *cursor = string_builder_text(&text), *error = NULL;
  cr_assert_null(recipe_parse(table, &cursor, &error));
  cr_assert_str_eq(error, "recipe is nested too deeply");
}
