/* Every pass keeps the meaning of a graph: each file of tests/passes is interpreted before and
 * after the passes that its first line names, on random inputs and weights, in double. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/backend.h"
#include "passes/pass.h"
#include "support/atomic_file.h"

static uint64_t next_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *state >> 33;
}

/* Uniform in [-2, 2). */
static void fill(uint64_t seed, double *out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    out[i] = (double)next_random(&seed) / (double)(UINT64_C(1) << 29) - 2;
  }
}

static Status read_weights(void *context, const char *name, double *out, size_t count) {
  uint64_t seed = 7;
  (void)context;
  for (const char *c = name; *c; ++c) seed = seed * 31 + (unsigned char)*c;
  fill(seed, out, count);
  return STATUS_OK;
}

static const WeightSource weights = {.read = read_weights};

typedef struct Case {
  Arena *arena;
  Diag diag;
  PassContext context;
  const Graph *before, *after;
  const Pass *passes[PASS_COUNT];
  uint32_t pass_count;
  uint32_t shape[4]; /* N, C, H, W; 0: none */
} Case;

/* The comma-separated names behind "--passes=". */
static void parse_passes(Case *c, const char *text) {
  const char *at = strstr(text, "--passes=");
  cr_assert_not_null(at);
  at += strlen("--passes=");
  for (const char *separator = ","; *separator == ',';) {
    size_t length = strcspn(at, ", \n");
    const Pass *pass = pass_find(arena_strndup(c->arena, at, length));
    cr_assert_not_null(pass);
    c->passes[c->pass_count++] = pass;
    separator = at + length;
    at += length + 1;
  }
}

static Type bound(const Case *c, Type type) {
  static const int64_t usual[4] = {2, 6, 5, 0};
  for (uint32_t i = 0; i < type.rank; ++i) {
    if (type.dims[i] == DIM_OPEN) type.dims[i] = usual[i];
  }
  if (c->shape[0] && type.rank == 4) {
    type = type_map(c->shape[0], c->shape[2], c->shape[3], c->shape[1]);
  }
  return type;
}

static void load(Case *c, const char *path) {
  char *text;
  size_t bytes;
  Graph *graph;
  c->arena = arena_new();
  c->diag.stream = stderr;
  cr_assert_eq(atomic_file_read(c->arena, &c->diag, path, SIZE_MAX, &text, &bytes), STATUS_OK);
  cr_assert_eq(graph_parse(c->arena, recipe_table_new(c->arena), &c->diag, path, text, &graph),
               STATUS_OK);
  c->before = graph;
  parse_passes(c, text);
  const char *shape = strstr(text, "--shape=");
  if (shape) {
    cr_assert_eq(sscanf(shape, "--shape=%ux%ux%ux%u", &c->shape[0], &c->shape[1], &c->shape[2],
                        &c->shape[3]),
                 4);
  }
}

static InterpTensor *make_inputs(const Case *c, uint32_t *count) {
  NodeId nodes[8];
  *count = graph_inputs(c->before, nodes, 8);
  cr_assert_leq(*count, 8);
  InterpTensor *inputs = ARENA_ARRAY(c->arena, *count, InterpTensor);
  for (uint32_t i = 0; i < *count; ++i) {
    int64_t elements;
    Type type = bound(c, graph_node(c->before, nodes[i])->attrs.INPUT.declared);
    cr_assert(type_count(type, &elements));
    inputs[i] = (InterpTensor){type, ARENA_ARRAY(c->arena, (size_t)elements, double)};
    fill(i + 1, inputs[i].data, (size_t)elements);
  }
  return inputs;
}

static void run_passes(Case *c, const InterpTensor *inputs, uint32_t count) {
  Type *types = ARENA_ARRAY(c->arena, count, Type);
  for (uint32_t i = 0; i < count; ++i) types[i] = inputs[i].type;
  PassOptions options = {.verify_each = true, .stream = stderr};
  bool stopped;
  c->context = (PassContext){.arena = c->arena, .diag = &c->diag};
  if (c->shape[0]) {
    c->context.input_types = types;
    c->context.input_count = count;
  }
  PassList passes = {c->passes, c->pass_count};
  cr_assert_eq(manager_run(&c->context, &options, passes, c->before, &c->after, &stopped),
               STATUS_OK);
}

static void expect_equal(const char *file, const InterpTensor *a, const InterpTensor *b) {
  int64_t elements;
  double largest = 0, error = 0;
  cr_assert(type_equal(a->type, b->type), "%s", file);
  cr_assert(type_count(a->type, &elements));
  for (int64_t i = 0; i < elements; ++i) {
    largest = fmax(largest, fabs(a->data[i]));
    error = fmax(error, fabs(a->data[i] - b->data[i]));
  }
  cr_expect_leq(error, 1e-12 * largest, "%s: error %g of %g", file, error, largest);
}

static void check_file(const char *file) {
  enum { MAX_OUTPUTS = 8 };
  Case c = {0};
  char path[512];
  snprintf(path, sizeof path, "%s/tests/passes/%s", ATMC_SOURCE_DIR, file);
  load(&c, path);
  uint32_t count;
  InterpTensor *inputs = make_inputs(&c, &count), before[MAX_OUTPUTS], after[MAX_OUTPUTS];
  run_passes(&c, inputs, count);
  cr_assert_leq(c.before->output_count, MAX_OUTPUTS);
  cr_assert_eq(c.before->output_count, c.after->output_count);
  cr_assert_eq(interp_run(c.before, &weights, c.arena, &c.diag, inputs, before), STATUS_OK);
  cr_assert_eq(interp_run(c.after, &weights, c.arena, &c.diag, inputs, after), STATUS_OK);
  for (uint32_t i = 0; i < c.before->output_count; ++i) expect_equal(file, &before[i], &after[i]);
  arena_free(c.arena);
}

Test(pipeline, passes_keep_the_meaning_of_their_test_files) {
  DIR *folder = opendir(ATMC_SOURCE_DIR "/tests/passes");
  cr_assert_not_null(folder);
  uint32_t files = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    const char *end = strrchr(entry->d_name, '.');
    if (!end || strcmp(end, ".ir") != 0) continue;
    check_file(entry->d_name);
    ++files;
  }
  closedir(folder);
  cr_assert_geq(files, 2 * PASS_COUNT);
}

/* Every pass has its place in exactly one half of the pipeline. */
Test(pipeline, holds_every_pass_once) {
  uint32_t seen[PASS_COUNT] = {0};
  for (int part = PIPELINE_ONCE; part <= PIPELINE_PER_RESOLUTION; ++part) {
    PassList passes = pipeline_passes((PipelinePart)part);
    for (uint32_t i = 0; i < passes.count; ++i) seen[passes.items[i] - pass_table]++;
  }
  for (uint32_t i = 0; i < PASS_COUNT; ++i) cr_expect_eq(seen[i], 1, "%s", pass_table[i].name);
}
