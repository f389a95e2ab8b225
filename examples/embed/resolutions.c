/* resolutions IMAGE.f32 HEIGHT WIDTH: an image whose size nobody knew when the model was compiled. The
 * smallest entry that holds it is run, on a pool, with the image in its upper left corner. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "glyphs.h"

enum { CHANNELS = 3, THREADS = 2 };

/* `small` [3][h][w] in the corner of `large` [3][height][width], which is zeros. */
static void place(const float *small, uint32_t h, uint32_t w, float *large, uint32_t height,
                  uint32_t width) {
  for (uint32_t c = 0; c < CHANNELS; ++c) {
    for (uint32_t y = 0; y < h; ++y) {
      memcpy(large + ((size_t)c * height + y) * width, small + ((size_t)c * h + y) * w,
             w * sizeof *small);
    }
  }
}

static int run(const atm_entry *entry, const float *small, uint32_t h, uint32_t w) {
  float logits[GLYPHS_OUT_LOGITS_ELEMENTS];
  const uint32_t height = entry->inputs[0].dims[2], width = entry->inputs[0].dims[3];
  float *large = calloc((size_t)CHANNELS * height * width, sizeof *large);
  size_t bytes = round_up_64(entry->workspace_base + (THREADS - 1) * entry->workspace_scratch);
  void *workspace = aligned_alloc(64, bytes);
  atm_pool *pool = atm_pool_create(THREADS);
  if (!large || !workspace || !pool) return 1;
  place(small, h, w, large, height, width);
  fprintf(stderr, "%ux%u runs at %ux%u\n", h, w, height, width);
  atm_env env = atm_pool_env(pool);
  int code = entry->run((const void *[]){large}, (void *[]){logits}, workspace, bytes, &env);
  atm_pool_destroy(pool);
  free(workspace);
  free(large);
  return print_answer(code, glyphs_model(), logits);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long h = strtol(argv[2], NULL, 10), w = strtol(argv[3], NULL, 10);
  if (h < 1 || h > 4096 || w < 1 || w > 4096) return 2;
  const atm_entry *entry = atm_model_fit(glyphs_model(), 1, (uint32_t)h, (uint32_t)w);
  if (!entry) {
    fprintf(stderr, "no entry holds %ldx%ld\n", h, w);
    return 1;
  }
  size_t count = (size_t)(CHANNELS * h * w);
  float *image = malloc(count * sizeof *image);
  int code = !image || read_floats(argv[1], image, count)
                 ? 1
                 : run(entry, image, (uint32_t)h, (uint32_t)w);
  free(image);
  return code;
}
