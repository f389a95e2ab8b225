#include "passes/group_nodes.h"

#include <criterion/criterion.h>

#include "ir/builder.h"
#include "passes/pass.h"

static Builder new_graph(void) {
  Arena *arena = arena_new();
  return (Builder){.graph = graph_new(arena, recipe_table_new(arena), "test")};
}

static ValueId weight(Builder b, const char *name, Type type) {
  return build_constant(b, recipe_tensor(b.graph->recipes, name, type));
}

static uint32_t group_of(const Graph *graph, NodeGroups groups, ValueId v) {
  return groups.of_node[graph->values[v.index].node.index];
}

Test(group_nodes, a_reader_of_whole_maps_begins_a_group) {
  Builder b = new_graph();
  ValueId x = build_input(b, "x", type_map(1, 4, 4, 8), false);
  ValueId before = build_gelu(b, x);
  ValueId taps = weight(b, "taps", type_matrix(9, 8));
  ValueId read = build_depthwise(b, before, taps, VALUE_NONE, window_make(3, 3, 1, 1, 1, 1));
  ValueId after = build_add(b, read, before);
  graph_add_output(b.graph, "y", after, false);
  NodeGroups groups = group_nodes(b.graph, b.graph->arena);
  cr_expect_eq(groups.count, 2);
  cr_expect_eq(group_of(b.graph, groups, before), 0);
  cr_expect_eq(group_of(b.graph, groups, read), 1);
  cr_expect_eq(group_of(b.graph, groups, after), 1);
  cr_expect_eq(group_of(b.graph, groups, x), NO_GROUP);
}

/* What the mixing weights wait for runs behind them when that keeps no more in memory. */
Test(group_nodes, nodes_sink_to_their_readers) {
  Builder b = new_graph();
  ValueId x = build_input(b, "x", type_map(1, 4, 4, 8), false);
  ValueId kept = build_gelu(b, x);
  ValueId wide = build_linear(b, kept, weight(b, "w", type_matrix(16, 8)), VALUE_NONE);
  ValueId narrow = build_linear(b, kept, weight(b, "v", type_matrix(4, 8)), VALUE_NONE);
  ValueId mean = build_mean_chunks(b, build_sum_chunks(b, kept, 1), 16);
  ValueId both = build_linear(b, mean, weight(b, "m", type_matrix(16, 8)), VALUE_NONE);
  ValueId y = build_mul(b, wide, both);
  ValueId z = build_mul(b, narrow, build_slice(b, both, 4, 4));
  graph_add_output(b.graph, "y", y, false);
  graph_add_output(b.graph, "z", z, false);
  NodeGroups groups = group_nodes(b.graph, b.graph->arena);
  cr_expect_eq(groups.count, 3);
  cr_expect_eq(group_of(b.graph, groups, kept), 0);
  cr_expect_eq(group_of(b.graph, groups, mean), 1);
  cr_expect_eq(group_of(b.graph, groups, wide), 2, "8 channels are kept instead of 16");
  cr_expect_eq(group_of(b.graph, groups, y), 2);
  cr_expect_eq(group_of(b.graph, groups, z), 2);
  cr_expect_neq(group_of(b.graph, groups, narrow), 1);
}

static ValueId cut_linear(Builder b, const char *name, ValueId x, int64_t channels) {
  int64_t depth = type_channels(graph_type(b.graph, x));
  Type packed = {.rank = 3, .dims = {(channels + 31) / 32, depth, 32}};
  Node node = {.op = OP_PACKED_LINEAR, .operand_count = 2};
  node.operands = (ValueId[]){x, weight(b, name, packed)};
  node.attrs.PACKED_LINEAR =
      (AttrsPACKED_LINEAR){.panel = 32, .channels = (int32_t)channels, .column_blocks = 4};
  return node_result(graph_node(b.graph, graph_append(b.graph, &node)), 0);
}

/* Cut by columns: what reads all columns of a product, or what it reads, is in other groups; a
 * branch sinks behind its mixing weights all the same. */
Test(group_nodes, products_cut_by_columns_stand_alone) {
  Builder b = new_graph();
  ValueId x = build_input(b, "x", type_map(1, 4, 4, 128), false);
  ValueId t = build_normalize(b, x, 1e-5);
  ValueId branch = cut_linear(b, "branch", t, 128);
  ValueId mean = build_mean_chunks(b, build_sum_chunks(b, t, 1), 16);
  ValueId mixed = build_mul(b, branch, mean);
  ValueId proj = cut_linear(b, "proj", mixed, 128);
  ValueId sum = build_add(b, x, proj);
  ValueId next = build_normalize(b, sum, 1e-5);
  ValueId wide = build_gelu(b, cut_linear(b, "fc1", next, 256));
  ValueId y = build_mul(b, build_slice(b, wide, 0, 128), build_slice(b, wide, 128, 128));
  graph_add_output(b.graph, "y", y, false);
  NodeGroups groups = group_nodes(b.graph, b.graph->arena);
  uint32_t of[] = {group_of(b.graph, groups, t),     group_of(b.graph, groups, mean),
                   group_of(b.graph, groups, mixed), group_of(b.graph, groups, proj),
                   group_of(b.graph, groups, next),  group_of(b.graph, groups, wide),
                   group_of(b.graph, groups, y)};
  for (uint32_t i = 0; i < 7; ++i) cr_expect_eq(of[i], i);
  cr_expect_eq(groups.count, 7);
  cr_expect_eq(group_of(b.graph, groups, branch), of[2]);
  cr_expect_eq(group_of(b.graph, groups, sum), of[3]);
}

Test(group_nodes, groups_end_before_they_have_too_many_operands) {
  Builder b = new_graph();
  Graph *graph = b.graph;
  ValueId v = build_input(b, "x", type_matrix(1, 16), false);
  for (uint32_t i = 0; i < 100; ++i) {
    ValueId w = weight(b, arena_printf(graph->arena, "w%u", i), type_matrix(16, 16));
    ValueId bias = weight(b, arena_printf(graph->arena, "b%u", i), type_vector(16));
    v = build_gelu(b, build_linear(b, v, w, bias));
  }
  graph_add_output(graph, "y", v, false);
  PassContext context = {.arena = graph->arena};
  const Graph *kernels;
  cr_assert_eq(form_kernels(&context, graph, &kernels), STATUS_OK);
  uint32_t count = 0;
  for (uint32_t i = 0; i < kernels->node_count; ++i) {
    if (kernels->nodes[i].op != OP_KERNEL) continue;
    cr_expect_leq(kernels->nodes[i].operand_count, op_info(OP_KERNEL)->max_operands);
    ++count;
  }
  cr_expect_geq(count, 4);
  cr_expect_leq(count, 10);
}

/* Only what comes from outside is an operand: 100 nodes that read each other have one. */
Test(group_nodes, what_a_group_makes_is_no_operand_of_it) {
  Builder b = new_graph();
  ValueId v = build_input(b, "x", type_map(1, 4, 4, 8), false);
  for (uint32_t i = 0; i < 100; ++i) v = build_gelu(b, v);
  graph_add_output(b.graph, "y", v, false);
  NodeGroups groups = group_nodes(b.graph, b.graph->arena);
  cr_expect_eq(groups.count, 1);
}

/* A winograd and what sums or multiplies rows are kernels apart; a resize and what is pointwise may
 * stand beside it. */
Test(group_nodes, winograd_stands_beside_what_cuts_no_rows) {
  Builder b = new_graph();
  ValueId x = build_input(b, "x", type_map(1, 8, 8, 32), false);
  ValueId before = build_gelu(b, x);
  ValueId small = build_average_pool(b, x, window_make(2, 2, 2, 2, 0, 0), true);
  ValueId w = weight(b, "w", type_make(3, (const int64_t[]){16, 32, 32}));
  AttrsWINOGRAD attrs = {.window = window_make(3, 3, 1, 1, 1, 1), .panel = 32, .channels = 32};
  ValueId sum = build_sum_chunks(b, before, 2);
  ValueId conv = build_winograd(b, before, w, VALUE_NONE, attrs);
  ValueId large = build_resize(b, small, VALUE_NONE, (AttrsRESIZE){.height = 8, .width = 8});
  ValueId both = build_add(b, build_relu(b, conv), large);
  ValueId after = build_linear(b, both, weight(b, "v", type_matrix(4, 32)), VALUE_NONE);
  ValueId total = build_sum_chunks(b, both, 2);
  ValueId last = build_add(b, build_winograd(b, both, w, VALUE_NONE, attrs), both);
  ValueId y = build_linear(b, last, weight(b, "u", type_matrix(4, 32)), VALUE_NONE);
  graph_add_output(b.graph, "sum", sum, false);
  graph_add_output(b.graph, "after", after, false);
  graph_add_output(b.graph, "total", total, false);
  graph_add_output(b.graph, "y", y, false);
  NodeGroups groups = group_nodes(b.graph, b.graph->arena);
  uint32_t home = group_of(b.graph, groups, conv);
  cr_expect_eq(group_of(b.graph, groups, both), home);
  cr_expect_eq(group_of(b.graph, groups, large), home);
  cr_expect_neq(group_of(b.graph, groups, sum), home);
  cr_expect_neq(group_of(b.graph, groups, after), home);
  cr_expect_neq(group_of(b.graph, groups, total), home);
  cr_expect_neq(group_of(b.graph, groups, last), group_of(b.graph, groups, y), "it does not sink");
}
