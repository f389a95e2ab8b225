/* selftest [WEIGHTS [AT]]: PREFIX_selftest of the model "tested", on external weights where a file
 * is given; where AT is, with the byte there flipped and the sum at their end made right again, as
 * if other weights had been put there on purpose. Prints what came of it, and exits with 1 unless
 * that was "no error". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tested.h"

enum { WORD = sizeof(uint64_t), ALIGNMENT = 64 };

static _Alignas(ALIGNMENT) char workspace[TESTED_SELFTEST_BYTES(1)];

/* The whole file in memory aligned as weights are, until the program ends; NULL: not to be had. */
static char *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) return NULL;
  *bytes = (size_t)ftell(file);
  rewind(file);
  char *data = malloc(*bytes + ALIGNMENT);
  if (data) data += ALIGNMENT - (uintptr_t)data % ALIGNMENT;
  if (data && fread(data, 1, *bytes, file) != *bytes) return NULL;
  fclose(file);
  return data;
}

/* As atm_runtime.h says it. */
static void sum_up(char *weights, size_t bytes) {
  uint64_t sum = 0, word;
  for (size_t at = sizeof(atm_weights_header); at < bytes - WORD; at += WORD) {
    memcpy(&word, weights + at, WORD);
    sum = (sum ^ word) * ATM_WEIGHTS_FACTOR;
  }
  memcpy(weights + bytes - WORD, &sum, WORD);
}

int main(int argc, char **argv) {
  const size_t bytes = sizeof workspace;
  atm_env env = {.size = sizeof env};
  if (tested_selftest(workspace, bytes - 1) != ATM_E_WORKSPACE ||
      tested_selftest(workspace + 1, bytes) != ATM_E_WORKSPACE ||
      tested_selftest(NULL, bytes) != ATM_E_WORKSPACE) {
    return 2;
  }
  if (argc > 1) {
    size_t size = 0;
    char *weights = read_file(argv[1], &size);
    if (!weights || tested_selftest(workspace, bytes) != ATM_E_WEIGHTS) return 2;
    if (argc > 2) weights[strtoul(argv[2], NULL, 10)] ^= 0x7f, sum_up(weights, size);
    env.weights = weights;
  } else if (tested_selftest(workspace, bytes) != tested_selftest_env(workspace, bytes, NULL)) {
    return 2;
  }
  int worst = ATM_OK;
  for (uint32_t v = 0; v < tested_model()->variant_count; ++v) {
    env.isa = tested_model()->variants[v].isa;
    int code = tested_selftest_env(workspace, bytes, &env);
    printf("%s: %s\n", tested_model()->variants[v].name, atm_error_text(code));
    if (code != ATM_OK && code != ATM_E_UNSUPPORTED_CPU) worst = code;
  }
  return worst != ATM_OK;
}
