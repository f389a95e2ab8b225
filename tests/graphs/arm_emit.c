/* What arm_table.h says, written. */
#include "tests/graphs/arm_emit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/graphs/compiled.h"

static FILE *create(const char *folder, uint64_t seed, const char *suffix) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%lu.%s", folder, (unsigned long)seed, suffix);
  FILE *file = fopen(path, "wb");
  if (!file) {
    perror(path);
    exit(3);
  }
  return file;
}

static void write_output(const Trial *t, const Compiled *c, uint32_t output, FILE *file) {
  const InterpTensor *expected = &t->expected[output];
  const PlanTensor *tensor = &c->plan->outputs[output];
  double allowed = trial_allowed(t, t->subject.graph, output, expected);
  if (trial_may_choose_others(t, output, expected)) allowed = HUGE_VAL;
  size_t count = (size_t)(type_bytes(tensor->type) / dtype_bytes(tensor->type.dtype));
  double *values = ARENA_ARRAY(c->arena, count, double);
  for (size_t e = 0; e < count; ++e) {
    values[trial_caller_index(tensor->type, tensor->nchw, e)] = expected->data[e];
  }
  fwrite(&allowed, sizeof allowed, 1, file);
  fwrite(values, sizeof *values, count, file);
}

static bool emit_one(const char *folder, uint64_t seed) {
  Trial t = {.arena = arena_new(), .diag = {.stream = stderr}, .seed = seed};
  static Choices choices; /* too large for a stack */
  choices = (Choices){.lot = {seed}};
  if (!subject_draw(&t.subject, t.arena, seed, &choices)) return false;
  trial_begin(&t);
  Compiled c;
  char prefix[32];
  snprintf(prefix, sizeof prefix, "g%lu", (unsigned long)seed);
  compiled_new(&c, &t.subject, &(Build){0}, prefix);
  FILE *object = create(folder, seed, "o"), *data = create(folder, seed, "data");
  fwrite(c.object.data, 1, c.object.bytes, object);
  const void **in = trial_caller_inputs(&t, c.plan, 0, c.arena);
  for (uint32_t i = 0; i < c.plan->input_count; ++i) {
    fwrite(in[i], 1, type_bytes(c.plan->inputs[i].type), data);
  }
  fwrite(c.weights, 1, c.blob.bytes, data);
  for (uint32_t i = 0; i < c.plan->output_count; ++i) write_output(&t, &c, i, data);
  bool written = fclose(object) == 0;
  written = fclose(data) == 0 && written;
  compiled_free(&c);
  arena_free(t.arena);
  return written;
}

static void write_table(FILE *table, uint64_t seed, uint64_t count) {
  fprintf(table, "#include \"tests/graphs/arm_table.h\"\n");
  for (uint64_t i = seed; i < seed + count; ++i) {
    fprintf(table, "extern const atm_model *g%lu_model(void);\n", (unsigned long)i);
  }
  fprintf(table, "const ArmModel arm_models[] = {\n");
  for (uint64_t i = seed; i < seed + count; ++i) {
    fprintf(table, "  {%lu, g%lu_model},\n", (unsigned long)i, (unsigned long)i);
  }
  fprintf(table, "  {0, 0},\n};\n");
}

bool arm_emit(const char *folder, uint64_t seed, uint64_t count) {
  for (uint64_t i = seed; i < seed + count; ++i) {
    if (!emit_one(folder, i)) return false;
  }
  char path[4096];
  snprintf(path, sizeof path, "%s/table.c", folder);
  FILE *table = fopen(path, "w");
  if (!table) return false;
  write_table(table, seed, count);
  return fclose(table) == 0;
}
