/* npy_row IN.npy INDEX OUT.npy: element INDEX of the outermost dimension, as a batch of one. */
#include <stdio.h>
#include <stdlib.h>

#include "support/npy.h"

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: npy_row IN.npy INDEX OUT.npy\n");
    return 2;
  }
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  NpyArray array;
  if (npy_read(arena, &diag, argv[1], &array)) return 1;
  size_t row = 1;
  for (uint32_t d = 1; d < array.rank; ++d) row *= (size_t)array.dims[d];
  const long index = strtol(argv[2], NULL, 10);
  if (index < 0 || index >= array.dims[0]) {
    fprintf(stderr, "npy_row: no row %ld\n", index);
    return 1;
  }
  array.data += row * (size_t)index;
  array.dims[0] = 1;
  Status status = npy_write(arena, &diag, argv[3], &array);
  arena_free(arena);
  return status;
}
