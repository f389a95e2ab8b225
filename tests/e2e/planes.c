/* planes: two forms of one model, whose result goes past the caches and not. It is the same bits
 * wherever the memory begins, by one thread and by three, and nothing around it is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "far.h"
#include "past.h"

enum { COUNT = PAST_OUT_MAP_ELEMENTS, AROUND = 64, THREADS = 3 };

static float image[PAST_IN_IMAGE_ELEMENTS];
static void *workspace;

/* All bytes around the `COUNT` floats at `memory` + `at` are as they were. */
static int is_clean(const float *memory, size_t at) {
  for (size_t i = 0; i < COUNT + AROUND; ++i) {
    if (i == at) i += COUNT;
    if (i < COUNT + AROUND && memory[i] != -1) return 0;
  }
  return 1;
}

static int run(const atm_env *env, float *memory, size_t at) {
  for (size_t i = 0; i < COUNT + AROUND; ++i) memory[i] = -1;
  return past_infer(image, memory + at, workspace, PAST_WORKSPACE_BYTES(THREADS), env);
}

int main(void) {
  float *expected = aligned_alloc(64, COUNT * sizeof *expected);
  float *memory = aligned_alloc(64, (COUNT + AROUND) * sizeof *memory);
  size_t bytes = FAR_WORKSPACE_BYTES(THREADS) + PAST_WORKSPACE_BYTES(THREADS);
  workspace = aligned_alloc(64, (bytes + 63) / 64 * 64);
  atm_pool *pool = atm_pool_create(THREADS);
  if (!expected || !memory || !workspace || !pool) return 2;
  for (size_t i = 0; i < PAST_IN_IMAGE_ELEMENTS; ++i) image[i] = (float)(i * 37 % 101) / 50 - 1;
  if (far_infer(image, expected, workspace, bytes, NULL) != ATM_OK) return 2;
  const size_t places[] = {0, 1, 4, 8, 15, 16, 33};
  atm_env env = atm_pool_env(pool);
  for (size_t i = 0; i < 2 * sizeof places / sizeof *places; ++i) {
    size_t at = places[i / 2];
    if (run(i % 2 ? &env : NULL, memory, at) != ATM_OK) return 2;
    int same = memcmp(memory + at, expected, COUNT * sizeof *expected) == 0;
    if (same && is_clean(memory, at)) continue;
    printf("%zu floats behind a line, %s: %s\n", at, i % 2 ? "threads" : "one thread",
           same ? "more is written" : "other bits");
    return 1;
  }
  printf("the same bits\n");
  atm_pool_destroy(pool);
  free(workspace), free(memory), free(expected);
  return 0;
}
