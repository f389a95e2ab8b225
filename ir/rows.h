/* How rows are dealt out: `rows` rows to `parts` parts, which are the chunks of a sum or the blocks
 * of a kernel.
 *
 * Part p is rows [rows_begin(p), rows_begin(p + 1)). Large parts begin at multiples of ROWS_UNIT:
 * where that is a multiple of the height of a target's tiles, they are all full, but for a rest in
 * the last part.
 */
#ifndef ATMC_IR_ROWS_H
#define ATMC_IR_ROWS_H

#include <stdint.h>

/* ROWS_UNIT is the height of the tallest tile that any target has. A part of fewer units than
 * LARGE_PART would be too far from its fair share. */
enum { ROWS_UNIT = 14, LARGE_PART = 6 };

/* How many rows a part's beginning is a multiple of. */
static inline uint64_t rows_unit(uint64_t rows, uint64_t parts) {
  return rows >= parts * ROWS_UNIT * LARGE_PART ? ROWS_UNIT : 1;
}

/* How many units there are; the last one may have fewer rows. */
static inline uint64_t rows_units(uint64_t rows, uint64_t parts) {
  uint64_t unit = rows_unit(rows, parts);
  return (rows + unit - 1) / unit;
}

/* The first row of part `part`; `rows` for part `parts`, behind the last. */
static inline uint64_t rows_begin(uint64_t rows, uint64_t parts, uint64_t part) {
  uint64_t begin = part * rows_units(rows, parts) / parts * rows_unit(rows, parts);
  return begin < rows ? begin : rows;
}

/* No part has more rows. */
static inline uint64_t rows_most(uint64_t rows, uint64_t parts) {
  uint64_t unit = rows_unit(rows, parts), units = rows_units(rows, parts);
  uint64_t most = (units + parts - 1) / parts * unit;
  return most < rows ? most : rows;
}

#endif
