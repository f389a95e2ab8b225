/* Words of eight bytes, mixed by multiplication and shift; the last word is padded with zeros and
 * the length is mixed in at the end. */
#include "driver/file_hash.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 16 };

/* No secret: two files are told apart, not protected from each other. */
static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const char *data, size_t bytes) {
  for (size_t i = 0; i < bytes; i += sizeof(uint64_t)) {
    uint64_t word = 0;
    size_t left = bytes - i;
    memcpy(&word, data + i, left < sizeof word ? left : sizeof word);
    hash = mix(hash, word);
  }
  return mix(hash, bytes);
}

Status file_hash(Arena *arena, Diag *diag, const char *text, const char *path, const char **hash) {
  uint64_t value = mix_bytes(0, text, strlen(text));
  FILE *file = fopen(path, "rb");
  if (!file) return diag_io_error(diag, diag_file(path), "cannot open: %s", strerror(errno));
  char *block = arena_alloc(arena, BLOCK_BYTES);
  size_t got;
  do {
    got = fread(block, 1, BLOCK_BYTES, file);
    if (got > 0) value = mix_bytes(value, block, got);
  } while (got == BLOCK_BYTES);
  Status status = STATUS_OK;
  if (ferror(file)) {
    status = diag_io_error(diag, diag_file(path), "cannot read: %s", strerror(errno));
  }
  fclose(file);
  *hash = arena_printf(arena, "%016llx", (unsigned long long)value);
  return status;
}
