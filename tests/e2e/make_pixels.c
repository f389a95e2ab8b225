/* make_pixels LAYOUT ORDER H W N BYTES.npy FLOATS.npy: N random photos as bytes in that layout and
 * order, and the same normalized with the mean and std of pixels/model.json, as [N,3,H,W] of red,
 * green and blue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/npy.h"

static const double mean[] = {0.485, 0.456, 0.406}, std[] = {0.229, 0.224, 0.225};

/* `bytes` [N,H,W,3] or [N,3,H,W] behind a header as NumPy writes it. */
static int write_bytes(const char *path, int nchw, const long dims[3], const uint8_t *bytes) {
  char header[200], text[160];
  snprintf(text, sizeof text,
           nchw ? "{'descr': '|u1', 'fortran_order': False, 'shape': (%ld, 3, %ld, %ld), }"
                : "{'descr': '|u1', 'fortran_order': False, 'shape': (%ld, %ld, %ld, 3), }",
           dims[2], dims[0], dims[1]);
  snprintf(header, sizeof header, "%-10s%-117s\n", "\x93NUMPY", text);
  memcpy(header + 6, "\x01\x00\x76\x00", 4);
  size_t count = (size_t)(dims[0] * dims[1] * dims[2]) * 3;
  FILE *file = fopen(path, "wb");
  if (!file) return 1;
  int whole = fwrite(header, 1, 128, file) == 128 && fwrite(bytes, 1, count, file) == count;
  return fclose(file) || !whole;
}

int main(int argc, char **argv) {
  if (argc != 8) {
    fprintf(stderr, "usage: make_pixels LAYOUT ORDER H W N BYTES.npy FLOATS.npy\n");
    return 2;
  }
  int nchw = strcmp(argv[1], "nchw") == 0, bgr = strcmp(argv[2], "bgr") == 0;
  long dims[3];
  for (int i = 0; i < 3; ++i) dims[i] = strtol(argv[3 + i], NULL, 10);
  size_t pixels = (size_t)(dims[0] * dims[1]), count = pixels * (size_t)dims[2] * 3;
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  uint8_t *bytes = ARENA_ARRAY(arena, count, uint8_t);
  NpyArray floats = {.rank = 4, .dims = {dims[2], 3, dims[0], dims[1]}};
  floats.data = ARENA_ARRAY(arena, count, float);
  for (size_t i = 0; i < count; ++i) {
    size_t n = i / (3 * pixels), c = i / pixels % 3, p = i % pixels, to = bgr ? 2 - c : c;
    uint8_t byte = (uint8_t)((uint32_t)(i * 2654435761u) >> 24);
    bytes[nchw ? (3 * n + to) * pixels + p : (n * pixels + p) * 3 + to] = byte;
    floats.data[i] = (float)((byte / 255.0 - mean[c]) / std[c]);
  }
  int failed = write_bytes(argv[6], nchw, dims, bytes);
  failed = npy_write(arena, &diag, argv[7], &floats) || failed;
  arena_free(arena);
  return failed;
}
