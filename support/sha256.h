/* SHA-256 (FIPS 180-4), for who must be sure that a file is the one that was meant. */
#ifndef ATMC_SUPPORT_SHA256_H
#define ATMC_SUPPORT_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64, SHA256_TEXT_BYTES = 65 };

/* A sum under way. */
typedef struct Sha256 {
  uint32_t state[8];
  uint64_t bytes; /* so far */
  uint8_t block[SHA256_BLOCK];
} Sha256;

/* Of nothing yet. */
Sha256 sha256_begin(void);
/* Takes `bytes` more. */
void sha256_add(Sha256 *sum, const void *data, size_t bytes);
/* Its 64 digits in `text`; `sum` is used up. */
void sha256_end(Sha256 *sum, char text[SHA256_TEXT_BYTES]);

#endif
