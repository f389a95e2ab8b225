/* Arrays in .npy files: 32-bit little-endian floats in C order, rank 1 to 4; other elements are
 * written alone; floats of 64 bits, which are rounded, and of 16 bits, and Fortran order are read
 * alone; bytes are read where they are what is asked for.
 *
 * Reads versions 1, 2 and 3 of the format and trusts nothing in it; every error names the file and
 * what is wrong with it. Writes version 1.
 */
#ifndef ATMC_SUPPORT_NPY_H
#define ATMC_SUPPORT_NPY_H

#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

/* The largest tensor that is compiled for has 1 GiB (driver/shapes.c); a header of any kind fits
 * too. */
enum { NPY_MAX_RANK = 4, NPY_MAX_BYTES = (1 << 30) + (1 << 20) };

typedef struct NpyArray {
  uint32_t rank;
  int64_t dims[NPY_MAX_RANK]; /* each >= 1 */
  size_t count;               /* their product */
  float *data;                /* or what `descr` says */
  uint8_t *bytes;             /* of npy_read_bytes, which sets no data */
  const char *descr;          /* of elements of one to eight bytes, "<i4"; NULL: "<f4" */
} NpyArray;

/* Reads the file at `path`; the data are in `arena`. */
MUST_CHECK Status npy_read(Arena *arena, Diag *diag, const char *path, NpyArray *array);
/* The same of bytes ('|u1') alone. */
MUST_CHECK Status npy_read_bytes(Arena *arena, Diag *diag, const char *path, NpyArray *array);
/* npy_read from the `bytes` of `file` in memory; `path` is for messages. */
MUST_CHECK Status npy_parse(Arena *arena, Diag *diag, const char *path, const char *file,
                            size_t bytes, NpyArray *array);
/* The bytes of a file that holds `array` (whose count is not read), in `arena`. */
void npy_format(Arena *arena, const NpyArray *array, char **file, size_t *bytes);
/* Writes that file to `path`, whole or not at all. */
MUST_CHECK Status npy_write(Arena *arena, Diag *diag, const char *path, const NpyArray *array);

#endif
