#include "ir/rewrite.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *const sample =
    "graph @t {\n"
    "  %0 = input {name=\"x\"} : f32[?,8]\n"
    "  %1 = input {name=\"unused\"} : f32[?,8]\n"
    "  %2 = constant @dead[8] : f32[8]\n"
    "  %3 = mul(%0, %2) : f32[?,8]\n"
    "  %4 = gelu(%0) : f32[?,8]  // fc1\n"
    "  %5, %6 = kernel(%4) : f32[?,8], f32[?,8] body {\n"
    "    %0 = input {name=\"a0\"} : f32[?,8]\n"
    "    output \"r0\" %0\n"
    "    output \"r1\" %0\n"
    "  }\n"
    "  output \"y\" %6\n"
    "}\n";

static Graph *parse(Arena *arena, const char *text) {
  Diag diag = {.stream = stderr};
  Graph *graph;
  cr_assert_eq(graph_parse(arena, recipe_table_new(arena), &diag, "t", text, &graph), STATUS_OK);
  return graph;
}

static const char *print(const Graph *graph) {
  StringBuilder out = {.arena = graph->arena};
  graph_print(graph, &out);
  return string_builder_text(&out);
}

Test(rewrite, dead_nodes_go_and_inputs_stay) {
  Arena *arena = arena_new();
  cr_assert_str_eq(print(rewrite_drop_dead(parse(arena, sample), arena)),
                   "graph @t {\n"
                   "  %0 = input {name=\"x\"} : f32[?,8]\n"
                   "  %1 = input {name=\"unused\"} : f32[?,8]\n"
                   "  %2 = gelu(%0) : f32[?,8]  // fc1\n"
                   "  %3, %4 = kernel(%2) : f32[?,8], f32[?,8] body {\n"
                   "    %0 = input {name=\"a0\"} : f32[?,8]\n"
                   "    output \"r0\" %0\n"
                   "    output \"r1\" %0\n"
                   "  }\n"
                   "  output \"y\" %4\n"
                   "}\n");
  arena_free(arena);
}

Test(rewrite, a_node_is_replaced_and_its_label_kept) {
  Arena *arena = arena_new();
  const Graph *old = parse(arena, sample);
  Rewrite rw = rewrite_begin(old, arena);
  for (uint32_t i = 0; i < old->node_count; ++i) {
    const Node *node = &old->nodes[i];
    if (node->op == OP_GELU) {
      ValueId x = rewrite_get(&rw, node_operand(node, 0));
      rewrite_set(&rw, node_result(node, 0), build_add(rewrite_builder(&rw, node), x, x));
    } else if (node->op == OP_KERNEL) {
      rewrite_set(&rw, node_result(node, 1), rewrite_get(&rw, node_operand(node, 0)));
    } else {
      rewrite_copy(&rw, node);
    }
  }
  cr_assert(value_is_none(rewrite_get(&rw, VALUE_NONE)));
  const Graph *new = rewrite_end(&rw);
  graph_verify(new, "rewrite");
  cr_assert_str_eq(print(new),
                   "graph @t {\n"
                   "  %0 = input {name=\"x\"} : f32[?,8]\n"
                   "  %1 = input {name=\"unused\"} : f32[?,8]\n"
                   "  %2 = add(%0, %0) : f32[?,8]  // fc1\n"
                   "  output \"y\" %2\n"
                   "}\n");
  arena_free(arena);
}

Test(rewrite, a_value_that_was_forgotten_panics, .exit_code = 70) {
  Arena *arena = arena_new();
  Rewrite rw = rewrite_begin(parse(arena, sample), arena);
  rewrite_end(&rw);
}

Test(rewrite, a_copy_is_the_same_graph) {
  Arena *arena = arena_new(), *old_arena = arena_new();
  const Graph *old = parse(old_arena, sample);
  char *text = arena_strdup(arena, print(old));
  const Graph *copy = rewrite_all(old, arena);
  cr_assert_str_eq(print(copy), text);
  graph_verify(copy, "rewrite");
  arena_free(arena);
  arena_free(old_arena);
}

Test(rewrite, nodes_that_nothing_uses_are_dropped_in_place) {
  Arena *arena = arena_new();
  Graph *graph = rewrite_all(parse(arena, sample), arena);
  const char *copied = print(rewrite_drop_dead(graph, arena));
  cr_assert_str_neq(print(graph), copied, "there is something to drop");
  graph_drop_dead(graph);
  graph_verify(graph, "rewrite");
  cr_assert_str_eq(print(graph), copied);
  cr_assert_eq(rewrite_drop_dead(graph, arena), graph, "there is nothing left to drop");
  arena_free(arena);
}
