#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ir/builder.h"
#include "ir/graph.h"

static const char *print(Graph *graph) {
  StringBuilder out = {.arena = graph->arena};
  graph_print(graph, &out);
  return string_builder_text(&out);
}

/* NULL when the text is refused. */
static Graph *parse(Arena *arena, const char *text) {
  Diag diag = {0};
  Graph *graph;
  Status status = graph_parse(arena, recipe_table_new(arena), &diag, "t", text, &graph);
  cr_assert_eq(diag.errors, status == STATUS_OK ? 0 : 1);
  return status == STATUS_OK ? graph : NULL;
}

static const char *const sample =
    "graph @atmnet.xt {\n"
    "  %0 = input {name=\"image\", nchw=1} : f32[?,?,?,3]\n"
    "  %1 = constant @stem.weight[8,3,7,7] : f32[8,3,7,7]\n"
    "  %2 = constant fill(0.5, [8]) : f32[8]\n"
    "  %3 = conv2d(%0, %1, %2) {window=7x7 stride 4x4 pad 2x2x2x2, groups=1} : f32[?,?,?,8]  // "
    "patch_embed.proj\n"
    "  %4 = layer_norm(%3, %2, %2) {eps=1e-06} : f32[?,?,?,8]\n"
    "  %5, %6 = kernel(%4, %2) : f32[?,?,?,8], f32[?,8] body @mix {  // \" odd \\x01label\"\n"
    "    %0 = input {name=\"a0\"} : f32[?,?,?,8]\n"
    "    %1 = input {name=\"a1\"} : f32[8]\n"
    "    %2 = mul(%0, %1) : f32[?,?,?,8]\n"
    "    %3 = mean_hw(%2) : f32[?,8]  // say \"\\\"\n"
    "    output \"r0\" %2\n"
    "    output \"r1\" %3\n"
    "  }\n"
    "  output \"level0\" %5 {nchw=1}\n"
    "  output \"a \\\"b\\\" \\\\ \\n\\t\\x7f\" %6\n"
    "}\n";

Test(print_parse, what_is_printed_prints_the_same_again) {
  Arena *arena = arena_new();
  Graph *graph = parse(arena, sample);
  cr_assert_not_null(graph);
  graph_verify(graph, "parsing");
  cr_assert_str_eq(print(graph), sample);
  cr_assert_str_eq(graph_node(graph, (NodeId){5})->label, " odd \x01label");
  cr_assert_str_eq(graph->outputs[1].name, "a \"b\" \\ \n\t\x7f");
  arena_free(arena);
}

Test(print_parse, odd_texts_and_reals_survive) {
  static const char *const labels[] = {"", " ", "a ", "\"x\"", "// x", "a\nb", "\xc3\xa4", "}"};
  static const double reals[] = {0, 1e-6, 0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308};
  Arena *arena = arena_new();
  Graph *graph = graph_new(arena, recipe_table_new(arena), "odd name");
  Builder b = {.graph = graph};
  ValueId x = build_input(b, "in\"put", type_matrix(DIM_OPEN, 8), false);
  for (size_t i = 0; i < sizeof labels / sizeof *labels; ++i) {
    x = build_gelu((Builder){.graph = graph, .label = labels[i]}, x);
  }
  for (size_t i = 0; i < sizeof reals / sizeof *reals; ++i) x = build_normalize(b, x, reals[i]);
  Graph *again = parse(arena, print(graph));
  cr_assert_not_null(again);
  cr_assert_str_eq(print(again), print(graph));
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *before = &graph->nodes[i], *after = &again->nodes[i];
    cr_assert(before->label ? after->label && strcmp(before->label, after->label) == 0
                            : !after->label);
    if (before->op == OP_NORMALIZE) {
      cr_assert_eq(before->attrs.NORMALIZE.eps, after->attrs.NORMALIZE.eps);
    }
  }
  arena_free(arena);
}

Test(print_parse, what_people_write_is_read_freely) {
  Arena *arena = arena_new();
  Graph *graph = parse(arena,
                       "// a comment\ngraph@t{%3=input{nchw=0,name=\"x\"}:f32[ ?,8 ]\n"
                       "  // not a label\n\n%7 = gelu(%3)//label\r\noutput\"y\"%7}// end");
  cr_assert_not_null(graph);
  cr_assert_str_eq(print(graph),
                   "graph @t {\n  %0 = input {name=\"x\"} : f32[?,8]\n"
                   "  %1 = gelu(%0) : f32[?,8]  // label\n  output \"y\" %1\n}\n");
  arena_free(arena);
}

Test(print_parse, element_types) {
  Arena *arena = arena_new();
  const char *text =
      "graph @t {\n  %0 = input {name=\"x\"} : f16[?,8]\n"
      "  %1 = input {name=\"y\"} : s32[8]\n}\n";
  Graph *graph = parse(arena, text);
  cr_assert_not_null(graph);
  cr_assert_eq(graph->values[0].type.dtype, DTYPE_F16);
  cr_assert_eq(graph->values[1].type.dtype, DTYPE_S32);
  cr_assert_str_eq(print(graph), text);
  arena_free(arena);
}

typedef struct ErrorCase {
  const char *text; /* behind "graph @t {\n%0 = input {name=\"x\"} : f32[?,8]\n" */
  const char *expected;
} ErrorCase;

static const ErrorCase error_cases[] = {
    {"", "t:3:1: error: expected a value \"%N\", \"output\" or \"}\""},
    {"%1 = gelu(%2)\n}", "t:3:11: error: %2 is not defined here"},
    {"%1 = gelu(%1)\n}", "t:3:11: error: %1 is not defined here"},
    {"%1 = gelo(%0)\n}", "t:3:6: error: no operator \"gelo\""},
    {"%0 = gelu(%0)\n}", "t:3:1: error: %0 after %0: the numbers of values must increase"},
    {"%1, %2 = gelu(%0)\n}", "t:3:1: error: gelu has 1 results, the text names 2"},
    {"%1 = gelu(%0, %0)\n}", "t:3:1: error: gelu: takes 1 operands, got 2"},
    {"%1 = gelu(%0) {eps=1}\n}", "t:3:16: error: gelu has no attribute \"eps\""},
    {"%1 = slice(%0) {begin=1, begin=2}\n}", "t:3:26: error: attribute \"begin\" is given twice"},
    {"%1 = slice(%0) {begin=2147483648}\n}",
     "t:3:23: error: the number must be from -2147483648 to 2147483647"},
    {"%1 = slice(%0) {begin=99999999999999999999}\n}",
     "t:3:23: error: the number must be from -2147483648 to 2147483647"},
    {"%1 = normalize(%0) {eps=1e999}\n}", "t:3:25: error: not a finite number"},
    {"%1 = normalize(%0) {eps=inf}\n}", "t:3:25: error: expected a number"},
    {"%1 = gelu(%0) : f32[1,8]\n}", "t:3:1: error: the type is f32[?,8], the text says f32[1,8]"},
    {"%1 = gelu(%0) : f32[1,8], f32[1]\n}", "t:3:1: error: 2 types for 1 results"},
    {"%1 = input {name=\"y\"}\n}", "t:3:22: error: an input needs one type"},
    {"%1 = input {name=\"y\"} : f64[8]\n}", "t:3:25: error: no element type \"f64\""},
    {"%1 = input {name=\"y\"} : [8]\n}", "t:3:25: error: expected an element type, as f32"},
    {"%1 = input {name=\"x\"} : f32[8]\n}",
     "t:3:1: error: input: there is one named \"x\" already"},
    {"%1 = input {name=\"y\"} : f32[0]\n}",
     "t:3:29: error: the number must be from 1 to 2147483647"},
    {"%1 = input {name=\"y\"} : f32[1,1,1,1,1]\n}",
     "t:3:37: error: a type has at most 4 dimensions"},
    {"%1 = input {name=\"y} : f32[1]\n}", "t:3:18: error: the string does not end on its line"},
    {"%1 = input {name=\"\\q\"} : f32[1]\n}",
     "t:3:19: error: no such escape: there are \\\" \\\\ \\n \\t \\xHH"},
    {"output \"y\" %0 {nchw=1}\n}", "t:3:7: error: output: nchw needs a map"},
    {"} }", "t:3:3: error: text behind the graph"},
    {"%1 = kernel() body { %1 = kernel() body { %1 = kernel() body { %1 = kernel() body {",
     "t:3:84: error: bodies are nested too deeply"},
};

Test(print_parse, errors_have_a_place) {
  for (size_t i = 0; i < sizeof error_cases / sizeof *error_cases; ++i) {
    Arena *arena = arena_new();
    const char *text = arena_printf(arena, "graph @t {\n%%0 = input {name=\"x\"} : f32[?,8]\n%s",
                                    error_cases[i].text);
    char *output;
    size_t length;
    Graph *graph;
    Diag diag = {.stream = open_memstream(&output, &length)};
    cr_expect_eq(graph_parse(arena, recipe_table_new(arena), &diag, "t", text, &graph),
                 STATUS_BAD_INPUT, "%s", error_cases[i].text);
    fclose(diag.stream);
    output[strcspn(output, "\n")] = 0;
    cr_expect_str_eq(output, error_cases[i].expected, "%s\n  says     %s\n  expected %s",
                     error_cases[i].text, output, error_cases[i].expected);
    free(output);
    arena_free(arena);
  }
}

static uint32_t random_next(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* One edit at a seeded place: a character, a piece moved, or the end cut off. */
static void mutate(char *text, uint32_t *state) {
  static const char interesting[] = "%{}()[]\"@=,:?/\\\n-0129xf. body";
  size_t length = strlen(text);
  size_t at = random_next(state) % length;
  size_t from = random_next(state) % length;
  size_t size = random_next(state) % 24;
  size_t room = length - (at > from ? at : from);
  switch (random_next(state) % 8) {
    case 0: text[at] = 0; break;
    case 1: text[at] = (char)random_next(state); break;
    case 2: memmove(text + at, text + from, size < room ? size : room); break;
    default: text[at] = interesting[random_next(state) % (sizeof interesting - 1)]; break;
  }
}

Test(print_parse, no_garbage_crashes_the_parser) {
  uint32_t state = 2463534242;
  uint32_t accepted = 0;
  for (int round = 0; round < 20000; ++round) {
    Arena *arena = arena_new();
    char *text = arena_strdup(arena, sample);
    uint32_t edits = 1 + random_next(&state) % 4;
    for (uint32_t i = 0; i < edits && *text; ++i) mutate(text, &state);
    Graph *graph = parse(arena, text);
    if (graph) {
      ++accepted;
      graph_verify(graph, "garbage");
      Graph *again = parse(arena, print(graph));
      cr_assert_not_null(again);
      cr_assert_str_eq(print(again), print(graph));
    }
    arena_free(arena);
  }
  cr_assert_gt(accepted, 100, "some edits are harmless");
}
