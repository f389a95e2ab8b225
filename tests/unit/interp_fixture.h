/* What the tests of the interpreter share: ops as IR text, and numbers by hand. */
#ifndef ATMC_TESTS_UNIT_INTERP_FIXTURE_H
#define ATMC_TESTS_UNIT_INTERP_FIXTURE_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backend.h"

enum { MAX_TENSORS = 4 };

static Arena *arena;
static RecipeTable *recipes;

static inline void setup(void) {
  arena = arena_new();
  recipes = recipe_table_new(arena);
}
static inline void teardown(void) {
  arena_free(arena);
}

/* Element i of any tensor is i + 1; "missing" fails. */
static inline Status read_counting(void *context, const char *name, double *out, size_t count) {
  (void)context;
  if (strcmp(name, "missing") == 0) return STATUS_BAD_INPUT;
  for (size_t i = 0; i < count; ++i) out[i] = (double)i + 1;
  return STATUS_OK;
}
static const WeightSource counting = {.read = read_counting};

static inline Graph *parse(const char *text) {
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

static inline bool is_near(double a, double b) {
  return (isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-12 * fmax(1, fabs(b));
}

static inline void check_output(const char *text, const InterpTensor *output, Numbers expected) {
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
static inline void check(const char *text, const Numbers *inputs, Numbers expected) {
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

#define WINDOW(k, s, p) "window=" #k "x" #k " stride " #s "x" #s " pad " #p "x" #p "x" #p "x" #p

#endif
