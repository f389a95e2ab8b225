/* host.c: runs a model once, whose code was compiled under the prefix `model` with external weights and
 * counts its blocks (blocks.awk), and prints how often each ran: a number of a block and a count on
 * each line. The one argument is the file of weights; images are noise in [-1, 1). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"

extern const uint64_t atm_counts[], atm_counts_end[];

static void fail(const char *what) {
  fprintf(stderr, "model: %s\n", what);
  exit(1);
}

/* Memory at a multiple of 64, which stays. */
static void *take(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory) fail("out of memory");
  return memory;
}

static void *read_weights(const char *path, size_t bytes) {
  FILE *file = fopen(path, "rb");
  void *weights = take(bytes);
  if (!file || fread(weights, 1, bytes, file) != bytes) fail("the weights cannot be read");
  fclose(file);
  return weights;
}

static void *make_tensor(const atm_tensor *tensor) {
  size_t count = 1;
  for (uint32_t i = 0; i < tensor->rank; ++i) count *= tensor->dims[i];
  float *data = take(count * sizeof *data); /* enough for every type: none is larger */
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525 + 1013904223;
    data[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
  }
  return data;
}

int main(int argc, char **argv) {
  const atm_model *model = model_model();
  const atm_entry *entry = &model->entries[0];
  if (argc != 2) fail("one argument is wanted: the weights");
  atm_env env = {.size = sizeof env, .weights = read_weights(argv[1], model->weights_bytes)};
  const void **in = take(model->input_count * sizeof *in);
  void **out = take(model->output_count * sizeof *out);
  for (uint32_t i = 0; i < model->input_count; ++i) in[i] = make_tensor(&entry->inputs[i]);
  for (uint32_t i = 0; i < model->output_count; ++i) out[i] = make_tensor(&entry->outputs[i]);
  void *workspace = take(entry->workspace_base);
  if (entry->run(in, out, workspace, entry->workspace_base, &env)) fail("the model does not run");
  for (const uint64_t *count = atm_counts; count < atm_counts_end; ++count) {
    if (*count) printf("%td %llu\n", count - atm_counts, (unsigned long long)*count);
  }
}
