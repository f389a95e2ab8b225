/* Hostile IR text. */
#include "hostile.h"

static const char opt[] = "opt % --passes=fold-affine";
static const char pipeline[] = "opt % --shape 1x4x4x4";

enum { MEBI = 1 << 20 };

/* -- files of any size ------------------------------------------------------------------------- */

static void zeros(FILE *file) {
  fputs("graph @m", file);
  grow(file, UINT64_C(5) << 30);
}
static void tebibyte(FILE *file) {
  grow(file, UINT64_C(1) << 40);
}
static void newlines(FILE *file) {
  REPEAT(file, 60 * MEBI, "\n");
}
static void comments(FILE *file) {
  REPEAT(file, 20 * MEBI, "//\n");
}

/* -- nodes ------------------------------------------------------------------------------------- */

static void head(FILE *file) {
  fputs("graph @m {\n%0=input {name=\"x\",nchw=1}:f32[?,?,?,4]\n", file);
}
static void tail(FILE *file, uint32_t last) {
  fprintf(file, "output \"y\" %%%u\n}\n", last);
}
/* `count` nodes that `format` writes: of the number of each and that of the one before. */
static void chain(FILE *file, uint32_t count, void (*write)(FILE *file, uint32_t number)) {
  head(file);
  for (uint32_t i = 1; i <= count; ++i) write(file, i);
  tail(file, count);
}
static void gelu(FILE *file, uint32_t number) {
  fprintf(file, "%%%u=gelu(%%%u)\n", number, number - 1);
}
static void million_nodes(FILE *file) {
  chain(file, 2000000, gelu);
}
static void many_nodes(FILE *file) {
  chain(file, 49150, gelu);
}
static void too_many_nodes(FILE *file) {
  chain(file, 60000, gelu);
}
/* Each reads the first one: values with many readers. */
static void star_arm(FILE *file, uint32_t number) {
  fprintf(file, number % 2 ? "%%%u=gelu(%%0)\n" : "%%%u=add(%%%u,%%0)\n", number, number - 1);
}
static void star(FILE *file) {
  chain(file, 49150, star_arm);
}
static void constant(FILE *file, uint32_t number) {
  fprintf(file, "%%%u=constant fill(%u,[4])\n", number, number);
}
static void input(FILE *file, uint32_t number) {
  fprintf(file, "%%%u=input {name=\"x%u\"}:f32[1]\n", number, number);
}
static void million_inputs(FILE *file) {
  chain(file, 1000000, input);
}
static void million_constants(FILE *file) {
  chain(file, 1000000, constant);
}
static void dead_constants(FILE *file) {
  chain(file, 49150, constant);
}
static void wide_concat(FILE *file) {
  head(file);
  fputs("%1=concat(%0", file);
  REPEAT(file, 5 * MEBI, ",%0");
  fputs(")\n", file);
  tail(file, 1);
}
static void many_results(FILE *file) {
  head(file);
  fputs("%1", file);
  for (uint32_t i = 2; i < 5 * MEBI; ++i) fprintf(file, ",%%%u", i);
  fputs("=gelu(%0)\n", file);
  tail(file, 1);
}
static void many_types(FILE *file) {
  head(file);
  fputs("%1=gelu(%0):f32[1]", file);
  REPEAT(file, 5 * MEBI, ",f32[1]");
  tail(file, 1);
}
static void many_outputs(FILE *file) {
  head(file);
  for (uint32_t i = 0; i < MEBI; ++i) fprintf(file, "output \"%u\" %%0\n", i);
  fputs("}\n", file);
}
static void nested_bodies(FILE *file) {
  head(file);
  REPEAT(file, MEBI, "%1=kernel(%0) body {\n");
}

/* -- words ------------------------------------------------------------------------------------- */

static void long_name(FILE *file) {
  fputs("graph @", file);
  REPEAT(file, 60 * MEBI, "n");
}
static void long_string(FILE *file) {
  fputs("graph @\"", file);
  REPEAT(file, 60 * MEBI, "n");
  fputs("\" {", file);
}
/* Many on one line. */
static void line_of_strings(FILE *file) {
  head(file);
  for (uint32_t i = 0; i < 60; ++i) fprintf(file, "output \"%u\" %%0 ", i);
  fputs("output \"a\" %0 output \"a\" %0 //", file);
  REPEAT(file, 8 * MEBI, "n");
}
static void long_word(FILE *file) {
  head(file);
  fputs("%1=", file);
  REPEAT(file, 60 * MEBI, "n");
}
static void label(FILE *file, uint32_t number) {
  fprintf(file, "%%%u=gelu(%%%u) //", number, number - 1);
  REPEAT(file, 60000, "n");
  fputs("\n", file);
}
static void long_labels(FILE *file) {
  chain(file, 1000, label);
}
static void long_number(FILE *file) {
  fputs("graph @m rounds ", file);
  REPEAT(file, 60 * MEBI, "9");
}

/* -- recipes ----------------------------------------------------------------------------------- */

static void deep_recipe(FILE *file) {
  head(file);
  fputs("%1=constant ", file);
  REPEAT(file, 10 * MEBI, "add(");
}
/* A matrix times a vector, of sums whose halves are again such sums: of many different leaves. */
static void put_sum(FILE *file, uint32_t depth, uint32_t *leaf) {
  if (depth == 0) {
    fprintf(file, "@t%u[4]", (*leaf)++);
    return;
  }
  fputs("add(", file);
  put_sum(file, depth - 1, leaf);
  fputs(",", file);
  put_sum(file, depth - 1, leaf);
  fputs(")", file);
}
static void wide_recipe(FILE *file) {
  uint32_t leaf = 0;
  head(file);
  fputs("%1=constant ", file);
  put_sum(file, 20, &leaf);
  fputs("\n", file);
  tail(file, 0);
}
static void huge_recipe(FILE *file) {
  head(file);
  fputs("%1=constant fill(1,[2147483647,2147483647,2])\n%2=constant iota3([2147483647])\n", file);
  tail(file, 0);
}

static const Hostile rows[] = {
    {"ir_of_zeros", zeros, opt, 1},
    {"ir_of_a_tebibyte", tebibyte, opt, 1},
    {"ir_newlines", newlines, opt, 1},
    {"ir_comments", comments, opt, 1},
    {"ir_million_nodes", million_nodes, opt, 1},
    {"ir_many_nodes", many_nodes, pipeline, 0},
    {"ir_too_many_nodes", too_many_nodes, pipeline, 1},
    {"ir_star", star, pipeline, 0},
    {"ir_million_inputs", million_inputs, opt, 1},
    {"ir_million_constants", million_constants, opt, 1},
    {"ir_dead_constants", dead_constants, opt, 0},
    {"ir_wide_concat", wide_concat, opt, 1},
    {"ir_many_results", many_results, opt, 1},
    {"ir_many_types", many_types, opt, 1},
    {"ir_many_outputs", many_outputs, opt, 1},
    {"ir_nested_bodies", nested_bodies, opt, 1},
    {"ir_long_name", long_name, opt, 1},
    {"ir_long_string", long_string, opt, 1},
    {"ir_line_of_strings", line_of_strings, opt, 1},
    {"ir_long_word", long_word, opt, 1},
    {"ir_long_labels", long_labels, opt, 1},
    {"ir_long_number", long_number, opt, 1},
    {"ir_deep_recipe", deep_recipe, opt, 1},
    {"ir_wide_recipe", wide_recipe, opt, 1},
    {"ir_huge_recipe", huge_recipe, opt, 1},
};

const HostileList hostile_texts = {rows, sizeof rows / sizeof *rows};
