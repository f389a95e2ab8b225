/* two_threads IMAGE.f32: two threads run one model at once. It has no state of its own: each brings its
 * workspace. Prints the answer of both if they are one. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "glyphs.h"

static float image[GLYPHS_IN_IMAGE_ELEMENTS];

typedef struct Call {
  float logits[GLYPHS_OUT_LOGITS_ELEMENTS];
  int code;
} Call;

static void *run(void *argument) {
  Call *call = argument;
  size_t bytes = round_up_64(GLYPHS_WORKSPACE_BYTES(1));
  void *workspace = aligned_alloc(64, bytes);
  call->code = glyphs_infer(image, call->logits, workspace, bytes, NULL);
  free(workspace);
  return NULL;
}

int main(int argc, char **argv) {
  static Call calls[2];
  pthread_t other;
  if (argc != 2 || read_floats(argv[1], image, GLYPHS_IN_IMAGE_ELEMENTS)) return 1;
  if (pthread_create(&other, NULL, run, &calls[1])) return 1;
  run(&calls[0]);
  pthread_join(other, NULL);
  if (memcmp(calls[0].logits, calls[1].logits, sizeof calls[0].logits) != 0) return 1;
  return print_answer(calls[0].code, glyphs_model(), calls[0].logits);
}
