/* Words of eight bytes, mixed by multiplication and shift in chains that do not wait for each
 * other; the last words of each piece are padded with zeros and its length is mixed in last. */
#include "support/fingerprint.h"

#include <string.h>

uint64_t fingerprint_word(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return hash ^ hash >> 29;
}

enum { CHAINS = 8, STRIDE = CHAINS * sizeof(uint64_t) };

static void mix_words(uint64_t chains[CHAINS], const char *data) {
  uint64_t words[CHAINS];
  memcpy(words, data, sizeof words);
  for (int i = 0; i < CHAINS; ++i) chains[i] = fingerprint_word(chains[i], words[i]);
}

uint64_t fingerprint_bytes(uint64_t hash, const void *data, uint64_t bytes) {
  const char *from = data;
  uint64_t chains[CHAINS] = {hash, 1, 2, 3, 4, 5, 6, 7}, whole = bytes / STRIDE * STRIDE;
  for (uint64_t i = 0; i < whole; i += STRIDE) mix_words(chains, from + i);
  char rest[STRIDE] = {0};
  if (bytes > whole) memcpy(rest, from + whole, bytes - whole);
  mix_words(chains, rest);
  hash = fingerprint_word(chains[0], bytes);
  for (int i = 1; i < CHAINS; ++i) hash = fingerprint_word(hash, chains[i]);
  return hash;
}

uint64_t fingerprint_text(uint64_t before, const char *text) {
  return fingerprint_bytes(before, text, strlen(text));
}
