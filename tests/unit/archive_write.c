/* Static archives: the bytes of a small one, and names that do not fit a header. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <string.h>

#include "backends/backend.h"

static const char *const one_symbol[] = {"f"};
static const char *const two_symbols[] = {"gg", "h"};

Test(archive_write, writes_a_symbol_table) {
  Arena *arena = arena_new();
  ArchiveMember members[] = {
      {.name = "a.o", .data = "abc", .bytes = 3, .symbols = one_symbol, .symbol_count = 1},
      {.name = "b.o", .data = "defg", .bytes = 4, .symbols = two_symbols, .symbol_count = 2}};
  char *data;
  size_t bytes;
  archive_write(arena, members, 2, &data, &bytes);
  /* symbol table: 4 + 3 * 4 + "f\0gg\0h\0" = 23, padded to 24 */
  static const char expected[] =
      "!<arch>\n"
      "/               0           0     0     644     23        `\n"
      "\0\0\0\3\0\0\0\x5c\0\0\0\x9c\0\0\0\x9c"
      "f\0gg\0h\0\n"
      "a.o/            0           0     0     644     3         `\n"
      "abc\n"
      "b.o/            0           0     0     644     4         `\n"
      "defg";
  cr_assert_eq(bytes, sizeof expected - 1);
  cr_expect_eq(memcmp(data, expected, bytes), 0);
  arena_free(arena);
}

Test(archive_write, keeps_long_names) {
  Arena *arena = arena_new();
  ArchiveMember members[] = {{.name = "a_rather_long_name.o", .data = "x", .bytes = 1},
                             {.name = "fifteen_chars.o", .data = "y", .bytes = 1},
                             {.name = "another_long_name.o", .data = "z", .bytes = 1}};
  char *data;
  size_t bytes;
  archive_write(arena, members, 3, &data, &bytes);
  cr_expect_not_null(memmem(data, bytes, "a_rather_long_name.o/\nanother_long_name.o/\n", 43));
  cr_expect_not_null(memmem(data, bytes, "\n/0              0", 18));
  cr_expect_not_null(memmem(data, bytes, "\nfifteen_chars.o/0", 18));
  cr_expect_not_null(memmem(data, bytes, "\n/22             0", 18));
  cr_expect_eq(bytes % 2, 0u);
  arena_free(arena);
}
