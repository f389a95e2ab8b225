/* classify_sheet SHEET.png LABELS.txt LOGITS.npy: a host program around a generated model.
 *
 * Classifies every 48x48 tile of the sheet, shows some answers, the accuracy against the labels,
 * how far the logits are from those that PyTorch computed, and the time per image. The model is
 * all in glyphs.o and glyphs.h; libpng is here only to read the sheet.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "glyphs.h"
#include "sheet.h"

enum { TILE = 48, CLASSES = 34, SHOWN = 8 };

static void *workspace; /* 64-byte aligned */

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *read_tail(const char *path, size_t bytes) {
  char *data = malloc(bytes + 1);
  FILE *file = fopen(path, "rb");
  if (!data || !file || fseek(file, -(long)bytes, SEEK_END) ||
      fread(data, 1, bytes, file) != bytes) {
    fprintf(stderr, "%s: cannot read its last %zu bytes\n", path, bytes);
    exit(1);
  }
  fclose(file);
  return data;
}

static int classify(const float *image, float *logits) {
  const void *inputs[] = {image};
  void *outputs[] = {logits};
  int code = glyphs_run(inputs, outputs, workspace, GLYPHS_WORKSPACE_BYTES(1), NULL);
  if (code) {
    fprintf(stderr, "glyphs_run failed with code %d\n", code);
    exit(1);
  }
  int best = 0;
  for (int i = 1; i < CLASSES; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s SHEET.png LABELS.txt LOGITS.npy\n", argv[0]);
    return 2;
  }
  Sheet sheet;
  if (sheet_read(argv[1], TILE, &sheet)) return 1;
  const uint32_t count = sheet.columns * sheet.rows;
  char *labels = read_tail(argv[2], count + 1); /* one character a tile, then a newline */
  float *expected = read_tail(argv[3], sizeof(float) * CLASSES * count);
  float *image = malloc(sizeof(float) * 3 * TILE * TILE), logits[CLASSES];
  workspace = aligned_alloc(64, GLYPHS_WORKSPACE_BYTES(1) / 64 * 64 + 64);
  if (!image || !workspace) return 1;

  uint32_t right = 0;
  float distance = 0;
  double busy = 0, signal = 0, noise = 0;
  for (uint32_t i = 0; i < count; ++i) {
    sheet_image(&sheet, i, image);
    double start = seconds();
    const char *answer = glyphs_model()->classes[classify(image, logits)];
    busy += seconds() - start;
    right += answer[0] == labels[i];
    for (int c = 0; c < CLASSES; ++c) {
      float wanted = expected[i * CLASSES + c], error = logits[c] - wanted;
      distance = fmaxf(distance, fabsf(error));
      signal += (double)wanted * wanted;
      noise += (double)error * error;
    }
    if (i < SHOWN) printf("image %u: %s (label %c)\n", i, answer, labels[i]);
  }
  printf("accuracy: %u of %u\n", right, count);
  printf("largest distance from PyTorch's logits: %.2e, %.1f dB of signal over noise\n",
         (double)distance, 10 * log10(signal / noise));
  printf("time per image: %.3f ms on one thread\n", 1e3 * busy / count);
  sheet_free(&sheet);
  free(labels), free(expected), free(image), free(workspace);
  return 0;
}
