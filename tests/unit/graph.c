#include "ir/graph.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "ir/builder.h"

static Graph *new_graph(void) {
  Arena *arena = arena_new();
  return graph_new(arena, recipe_table_new(arena), "test");
}

Test(op, the_table_follows_the_definitions) {
  for (uint32_t i = 0; i < OP_KIND_COUNT; ++i) {
    const OpInfo *info = op_info((OpKind)i);
    OpKind found = OP_KIND_COUNT;
    cr_assert(op_find(info->text, &found));
    cr_assert_eq(found, i);
    cr_assert_leq(info->min_operands, info->max_operands);
  }
  const OpInfo *conv = op_info(OP_CONV2D);
  cr_assert_eq(conv->attr_count, 2);
  cr_assert_eq(conv->attrs[0].kind, ATTR_WINDOW);
  cr_assert_str_eq(conv->attrs[1].name, "groups");
  cr_assert_eq(conv->attrs[1].offset, offsetof(Attrs, CONV2D.groups));
  cr_assert_eq(op_info(OP_ADD)->attr_count, 0);
  cr_assert_eq(op_info(OP_NORMALIZE)->attrs[0].kind, ATTR_REAL);
  cr_assert(op_has(OP_GELU, OP_POINTWISE));
  cr_assert_not(op_has(OP_LINEAR, OP_POINTWISE));
  OpKind kind;
  cr_assert_not(op_find("conv3d", &kind));
}

Test(graph, values_know_their_nodes) {
  Graph *g = new_graph();
  Builder b = {.graph = g, .label = "head"};
  ValueId x = build_input(b, "x", type_map(DIM_OPEN, 7, 7, 8), false);
  ValueId gain = build_constant(b, recipe_fill(g->recipes, 2, type_vector(8)));
  ValueId y = build_mul(b, x, gain);
  ValueId z = build_add(b, y, x);
  graph_add_output(g, "z", z, true);
  graph_verify(g, "test");

  cr_assert_eq(graph_def(g, y)->op, OP_MUL);
  cr_assert(value_equal(node_operand(graph_def(g, z), 1), x));
  cr_assert(value_is_none(node_operand(graph_def(g, z), 2)));
  cr_assert_not_null(graph_recipe(g, gain));
  cr_assert_null(graph_recipe(g, y));
  cr_assert_null(graph_recipe(g, VALUE_NONE));
  cr_assert_str_eq(graph_def(g, z)->label, "head");
  const uint32_t *uses = graph_use_counts(g, g->arena);
  cr_assert_eq(uses[x.index], 2);
  cr_assert_eq(uses[y.index], 1);
  cr_assert_eq(uses[z.index], 1);
  NodeId input;
  cr_assert_eq(graph_inputs(g, &input, 1), 1);
  cr_assert_eq(graph_node(g, input)->op, OP_INPUT);
  cr_assert_eq(graph_inputs(g, NULL, 0), 1);
  arena_free(g->arena);
}

Test(graph, absent_operands_at_the_end_are_not_counted) {
  Graph *g = new_graph();
  Builder b = {.graph = g};
  ValueId x = build_input(b, "x", type_matrix(1, 8), false);
  ValueId w = build_constant(b, recipe_fill(g->recipes, 1, type_matrix(4, 8)));
  ValueId y = build_linear(b, x, w, VALUE_NONE);
  cr_assert_eq(graph_def(g, y)->operand_count, 2);
  cr_assert(type_equal(graph_type(g, y), type_matrix(1, 4)));
  arena_free(g->arena);
}

Test(graph, texts_and_operands_are_copied) {
  Graph *g = new_graph();
  char name[] = "image", label[] = "stem";
  ValueId x = build_input((Builder){.graph = g, .label = label}, name, type_matrix(1, 8), false);
  name[0] = label[0] = '?';
  cr_assert_str_eq(graph_def(g, x)->attrs.INPUT.name, "image");
  cr_assert_str_eq(graph_def(g, x)->label, "stem");
  arena_free(g->arena);
}

Test(graph, a_misfit_appends_nothing) {
  Graph *g = new_graph();
  Builder b = {.graph = g};
  ValueId x = build_input(b, "x", type_matrix(1, 8), false);
  NodeId id;
  Node bad = {.op = OP_MEAN_HW, .operands = &x, .operand_count = 1};
  cr_assert_str_eq(graph_try_append(g, &bad, &id), "mean_hw: needs a map [N,H,W,C], got f32[1,8]");
  Node missing = {.op = OP_GELU, .operands = (ValueId[]){{7}}, .operand_count = 1};
  cr_assert_str_eq(graph_try_append(g, &missing, &id), "gelu: operand 0 is missing");
  Node again = {.op = OP_INPUT, .attrs.INPUT = {.declared = type_vector(1), .name = "x"}};
  cr_assert_str_eq(graph_try_append(g, &again, &id), "input: there is one named \"x\" already");
  cr_assert_eq(g->node_count, 1);
  cr_assert_eq(g->value_count, 1);
  arena_free(g->arena);
}

Test(graph, outputs_are_checked) {
  Graph *g = new_graph();
  ValueId x = build_input((Builder){.graph = g}, "x", type_matrix(1, 8), false);
  cr_assert_str_eq(graph_try_add_output(g, "y", (ValueId){9}, false),
                   "output: the value is missing");
  cr_assert_str_eq(graph_try_add_output(g, "", x, false), "output: needs a name");
  cr_assert_str_eq(graph_try_add_output(g, "y", x, true), "output: nchw needs a map");
  cr_assert_null(graph_try_add_output(g, "y", x, false));
  cr_assert_str_eq(graph_try_add_output(g, "y", x, false),
                   "output: there is one named \"y\" already");
  arena_free(g->arena);
}

Test(graph, a_builder_misfit_panics, .exit_code = 70) {
  Graph *g = new_graph();
  Builder b = {.graph = g};
  build_mean_hw(b, build_input(b, "x", type_matrix(1, 8), false));
}

Test(verify, a_changed_type_panics, .exit_code = 70) {
  Graph *g = new_graph();
  Builder b = {.graph = g};
  ValueId y = build_gelu(b, build_input(b, "x", type_matrix(1, 8), false));
  ((Value *)g->values)[y.index].type.dims[1] = 9;
  graph_verify(g, "vandalism");
}

Test(verify, an_operand_behind_its_user_panics, .exit_code = 70) {
  Graph *g = new_graph();
  Builder b = {.graph = g};
  ValueId y = build_gelu(b, build_input(b, "x", type_matrix(1, 8), false));
  ((ValueId *)graph_def(g, y)->operands)[0] = y;
  graph_verify(g, "vandalism");
}
