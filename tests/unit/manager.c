#include <criterion/criterion.h>
#include <string.h>

#include "ir/builder.h"
#include "passes/pass.h"

/* What `options` make manager_check_options say. */
static char *check(const PassOptions *options, Status expected) {
  static char text[512];
  memset(text, 0, sizeof text);
  FILE *stream = fmemopen(text, sizeof text - 1, "w");
  Diag diag = {.stream = stream};
  cr_expect_eq(manager_check_options(options, &diag), expected);
  fclose(stream);
  return text;
}

Test(manager, suggests_the_nearest_pass) {
  PassOptions options = {.stop_after = "fold-afine"};
  cr_expect_not_null(strstr(check(&options, STATUS_USAGE), "did you mean \"fold-affine\"?"));
  const char *off[] = {"commute-mean"};
  options = (PassOptions){.disabled = off, .disabled_count = 1};
  cr_expect_not_null(strstr(check(&options, STATUS_USAGE), "--disable-pass: no pass"));
}

Test(manager, refuses_to_switch_required_passes_off) {
  const char *off[] = {"form-kernels"};
  PassOptions options = {.disabled = off, .disabled_count = 1};
  cr_expect_not_null(strstr(check(&options, STATUS_USAGE), "cannot be switched off"));
}

Test(manager, accepts_good_names) {
  const char *off[] = {"fold-affine"}, *print[] = {"all", "pack-weights"};
  PassOptions options = {.disabled = off,
                         .disabled_count = 1,
                         .print_after = print,
                         .print_after_count = 2,
                         .stop_after = "chunk-means"};
  cr_expect_str_empty(check(&options, STATUS_OK));
}

typedef struct Run {
  Arena *arena;
  const Graph *before, *after;
  char text[8192];
  bool stopped;
} Run;

/* Runs the first half of the pipeline on layer_norm and linear. */
static Run run(PassOptions options) {
  Run r = {.arena = arena_new()};
  Graph *g = graph_new(r.arena, recipe_table_new(r.arena), "test");
  Builder b = {.graph = g};
  ValueId x = build_input(b, "x", type_map(DIM_OPEN, DIM_OPEN, DIM_OPEN, 8), false);
  ValueId gain = build_constant(b, recipe_tensor(g->recipes, "gain", type_vector(8)));
  ValueId w = build_constant(b, recipe_tensor(g->recipes, "w", type_matrix(4, 8)));
  graph_add_output(g, "y", build_linear(b, build_layer_norm(b, x, gain, gain, 1e-5), w, VALUE_NONE),
                   false);
  Diag diag = {.stream = stderr};
  PassContext context = {.arena = r.arena, .diag = &diag};
  PassList passes = pipeline_passes(PIPELINE_ONCE);
  options.stream = fmemopen(r.text, sizeof r.text - 1, "w");
  options.verify_each = true;
  r.before = g;
  cr_assert_eq(manager_run(&context, &options, passes, g, &r.after, &r.stopped), STATUS_OK);
  fclose(options.stream);
  return r;
}

static bool has_op(const Graph *graph, OpKind op) {
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (graph->nodes[i].op == op) return true;
  }
  return false;
}

Test(manager, runs_all) {
  Run r = run((PassOptions){0});
  cr_expect_not(r.stopped);
  cr_expect_not(has_op(r.after, OP_LAYER_NORM));
  cr_expect_not(has_op(r.after, OP_MUL));
  cr_expect_str_empty(r.text);
  arena_free(r.arena);
}

Test(manager, stops_after_a_pass) {
  Run r = run((PassOptions){.stop_after = "lower-layer-norms"});
  cr_expect(r.stopped);
  cr_expect_not(has_op(r.after, OP_LAYER_NORM));
  cr_expect(has_op(r.after, OP_MUL));
  arena_free(r.arena);
}

Test(manager, leaves_a_pass_out) {
  const char *off[] = {"fold-affine"};
  Run r = run((PassOptions){.disabled = off, .disabled_count = 1});
  cr_expect(has_op(r.after, OP_MUL));
  arena_free(r.arena);
}

Test(manager, stops_after_a_pass_that_is_off) {
  const char *off[] = {"fold-affine"};
  Run r = run((PassOptions){.disabled = off, .disabled_count = 1, .stop_after = "fold-affine"});
  cr_expect(r.stopped);
  arena_free(r.arena);
}

Test(manager, prints_graphs_and_times) {
  const char *print[] = {"fold-affine"};
  Run r = run((PassOptions){.print_after = print, .print_after_count = 1, .time_passes = true});
  cr_expect_not_null(strstr(r.text, "// after fold-affine\ngraph @test {"));
  cr_expect_null(strstr(r.text, "// after lower-layer-norms"));
  cr_expect_not_null(strstr(r.text, " ms  lower-layer-norms"));
  arena_free(r.arena);
}
