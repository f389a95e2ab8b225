/* A fingerprint of content: the same in every process and on every machine. Not cryptographic: it
 * tells apart what is not meant to deceive (support/hash.h is for tables of strangers' names). */
#ifndef ATMC_SUPPORT_FINGERPRINT_H
#define ATMC_SUPPORT_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

/* Of one word behind `before`, which is 0 or the fingerprint of what comes before it. */
uint64_t fingerprint_word(uint64_t before, uint64_t word);
/* Of the `bytes` at `data` and of how many they are. */
uint64_t fingerprint_bytes(uint64_t before, const void *data, uint64_t bytes);
/* Of a text. */
uint64_t fingerprint_text(uint64_t before, const char *text);

#endif
