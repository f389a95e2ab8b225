/* Parts of rows: they cover all rows in order, none is empty, and large ones begin at whole tiles.
 */
#include "ir/rows.h"

#include <criterion/criterion.h>

static void check(uint64_t rows, uint64_t parts) {
  uint64_t most = 0;
  cr_assert_eq(rows_begin(rows, parts, 0), 0);
  cr_assert_eq(rows_begin(rows, parts, parts), rows);
  for (uint64_t p = 0; p < parts; ++p) {
    uint64_t begin = rows_begin(rows, parts, p), end = rows_begin(rows, parts, p + 1);
    cr_assert_lt(begin, end, "part %lu of %lu, %lu rows", (unsigned long)p, (unsigned long)parts,
                 (unsigned long)rows);
    cr_assert_eq(begin % rows_unit(rows, parts), 0);
    if (end - begin > most) most = end - begin;
  }
  cr_assert_leq(most, rows_most(rows, parts));
}

Test(rows, parts_cover_all_rows) {
  for (uint64_t rows = 1; rows <= 1200; rows += 7) {
    for (uint64_t parts = 1; parts <= rows && parts <= 40; ++parts) check(rows, parts);
  }
  check(UINT64_C(1) << 31, 19173962);
}

Test(rows, large_parts_begin_at_whole_tiles) {
  cr_expect_eq(rows_begin(1024, 10, 1), 7 * ROWS_UNIT);
  cr_expect_eq(rows_begin(1024, 10, 5), 37 * ROWS_UNIT); /* half of the tiles */
  cr_expect_eq(rows_begin(1024, 10, 9), 66 * ROWS_UNIT);
  cr_expect_eq(rows_begin(3136, 28, 1), 112);
}

Test(rows, small_parts_are_of_equal_size) {
  for (uint64_t p = 0; p <= 4; ++p) cr_expect_eq(rows_begin(196, 4, p), 49 * p);
}
