/* SipHash-1-3 (Aumasson and Bernstein): four words of state that begin with the key, one round for
 * each word of the message, three at the end. The key is the 16 random bytes that Linux gives each
 * process (AT_RANDOM), which stay where they are, so that nothing global has to hold it. */
#include "support/hash.h"

#include <string.h>
#include <sys/auxv.h>

#include "support/panic.h"

typedef struct State {
  uint64_t a, b, c, d;
} State;

static uint64_t rotate(uint64_t x, int bits) {
  return x << bits | x >> (64 - bits);
}

/* SipRound. */
static void mix(State *s) {
  s->a += s->b, s->c += s->d;
  s->b = rotate(s->b, 13) ^ s->a, s->d = rotate(s->d, 16) ^ s->c;
  s->a = rotate(s->a, 32);
  s->c += s->b, s->a += s->d;
  s->b = rotate(s->b, 17) ^ s->c, s->d = rotate(s->d, 21) ^ s->a;
  s->c = rotate(s->c, 32);
}

/* The state of an empty message under the process's key. */
static State begin(void) {
  uint64_t key[2];
  const void *drawn = (const void *)(uintptr_t)getauxval(AT_RANDOM);
  CHECK(drawn);
  memcpy(key, drawn, sizeof key);
  return (State){key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                 key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
}

static void add(State *s, uint64_t word) {
  s->d ^= word;
  mix(s);
  s->a ^= word;
}

static uint64_t end(State *s) {
  s->c ^= 0xff;
  for (int i = 0; i < 3; ++i) mix(s);
  return s->a ^ s->b ^ s->c ^ s->d;
}

uint64_t hash_bytes(uint64_t before, const void *data, size_t bytes) {
  const char *at = data;
  size_t left = bytes;
  State s = begin();
  add(&s, before);
  for (uint64_t word; left >= sizeof word; at += sizeof word, left -= sizeof word) {
    memcpy(&word, at, sizeof word);
    add(&s, word);
  }
  uint64_t rest = 0;
  if (left) memcpy(&rest, at, left);
  add(&s, rest | (uint64_t)bytes << 56);
  return end(&s);
}

uint64_t hash_word(uint64_t before, uint64_t word) {
  State s = begin();
  add(&s, before);
  add(&s, word);
  return end(&s);
}
