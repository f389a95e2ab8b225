/* One node over declared inputs, as IR text: its type, or the message. */
#ifndef ATMC_TESTS_UNIT_INFER_FIXTURE_H
#define ATMC_TESTS_UNIT_INFER_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ir/infer.h"

typedef struct Case {
  const char *inputs[6]; /* types of %0, %1, .. */
  const char *node;      /* what stands behind "%6 = " */
  const char *expected;
} Case;

/* The type of %6, or what the diagnostic says behind "error: ". */
static inline const char *infer(Arena *arena, const Case *c) {
  StringBuilder text = {.arena = arena};
  string_builder_add(&text, "graph @test {\n");
  for (int i = 0; i < 6 && c->inputs[i]; ++i) {
    string_builder_printf(&text, "%%%d = input {name=\"i%d\"} : %s\n", i, i, c->inputs[i]);
  }
  string_builder_printf(&text, "%%6 = %s\n}\n", c->node);
  char *output;
  size_t length;
  Diag diag = {.stream = open_memstream(&output, &length)};
  Graph *graph;
  Status status = graph_parse(arena, recipe_table_new(arena), &diag, "t", text.text, &graph);
  fclose(diag.stream);
  char *message = arena_strdup(arena, output);
  free(output);
  if (status == STATUS_OK) {
    graph_verify(graph, "parsing");
    return type_format(graph_type(graph, (ValueId){graph->value_count - 1}),
                       arena_alloc(arena, TYPE_TEXT_MAX));
  }
  message = strstr(message, "error: ") + strlen("error: ");
  message[strcspn(message, "\n")] = 0;
  return message;
}

static inline void infer_cases(const Case *cases, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    Arena *arena = arena_new();
    const char *actual = infer(arena, &cases[i]);
    cr_expect_str_eq(actual, cases[i].expected, "%s\n  gives    %s\n  expected %s", cases[i].node,
                     actual, cases[i].expected);
    arena_free(arena);
  }
}

#endif
