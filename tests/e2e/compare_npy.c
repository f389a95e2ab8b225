/* compare_npy EXPECTED.npy GOT.npy: two arrays of one shape.
 *
 * Prints the largest error in units of the largest element expected. Exit code 1 where the shapes
 * differ, an element is not finite, or the error is beyond the bound.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "support/npy.h"

static const double bound = 2e-6; /* of the largest element */

static bool same_shape(const NpyArray *a, const NpyArray *b) {
  bool same = a->rank == b->rank;
  for (uint32_t d = 0; same && d < a->rank; ++d) same = a->dims[d] == b->dims[d];
  return same;
}

/* Infinite where an element is not finite. */
static double relative_error(const NpyArray *expected, const NpyArray *got) {
  double error = 0, largest = 0;
  for (size_t i = 0; i < expected->count; ++i) {
    const double wanted = expected->data[i], is = got->data[i];
    if (!isfinite(is) || !isfinite(wanted)) return INFINITY;
    largest = fmax(largest, fabs(wanted));
    error = fmax(error, fabs(is - wanted));
  }
  return error / largest;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: compare_npy EXPECTED.npy GOT.npy\n");
    return 2;
  }
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  NpyArray expected, got;
  if (npy_read(arena, &diag, argv[1], &expected) || npy_read(arena, &diag, argv[2], &got)) return 1;
  double error = same_shape(&expected, &got) ? relative_error(&expected, &got) : INFINITY;
  arena_free(arena);
  printf("max error / max element %.3g\n", error);
  return !(error <= bound);
}
