/* product WEIGHTS: two models side by side, one with its weights in a file; prints their answer. */
#include <stdio.h>
#include <stdlib.h>

#include "large.h"
#include "tiny.h"

static float image[TINY_IN_IMAGE_ELEMENTS_48x32], logits[2][TINY_OUT_LOGITS_ELEMENTS];

/* The file's bytes, aligned as weights are. */
static void *read_weights(const char *path, size_t bytes) {
  FILE *file = fopen(path, "rb");
  void *data = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!file || !data || fread(data, 1, bytes, file) != bytes) exit(1);
  fclose(file);
  return data;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  size_t bytes = TINY_WORKSPACE_BYTES_MAX(2), big_bytes = BIG_WORKSPACE_BYTES(1);
  void *workspace = aligned_alloc(64, ((bytes > big_bytes ? bytes : big_bytes) + 63) / 64 * 64);
  atm_pool *pool = atm_pool_create(2);
  if (!workspace || !pool) return 1;
  for (size_t i = 0; i < sizeof image / sizeof *image; ++i) image[i] = (float)(i % 251) / 251;

  const atm_entry *entry = atm_model_fit(tiny_model(), 1, 40, 30);
  atm_env env = atm_pool_env(pool);
  if (entry != tiny_find(1, 48, 32) || tiny_find(1, 40, 30)) return 1;
  int code = entry->run((const void *[]){image}, (void *[]){logits[0]}, workspace, bytes, &env);
  if (!code) code = tiny_infer(image, logits[0], workspace, bytes, &env);

  size_t weights_bytes = (size_t)big_model()->weights_bytes;
  atm_env alone = {.size = sizeof alone, .weights = read_weights(argv[1], weights_bytes)};
  if (!code) code = big_check_weights(alone.weights, weights_bytes);
  if (!code) code = big_infer(image, logits[1], workspace, big_bytes, &alone);
  if (code) return fprintf(stderr, "product: %s\n", atm_error_text(code)), 1;
  for (size_t i = 0; i < TINY_OUT_LOGITS_ELEMENTS; ++i) {
    if (logits[0][i] != logits[1][i]) return 1;
    printf("%.4f\n", (double)logits[0][i]);
  }
  atm_pool_destroy(pool);
  free((void *)alone.weights);
  free(workspace);
  return 0;
}
