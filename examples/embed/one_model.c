/* one_model IMAGE.f32: the shortest host. Reads 3x48x48 floats, runs the model, prints the answer. */
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "glyphs.h"

int main(int argc, char **argv) {
  static float image[GLYPHS_IN_IMAGE_ELEMENTS], logits[GLYPHS_OUT_LOGITS_ELEMENTS];
  if (argc != 2 || read_floats(argv[1], image, GLYPHS_IN_IMAGE_ELEMENTS)) return 1;
  void *workspace = aligned_alloc(64, round_up_64(GLYPHS_WORKSPACE_BYTES(1)));
  if (!workspace) return 1;
  int code = glyphs_infer(image, logits, workspace, GLYPHS_WORKSPACE_BYTES(1), NULL);
  free(workspace);
  return print_answer(code, glyphs_model(), logits);
}
