/* SHA-256: the standard's examples, and lengths around the ends of blocks. */
#include <criterion/criterion.h>
#include <string.h>

#include "support/sha256.h"

static void expect(const char *data, size_t bytes, const char *wanted) {
  char text[SHA256_TEXT_BYTES];
  Sha256 sum = sha256_begin();
  sha256_add(&sum, data, bytes);
  sha256_end(&sum, text);
  cr_assert_str_eq(text, wanted);
}

Test(sha256, examples_of_the_standard) {
  expect("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  expect(two, strlen(two), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* The last block is full, has room for the length, or not. */
Test(sha256, ends_of_blocks) {
  static const struct {
    size_t bytes;
    const char *sum;
  } cases[] = {
      {55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
      {56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"},
      {63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"},
      {64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
      {65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"},
  };
  char text[65];
  memset(text, 'x', sizeof text);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    expect(text, cases[i].bytes, cases[i].sum);
  }
}

Test(sha256, a_million_letters_in_pieces) {
  char piece[1000], text[SHA256_TEXT_BYTES];
  memset(piece, 'a', sizeof piece);
  Sha256 sum = sha256_begin();
  for (int i = 0; i < 1000; ++i) sha256_add(&sum, piece, sizeof piece);
  sha256_end(&sum, text);
  cr_assert_str_eq(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
