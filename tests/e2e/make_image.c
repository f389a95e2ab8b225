/* make_image H W SEED N OUT.npy: the image [N,3,H,W] of the recipe for deterministic inputs. */
#include <stdio.h>
#include <stdlib.h>

#include "frontend/frontend.h"
#include "support/npy.h"

static int64_t read_dim(const char *text) {
  long value = strtol(text, NULL, 10);
  if (value >= 1 && value <= 65536) return value;
  fprintf(stderr, "make_image: dimension %s\n", text);
  exit(2);
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fprintf(stderr, "usage: make_image H W SEED N OUT.npy\n");
    return 2;
  }
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  Type type = type_map(read_dim(argv[4]), 3, read_dim(argv[1]), read_dim(argv[2]));
  int64_t count;
  if (!type_count(type, &count)) return 2;
  NpyArray image = {.rank = 4, .data = ARENA_ARRAY(arena, (size_t)count, float)};
  for (uint32_t i = 0; i < 4; ++i) image.dims[i] = type.dims[i];
  synthetic_tensor("image", type, strtoull(argv[3], NULL, 10), image.data);
  Status status = npy_write(arena, &diag, argv[5], &image);
  arena_free(arena);
  return status;
}
