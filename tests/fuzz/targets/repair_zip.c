/* The mutator of checkpoints: what stands in a zip archive's entries after a mutation gets its
 * right checksum, so that damage reaches what is behind the first check. */
#include <string.h>

#include "tests/fuzz/targets/crc.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed);

/* Of an entry, beside its data and in the directory: where its numbers stand. */
enum {
  LOCAL_BYTES = 30,
  LOCAL_CRC = 14,
  LOCAL_SIZE = 18,
  LOCAL_NAME = 26,
  LOCAL_EXTRA = 28,
  DIRECTORY_BYTES = 46,
  DIRECTORY_CRC = 16,
  DIRECTORY_SIZE = 20,
  DIRECTORY_OFFSET = 42,
};

static uint64_t number(const uint8_t *at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = bytes; i-- > 0;) value = value << 8 | at[i];
  return value;
}

/* The entry of the directory at `entry`, which is whole, and the one beside its data. */
static void repair_entry(uint8_t *data, size_t bytes, uint8_t *entry) {
  size_t local = (size_t)number(entry + DIRECTORY_OFFSET, 4);
  if (bytes < LOCAL_BYTES || local > bytes - LOCAL_BYTES) return;
  size_t begin = local + LOCAL_BYTES + (size_t)number(data + local + LOCAL_NAME, 2) +
                 (size_t)number(data + local + LOCAL_EXTRA, 2);
  size_t size = (size_t)number(entry + DIRECTORY_SIZE, 4);
  if (begin > bytes || size > bytes - begin) return;
  uint32_t crc = crc_of(data + begin, size);
  for (int i = 0; i < 4; ++i) {
    entry[DIRECTORY_CRC + i] = (uint8_t)(crc >> (8 * i));
    data[local + LOCAL_CRC + i] = (uint8_t)(crc >> (8 * i));
  }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed) {
  bytes = LLVMFuzzerMutate(data, bytes, most);
  if (seed % 8 == 0) return bytes; /* the checksums are damaged too */
  for (size_t at = 0; at + DIRECTORY_BYTES <= bytes; ++at) {
    if (memcmp(data + at, "PK\1\2", 4) == 0) repair_entry(data, bytes, data + at);
  }
  return bytes;
}
