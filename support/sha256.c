#include "support/sha256.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 64, LENGTH_BYTES = 8 };

static const uint32_t constants[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, uint32_t by) {
  return x >> by | x << (32 - by);
}

/* The 64 words of the schedule, of the 16 of a block. */
static void expand(const uint8_t *block, uint32_t w[ROUNDS]) {
  for (int i = 0; i < 16; ++i) {
    const uint8_t *p = block + (size_t)4 * i;
    w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
  }
  for (int i = 16; i < ROUNDS; ++i) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
           (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
  }
}

static void mix(uint32_t state[8], const uint8_t *block) {
  uint32_t w[ROUNDS], s[8];
  expand(block, w);
  memcpy(s, state, sizeof s);
  for (int i = 0; i < ROUNDS; ++i) {
    uint32_t a = s[0], e = s[4];
    uint32_t choice = (e & s[5]) ^ (~e & s[6]), majority = (a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]);
    uint32_t t =
        s[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + constants[i] + w[i];
    uint32_t first = t + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority;
    memmove(s + 1, s, 7 * sizeof *s);
    s[0] = first;
    s[4] += t;
  }
  for (int i = 0; i < 8; ++i) state[i] += s[i];
}

Sha256 sha256_begin(void) {
  return (Sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                            0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(Sha256 *sum, const void *data, size_t bytes) {
  const uint8_t *at = data;
  while (bytes > 0) {
    size_t held = sum->bytes % SHA256_BLOCK, take = SHA256_BLOCK - held;
    if (take > bytes) take = bytes;
    memcpy(sum->block + held, at, take);
    sum->bytes += take, at += take, bytes -= take;
    if (sum->bytes % SHA256_BLOCK == 0) mix(sum->state, sum->block);
  }
}

/* A bit, zeros, and the length in bits fill the last block. */
void sha256_end(Sha256 *sum, char text[SHA256_TEXT_BYTES]) {
  uint8_t length[LENGTH_BYTES];
  for (int i = 0; i < LENGTH_BYTES; ++i) {
    length[i] = (uint8_t)(sum->bytes * 8 >> (8 * (LENGTH_BYTES - 1 - i)));
  }
  static const uint8_t padding[SHA256_BLOCK] = {0x80};
  size_t held = (sum->bytes + LENGTH_BYTES) % SHA256_BLOCK;
  sha256_add(sum, padding, SHA256_BLOCK - held);
  sha256_add(sum, length, sizeof length);
  for (int i = 0; i < 8; ++i) snprintf(text + (size_t)8 * i, 9, "%08x", sum->state[i]);
}
