/* float_modes: the glyph model under other modes of the processor's floats. No call changes one.
 * Where what is subnormal is flushed to zero the answer keeps its bits; where sums are not rounded
 * to nearest, which the header asks for, it is numbers all the same. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined __x86_64__
#include <xmmintrin.h>
#endif

#include "glyphs.h"

static float image[GLYPHS_IN_IMAGE_ELEMENTS], quiet[GLYPHS_OUT_LOGITS_ELEMENTS];
static void *workspace;

static int run(float *logits) {
  return glyphs_infer(image, logits, workspace, GLYPHS_WORKSPACE_BYTES(1), NULL);
}

static int rounds(int mode) {
  float logits[GLYPHS_OUT_LOGITS_ELEMENTS];
  if (fesetround(mode) != 0) return 0;
  int code = run(logits), after = fegetround();
  if (fesetround(FE_TONEAREST) != 0 || code != ATM_OK || after != mode) return 0;
  for (size_t i = 0; i < GLYPHS_OUT_LOGITS_ELEMENTS; ++i) {
    if (!isfinite(logits[i])) return 0;
  }
  return 1;
}

/* With FTZ and DAZ, where this knows how to set them. */
static int flushes(void) {
#if defined __x86_64__
  enum { FLUSH = 0x8040, FLAGS = 0x3f };
  float logits[GLYPHS_OUT_LOGITS_ELEMENTS];
  unsigned before = _mm_getcsr() | FLUSH;
  _mm_setcsr(before);
  int code = run(logits);
  unsigned after = _mm_getcsr();
  _mm_setcsr(before & ~(unsigned)FLUSH);
  return code == ATM_OK && (after | FLAGS) == (before | FLAGS) &&
         !memcmp(logits, quiet, sizeof quiet);
#else
  return 1;
#endif
}

int main(void) {
  for (size_t i = 0; i < GLYPHS_IN_IMAGE_ELEMENTS; ++i) image[i] = (float)(i * 37 % 251) / 251;
  workspace = aligned_alloc(64, (GLYPHS_WORKSPACE_BYTES(1) + 63) / 64 * 64);
  int good = workspace && run(quiet) == ATM_OK && flushes() && rounds(FE_DOWNWARD) &&
             rounds(FE_UPWARD) && rounds(FE_TOWARDZERO);
  free(workspace);
  puts(good ? "modes of floats: none is changed" : "modes of floats: failed");
  return !good;
}
