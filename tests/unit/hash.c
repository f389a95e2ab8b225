/* The hash tells texts apart, depends on all of them, and spreads names that share FNV-1a slots. */
#include "support/hash.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(hash, depends_on_every_byte_and_on_the_length) {
  char text[40] = {0};
  for (size_t bytes = 0; bytes < sizeof text; ++bytes) {
    uint64_t plain = hash_bytes(0, text, bytes);
    cr_expect_eq(plain, hash_bytes(0, text, bytes));
    cr_expect_neq(plain, hash_bytes(0, text, bytes + 1));
    cr_expect_neq(plain, hash_bytes(1, text, bytes));
    for (size_t i = 0; i < bytes; ++i) {
      text[i] = 1;
      cr_expect_neq(plain, hash_bytes(0, text, bytes));
      text[i] = 0;
    }
  }
  cr_expect_neq(hash_word(0, 1), hash_word(1, 0));
}

/* The low bits, which tables use: 4,096 texts in as many slots leave about a third empty. */
Test(hash, spreads) {
  enum { COUNT = 4096 };
  static uint32_t slots[COUNT];
  char text[16];
  uint32_t used = 0, fullest = 0;
  for (uint32_t i = 0; i < COUNT; ++i) {
    int length = snprintf(text, sizeof text, "block.%u", i);
    uint32_t *slot = &slots[hash_bytes(0, text, (size_t)length) % COUNT];
    used += *slot == 0;
    if (++*slot > fullest) fullest = *slot;
  }
  cr_expect_gt(used, COUNT / 2);
  cr_expect_lt(fullest, 16);
}
