/* What the hosts of this folder share: reading an image and printing an answer. */
#ifndef EXAMPLES_ANSWER_H
#define EXAMPLES_ANSWER_H

#include <stdio.h>

#include "atm_runtime.h"

static inline size_t round_up_64(size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/* The last `count` floats of a file (a .npy file ends in them). 0, or -1 with a message. */
static inline int read_floats(const char *path, float *data, size_t count) {
  FILE *file = fopen(path, "rb");
  int whole = file && fseek(file, -(long)(count * sizeof *data), SEEK_END) == 0 &&
              fread(data, sizeof *data, count, file) == count;
  if (file) fclose(file);
  if (!whole) fprintf(stderr, "%s: cannot read %zu floats\n", path, count);
  return whole ? 0 : -1;
}

/* Prints the best class and its logit, or the error. Returns an exit code. */
static inline int print_answer(int code, const atm_model *model, const float *logits) {
  uint32_t best = 0;
  if (code != ATM_OK) {
    fprintf(stderr, "%s: error %d\n", model->name, code);
    return 1;
  }
  for (uint32_t i = 1; i < model->class_count; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  printf("%s %.5f\n", model->classes[best], (double)logits[best]);
  return 0;
}

#endif
