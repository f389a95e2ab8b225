/* The checksum of zip archives and of PNG's chunks. */
#ifndef ATMC_TESTS_CRC_H
#define ATMC_TESTS_CRC_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc_of(const uint8_t *data, size_t bytes) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < bytes; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

#endif
