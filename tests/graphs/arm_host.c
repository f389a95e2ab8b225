/* host FOLDER: runs the models of arm_table.h and compares. Built for the machine of the models. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/graphs/arm_table.h"
#include "tests/graphs/call.h"

static void *read_bytes(FILE *file, size_t bytes) {
  void *data = malloc(bytes + 1);
  if (!data || fread(data, 1, bytes, file) != bytes) {
    fprintf(stderr, "the data ends early\n");
    exit(3);
  }
  return data;
}

static double element(const atm_tensor *tensor, const void *data, size_t i) {
  if (tensor->dtype == ATM_DTYPE_U8) return ((const uint8_t *)data)[i];
  return tensor->dtype == ATM_DTYPE_S32 ? ((const int32_t *)data)[i] : ((const float *)data)[i];
}

/* Whether output `tensor` is what stands next in the file. */
static int check_output(FILE *file, unsigned long seed, const atm_tensor *tensor, const void *got) {
  size_t count = call_tensor_bytes(tensor) / (tensor->dtype == ATM_DTYPE_U8 ? 1 : 4);
  double *allowed = read_bytes(file, sizeof *allowed);
  double *expected = read_bytes(file, count * sizeof *expected);
  int wrong = 0;
  for (size_t i = 0; i < count && !wrong; ++i) {
    double value = element(tensor, got, i);
    wrong = !(fabs(value - expected[i]) <= *allowed);
    if (wrong) {
      printf("seed %lu, output %s: element %zu is %.9g, not %.9g; %.3g is allowed\n", seed,
             tensor->name, i, value, expected[i], *allowed);
    }
  }
  free(allowed);
  free(expected);
  return wrong;
}

static void run(const Call *call, unsigned long seed) {
  const char *wrong = call_model(call);
  if (!wrong) return;
  printf("seed %lu, %u workers: %s\n", seed, call->threads, wrong);
  exit(1);
}

/* The outputs once more, by several workers. */
static int check_bits(Call call, unsigned long seed, void *const *expected) {
  void *outputs[CALL_MOST];
  int wrong = 0;
  for (uint32_t i = 0; i < call.model->output_count; ++i) {
    outputs[i] = malloc(call_tensor_bytes(&call.entry->outputs[i]) + 1);
  }
  call.outputs = outputs;
  call.threads = 3;
  call.order = seed + 1;
  call.end = GUARDED_BEGIN;
  run(&call, seed);
  for (uint32_t i = 0; i < call.model->output_count; ++i) {
    wrong |= memcmp(outputs[i], expected[i], call_tensor_bytes(&call.entry->outputs[i])) != 0;
    free(outputs[i]);
  }
  if (wrong) printf("seed %lu: other bits on 3 workers\n", seed);
  return wrong;
}

static int try_model(const ArmModel *m, const char *folder) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%lu.data", folder, m->seed);
  FILE *file = fopen(path, "rb");
  if (!file) return 1;
  const void *inputs[CALL_MOST];
  void *outputs[CALL_MOST];
  const atm_model *model = m->model();
  const atm_entry *entry = &model->entries[0];
  int wrong = 0;
  for (uint32_t i = 0; i < model->input_count; ++i) {
    inputs[i] = read_bytes(file, call_tensor_bytes(&entry->inputs[i]));
  }
  void *weights = read_bytes(file, (size_t)model->weights_bytes);
  for (uint32_t i = 0; i < model->output_count; ++i) {
    outputs[i] = malloc(call_tensor_bytes(&entry->outputs[i]) + 1);
  }
  Call call = {.model = model,
               .entry = entry,
               .inputs = inputs,
               .outputs = outputs,
               .weights = weights,
               .threads = 1,
               .small_stack = true,
               .end = GUARDED_END};
  run(&call, m->seed);
  for (uint32_t i = 0; i < model->output_count && !wrong; ++i) {
    wrong = check_output(file, m->seed, &entry->outputs[i], outputs[i]);
  }
  wrong |= check_bits(call, m->seed, outputs);
  for (uint32_t i = 0; i < model->input_count; ++i) free((void *)(uintptr_t)inputs[i]);
  for (uint32_t i = 0; i < model->output_count; ++i) free(outputs[i]);
  free(weights);
  fclose(file);
  return wrong;
}

int main(int argc, char **argv) {
  int tried = 0, wrong = 0;
  for (const ArmModel *m = arm_models; argc == 2 && m->model; ++m, ++tried) {
    wrong += try_model(m, argv[1]);
  }
  printf("%d graphs of NEON code, %d wrong\n", tried, wrong);
  return wrong || tried == 0;
}
