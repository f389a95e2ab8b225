/* Fingerprints of content: every byte, its place and the length count. */
#include "support/fingerprint.h"

#include <criterion/criterion.h>
#include <string.h>

enum { BYTES = 150 }; /* two strides and a rest */

Test(fingerprint, changes_with_every_byte) {
  char data[BYTES] = {0};
  uint64_t whole = fingerprint_bytes(0, data, BYTES);
  for (int i = 0; i < BYTES; ++i) {
    data[i] = 1;
    cr_expect_neq(fingerprint_bytes(0, data, BYTES), whole, "byte %d", i);
    data[i] = 0;
  }
  cr_expect_eq(fingerprint_bytes(0, data, BYTES), whole);
}

Test(fingerprint, knows_places_lengths_and_what_came_before) {
  char data[BYTES] = {0}, other[BYTES] = {0};
  data[8] = other[72] = 1; /* the same chain, a stride later */
  cr_expect_neq(fingerprint_bytes(0, data, BYTES), fingerprint_bytes(0, other, BYTES));
  memset(data, 0, sizeof data);
  cr_expect_neq(fingerprint_bytes(0, data, 63), fingerprint_bytes(0, data, 64));
  cr_expect_neq(fingerprint_bytes(0, data, 0), fingerprint_bytes(1, data, 0));
  cr_expect_neq(fingerprint_text(fingerprint_text(0, "ab"), "c"),
                fingerprint_text(fingerprint_text(0, "a"), "bc"));
}

Test(fingerprint, is_the_same_everywhere) {
  cr_expect_eq(fingerprint_word(0, 1),
               UINT64_C(0x9E3779B97F4A7C15) ^ (UINT64_C(0x9E3779B97F4A7C15) >> 29));
}
