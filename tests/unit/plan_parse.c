/* Plans as text: what is printed reads back as the same plan, and what is not one is refused. */
#include "plan_text_fixture.h"

static Text print_model(const char *model, const char *isa, const char *triple, Type type) {
  char path[512];
  snprintf(path, sizeof path, "%s/examples/models/%s.json", ATMC_SOURCE_DIR, model);
  return print_file(path, &(TargetRequest){.isa = isa, .triple = triple}, false, type);
}

/* Line `line` of `text` begins with `start`. */
static void check_line(const char *text, uint32_t line, const char *start) {
  cr_assert_gt(line, 0u);
  for (uint32_t i = 1; i < line; ++i) {
    text = strchr(text, '\n');
    cr_assert(text, "no line %u", line);
    ++text;
  }
  cr_expect_eq(strncmp(text, start, strlen(start)), 0, "line %u is not \"%s\"", line, start);
}

/* Where things stand, the printer says. */
static void check_lines(const Plan *plan, Arena *arena) {
  PlanLines lines;
  StringBuilder out = {.arena = arena};
  string_builder_add(&out, "what stands\nbefore\n");
  size_t before = out.length;
  plan_print_lines(plan, &out, &lines);
  const char *text = string_builder_text(&out) + before;
  for (uint32_t k = 0; k < plan->kernel_count; ++k) {
    const PlanKernel *kernel = &plan->kernels[k];
    check_line(text, lines.kernels[k].kernel, arena_printf(arena, "kernel %s\n", kernel->name));
    for (uint32_t i = 0; i < kernel->body->node_count; ++i) {
      const Node *node = &kernel->body->nodes[i];
      uint32_t line = lines.kernels[k].nodes[i], value = node_result(node, 0).index;
      const char *indent = op_has(node->op, OP_VIEW) ? "  view " : "    ";
      if (node->op == OP_INPUT) {
        cr_expect_eq(line, 0u);
      } else {
        check_line(text, line, arena_printf(arena, "%s%%%u", indent, value));
      }
    }
  }
  for (uint32_t i = 0; i < plan->step_count; ++i) {
    const char *name = plan->kernels[plan->steps[i].kernel].name;
    check_line(text, lines.steps[i], arena_printf(arena, "step %s (", name));
  }
}

static void check(const char *model, const char *isa, const char *triple, Type type) {
  Text t = print_model(model, isa, triple, type);
  Diag diag = {.stream = stderr};
  const Plan *plan = NULL;
  PlanText from = {"p.plan", t.text, t.target};
  cr_assert_eq(plan_parse(t.arena, t.recipes, &diag, &from, &plan), STATUS_OK, "%s", model);
  check_lines(plan, t.arena);
  StringBuilder out = {.arena = t.arena};
  plan_print(plan, &out);
  cr_expect(strcmp(t.text, string_builder_text(&out)) == 0, "%s, %s", model, t.target->name);
  arena_free(t.arena);
}

static void check_targets(const char *model, Type type) {
  check(model, "v4", NULL, type);
  check(model, "v3", NULL, type);
  check(model, "v2", NULL, type);
  check(model, NULL, "aarch64-linux-gnu", type);
}

Test(plan_parse, reads_what_is_printed) {
  check_targets("glyphs", type_map(3, 48, 48, 3));
  check_targets("atmnet_xt", type_map(1, 224, 224, 3));
  check_targets("atmnet_xt_pyramid", type_map(1, 225, 223, 3));
  check_targets("cyclemlp_b1", type_map(2, 224, 224, 3));
  check_targets("mixer_b16", type_map(1, 224, 224, 3));
  check("atmnet_l", "v4", NULL, type_map(1, 800, 1280, 3));
}

Test(plan_parse, refuses_what_would_corrupt) {
  Text t = print_model("glyphs", "v3", NULL, type_map(1, 48, 48, 3));
  refuses(&t, "plan \"", "plane \"", "expected \"plan\"");
  refuses(&t, "x86-64-v3", "x86-64-v9", "the plan is for x86-64-v9");
  refuses(&t, "rounds 1", "rounds 0", "at least one round");
  refuses(&t, "images 1,", "images 2,", "should be of as many images");
  refuses(&t, "stage product 6x16", "stage product 6x20", "a tile of whole vectors");
  refuses(&t, "stage product 6x16", "stage product 99x16", "a smaller tile");
  refuses(&t, "unroll 4", "unroll 0", "1 to 16 steps");
  refuses(&t, "unroll 4", "unroll 4, widened", "nothing to be widened");
  refuses(&t, "unroll 4", "unroll 4, paired", "nothing to be paired");
  refuses(&t, "unroll 4", "unroll 4, narrowed",
          "expected \"sums\", \"widened\", \"paired\" or \"scratch\"");
  refuses(&t, "sums, scratch +0", "sums, scratch +8", "its stage's scratch is not aligned");
  refuses(&t, "sums, scratch +0", "sums, scratch +64000000", "its stage needs more scratch");
  refuses(&t, "sums, scratch +18944", "sums, scratch +0", "it overlaps %19 in scratch");
  refuses(&t, "sums, scratch +18944", "sums, scratch +9472", "another value was written over it");
  const char *line =
      "\n    %18 = packed_linear(%15, a8, a9) {panel=32, channels=64} : f32[1,12,12,64]  ";
  Text roomy = t;
  roomy.text = edit(&t, "scratch 39552", "scratch 40960");
  roomy.text = edit(&roomy, "scratch 21248", "scratch 40960");
  refuses(&roomy, arena_printf(t.arena, "+18944%sregister", line),
          arena_printf(t.arena, "+18944%sscratch +18944 pitch 64", line),
          "it overlaps what its stage keeps in scratch");
  refuses(&t, "stage normalize", "stage normalize, scratch +64", "its stage needs no scratch");
  refuses(&t, "scratch +0 pitch", "scratch +8 pitch", "not aligned");
  refuses(&t, "scratch +0 pitch 32", "scratch +0 pitch 1", "its pitch does not hold its rows");
  refuses(&t, "scratch +0 pitch 32", "scratch +0 pitch 16000000", "behind the scratch");
  refuses(&t, "strip +0", "strip +8", "not aligned");
  refuses(&t, "strip +0 pitch 64", "strip +0 pitch 48", "does not hold its lines");
  refuses(&t, "strip +0 pitch 64", "strip +0 pitch 64000000", "behind the scratch");
  refuses(&t, "lines of 12", "lines of 0", "no whole lines");
  refuses(&t, "lines of 12", "lines of 5", "a block within a line");
  refuses(&t, "lines of 12", "lines of 8", "a block within a line");
  refuses(&t, "register", "strip +0 pitch 64", "a strip is of patches");
  refuses(&t, "arena +0", "arena +1000000000000", "ends behind the arena");
  refuses(&t, "weight 0 =", "weight 7 =", "expected weight 0");
  refuses(&t, "(input 0", "(input 9", "no such input");
  refuses(&t, "stage ", "stages ", "p.plan:");
  arena_free(t.arena);
}

/* A convolution by quads, and a sum of what it gives. */
static Text print_winograd(void) {
  static const char *const model =
      "{\"atmc\": 1, \"name\": \"m\", \"inputs\": [{\"name\": \"x\", \"channels\": 40,"
      "\"layout\": \"nhwc\"}], \"layers\": [{\"op\": \"conv2d\", \"name\": \"c\","
      "\"channels\": 40, \"kernel\": 3, \"padding\": 1}, {\"op\": \"relu\"}],"
      "\"outputs\": [{\"name\": \"y\"}]}";
  char path[] = "/tmp/plan_parse.XXXXXX";
  int file = mkstemp(path);
  cr_assert(file >= 0 && write(file, model, strlen(model)) == (ssize_t)strlen(model));
  close(file);
  Text t = print_file(path, &(TargetRequest){.isa = "v3"}, false, type_map(1, 30, 33, 40));
  unlink(path);
  return t;
}

Test(plan_parse, reads_quads_and_refuses_what_would_corrupt_them) {
  Text t = print_winograd();
  const Plan *plan = NULL;
  Diag diag = {.stream = stderr};
  PlanText from = {"p.plan", t.text, t.target};
  cr_assert_eq(plan_parse(t.arena, t.recipes, &diag, &from, &plan), STATUS_OK);
  StringBuilder out = {.arena = t.arena};
  plan_print(plan, &out);
  cr_expect_str_eq(string_builder_text(&out), t.text);
  refuses(&t, "stage winograd 6x16", "stage winograd 6x20", "a tile of whole vectors");
  refuses(&t, "stage winograd 6x16", "stage winograd 6x64", "tiles within a panel");
  refuses(&t, "parts 1, scratch +0", "parts 0, scratch +0", "parts of a line");
  refuses(&t, "parts 1, scratch +0", "parts 18, scratch +0", "parts of a line");
  refuses(&t, "parts 1, scratch +0", "parts 1, scratch +8", "scratch is not aligned");
  refuses(&t, "parts 1, scratch +0", "parts 1, scratch +64000000", "more scratch");
  refuses(&t, "parts 1, scratch +0", "parts 1, sums", "expected \"scratch\"");
  refuses(&t, "lines of 66", "lines of 33", "blocks of whole lines of quads");
  refuses(&t, "window=3x3 pad", "window=3x3 stride 2x2 pad", "must be 3x3 at stride 1");
  arena_free(t.arena);
}

/* Cut anywhere, the text ends in one error, or is a plan. */
static void cut(const Text *t, size_t step) {
  size_t length = strlen(t->text);
  for (size_t end = 0; end < length; end += step) {
    Arena *arena = arena_new();
    Diag diag = {.stream = NULL};
    const Plan *plan;
    PlanText from = {"p.plan", arena_strndup(arena, t->text, end), t->target};
    Status status = plan_parse(arena, recipe_table_new(arena), &diag, &from, &plan);
    cr_expect_eq(diag.errors, status ? 1 : 0);
    arena_free(arena);
  }
}

Test(plan_parse, survives_a_cut) {
  Text t = print_model("glyphs", "v3", NULL, type_map(1, 48, 48, 3));
  cut(&t, 97);
  arena_free(t.arena);
  t = print_winograd();
  cut(&t, 1);
  arena_free(t.arena);
}

Test(plan_parse, finds_the_target_of_a_text) {
  Text t = print_model("glyphs", "v3", NULL, type_map(1, 48, 48, 3));
  cr_expect_str_eq(plan_parse_target(t.arena, t.text), "x86-64-v3");
  cr_expect_str_eq(plan_parse_target(t.arena, "plan \"m\" for \"vax\" and no more"), "vax");
  cr_expect_null(plan_parse_target(t.arena, "plan \"m\" for"));
  cr_expect_null(plan_parse_target(t.arena, "graph \"m\" {"));
  cr_expect_null(plan_parse_target(t.arena, ""));
  arena_free(t.arena);
}
