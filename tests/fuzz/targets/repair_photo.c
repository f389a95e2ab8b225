/* The mutator of photos: chunks of a PNG get their right checksum, so that damage reaches what is
 * behind the first check, and photos stay small, so that runs are short. */
#include <string.h>

#include "tests/fuzz/targets/crc.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed);

enum { MAGIC_BYTES = 8, CHUNK_HEAD = 8, CRC_BYTES = 4, SMALL_SIDE = 128 };

static size_t big_endian(const uint8_t *at, size_t bytes) {
  size_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

/* The number of `bytes` at `at`, at most SMALL_SIDE. */
static void limit_side(uint8_t *at, size_t bytes) {
  if (big_endian(at, bytes) <= SMALL_SIDE) return;
  memset(at, 0, bytes - 1);
  at[bytes - 1] %= SMALL_SIDE;
}

/* A chunk is the length of its data, a name of four letters, the data, and a sum of both. */
static void repair_png(uint8_t *data, size_t bytes) {
  for (size_t at = MAGIC_BYTES; at + CHUNK_HEAD + CRC_BYTES <= bytes;) {
    size_t length = big_endian(data + at, 4);
    if (length > bytes - at - CHUNK_HEAD - CRC_BYTES) return;
    uint8_t *content = data + at + CHUNK_HEAD;
    if (memcmp(content - 4, "IHDR", 4) == 0 && length >= 8) {
      limit_side(content, 4);
      limit_side(content + 4, 4);
    }
    uint32_t crc = crc_of(content - 4, length + 4);
    for (int i = 0; i < CRC_BYTES; ++i) content[length + i] = (uint8_t)(crc >> (24 - 8 * i));
    at += CHUNK_HEAD + length + CRC_BYTES;
  }
}

/* A frame's header: 0xff, 0xc0 to 0xc2, two bytes of length, one of precision, height, width. */
static void repair_jpeg(uint8_t *data, size_t bytes) {
  for (size_t at = 0; at + 9 <= bytes; ++at) {
    if (data[at] != 0xff || data[at + 1] < 0xc0 || data[at + 1] > 0xc2) continue;
    limit_side(data + at + 5, 2);
    limit_side(data + at + 7, 2);
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed) {
  bytes = LLVMFuzzerMutate(data, bytes, most);
  if (seed % 8 == 0) return bytes; /* the checksums are damaged too */
  if (bytes >= MAGIC_BYTES && memcmp(data, "\x89PNG", 4) == 0) {
    repair_png(data, bytes);
  } else {
    repair_jpeg(data, bytes);
  }
  return bytes;
}
