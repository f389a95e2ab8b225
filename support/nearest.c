/* Optimal string alignment distance, on three rows of the usual table. */
#include "support/nearest.h"

#include <stdint.h>
#include <string.h>

enum { MAX_LENGTH = 63, TOO_FAR = 1000 };

static uint32_t smaller(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* The number of edits between `a` and `b`; TOO_FAR when it is `limit` or more at a glance. */
static uint32_t distance(const char *a, const char *b, uint32_t limit) {
  size_t n = strlen(a), m = strlen(b);
  if (n > MAX_LENGTH || m > MAX_LENGTH || (n > m ? n - m : m - n) >= limit) return TOO_FAR;
  uint32_t rows[3][MAX_LENGTH + 1]; /* row i is rows[i % 3] */
  for (size_t j = 0; j <= m; ++j) rows[0][j] = (uint32_t)j;
  for (size_t i = 1; i <= n; ++i) {
    uint32_t *row = rows[i % 3];
    const uint32_t *above = rows[(i + 2) % 3];
    row[0] = (uint32_t)i;
    for (size_t j = 1; j <= m; ++j) {
      uint32_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = smaller(change, smaller(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = smaller(row[j], rows[(i + 1) % 3][j - 2] + 1);
      }
    }
  }
  return rows[n % 3][m];
}

const char *nearest_name(const char *word, const char *const *names, size_t count) {
  const char *nearest = NULL;
  uint32_t least = (uint32_t)(strlen(word) / 3) + 1;
  if (least > TOO_FAR) least = TOO_FAR;
  for (size_t i = 0; i < count; ++i) {
    uint32_t d = distance(word, names[i], least);
    if (d >= least) continue;
    least = d;
    nearest = names[i];
  }
  return nearest;
}
