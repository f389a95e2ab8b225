/* sheet_tiles SHEET.png TILE FIRST COUNT OUT.npy: tiles of a sheet as one batch
 * [COUNT,3,TILE,TILE]. sheet_tiles --check LOGITS.npy EXPECTED.npy FIRST LABELS.txt CLASSES: the
 * accuracy of logits [N,C] of the tiles from FIRST on, and their largest distance from rows FIRST..
 * of EXPECTED; fails unless all N answers are right and the distance is below 3e-5. With three more
 * arguments RIGHT SAME DECIBELS: unless RIGHT are at least, SAME are EXPECTED's, and the error, in
 * all, is DECIBELS below EXPECTED. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/embed/sheet.h"
#include "support/atomic_file.h"
#include "support/npy.h"

static int cut(Arena *arena, Diag *diag, char **argv) {
  const uint32_t tile = (uint32_t)atoi(argv[2]), first = (uint32_t)atoi(argv[3]);
  const uint32_t count = (uint32_t)atoi(argv[4]);
  Sheet sheet;
  if (sheet_read(argv[1], tile, &sheet)) return 1;
  const size_t pixels = (size_t)3 * tile * tile;
  NpyArray array = {
      .rank = 4, .dims = {count, 3, tile, tile}, .data = ARENA_ARRAY(arena, count * pixels, float)};
  for (uint32_t i = 0; i < count; ++i) sheet_image(&sheet, first + i, array.data + i * pixels);
  sheet_free(&sheet);
  return npy_write(arena, diag, argv[5], &array);
}

static int64_t best_of(const float *row, int64_t classes) {
  int64_t best = 0;
  for (int64_t c = 0; c < classes; ++c) {
    if (row[c] > row[best]) best = c;
  }
  return best;
}

static int check(Arena *arena, Diag *diag, int argc, char **argv) {
  NpyArray got, expected;
  char *labels;
  size_t bytes;
  if (npy_read(arena, diag, argv[2], &got) || npy_read(arena, diag, argv[3], &expected) ||
      atomic_file_read(arena, diag, argv[5], SIZE_MAX, &labels, &bytes)) {
    return 1;
  }
  const int64_t first = atoi(argv[4]), n = got.dims[0], classes = got.dims[1];
  int64_t right = 0, same = 0;
  float distance = 0;
  double signal = 0, noise = 0;
  for (int64_t i = 0; i < n; ++i) {
    const float *row = got.data + i * classes, *wanted = expected.data + (first + i) * classes;
    for (int64_t c = 0; c < classes; ++c) {
      double error = (double)row[c] - wanted[c];
      distance = fmaxf(distance, (float)fabs(error));
      signal += (double)wanted[c] * wanted[c];
      noise += error * error;
    }
    int64_t best = best_of(row, classes);
    right += argv[6][best] == labels[first + i];
    same += best == best_of(wanted, classes);
  }
  const double decibels = 10 * log10(signal / noise);
  printf("accuracy: %lld of %lld, %lld as expected, largest distance %.2e, %.1f dB\n",
         (long long)right, (long long)n, (long long)same, (double)distance, decibels);
  if (argc == 7) return !(right == n && distance < 3e-5f);
  return !(right >= atoi(argv[7]) && same >= atoi(argv[8]) && decibels >= atof(argv[9]));
}

int main(int argc, char **argv) {
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  int code = 2;
  if ((argc == 7 || argc == 10) && !strcmp(argv[1], "--check")) {
    code = check(arena, &diag, argc, argv);
  } else if (argc == 6) {
    code = cut(arena, &diag, argv);
  } else {
    fprintf(stderr, "usage: sheet_tiles SHEET TILE FIRST COUNT OUT, or --check ...\n");
  }
  arena_free(arena);
  return code;
}
