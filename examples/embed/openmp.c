/* openmp IMAGE.f32: the program's own threads instead of the runtime's. Nothing of the runtime is linked. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "glyphs.h"

enum { THREADS = 3 };

/* atm_env.parallel_for on a team of OpenMP: each of its threads has a number of its own. */
static int parallel_for(void *ctx, uint32_t n,
                        void (*fn)(void *arg, uint32_t task, uint32_t worker), void *arg) {
  (void)ctx;
#pragma omp parallel for schedule(dynamic) num_threads(THREADS)
  for (uint32_t task = 0; task < n; ++task) fn(arg, task, (uint32_t)omp_get_thread_num());
  return 0;
}

int main(int argc, char **argv) {
  static float image[GLYPHS_IN_IMAGE_ELEMENTS], logits[GLYPHS_OUT_LOGITS_ELEMENTS];
  if (argc != 2 || read_floats(argv[1], image, GLYPHS_IN_IMAGE_ELEMENTS)) return 1;
  size_t bytes = round_up_64(GLYPHS_WORKSPACE_BYTES(THREADS));
  void *workspace = aligned_alloc(64, bytes);
  atm_env env = {.size = sizeof env, .threads = THREADS, .parallel_for = parallel_for};
  int code = glyphs_infer(image, logits, workspace, bytes, &env);
  free(workspace);
  return print_answer(code, glyphs_model(), logits);
}
