/* Element types: what ir/dtype.def says of them, and elements between memory and the doubles that
 * the compiler computes in. */
#ifndef ATMC_IR_DTYPE_H
#define ATMC_IR_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum DType {
#define DTYPE(NAME, text, bytes, kind, c_type, npy) DTYPE_##NAME,
#include "ir/dtype.def"
  DTYPE_COUNT,
} DType;

typedef enum DTypeKind { DTYPE_REAL, DTYPE_INTEGER } DTypeKind;

typedef struct DTypeInfo {
  const char *text; /* "f16" */
  uint32_t bytes;   /* of one element */
  DTypeKind kind;
  const char *c_type; /* "uint16_t" */
  const char *npy;    /* "<f2" */
} DTypeInfo;

/* The row of an element type. */
const DTypeInfo *dtype_info(DType dtype);
/* Bytes of one element. */
uint32_t dtype_bytes(DType dtype);
/* The element type called by the first `length` characters of `text`; false: there is none. */
bool dtype_find(const char *text, size_t length, DType *dtype);

/* `value` as an element of type `dtype` has it: the nearest that there is, of two the even one.
 * Reals beyond the largest become infinite; integers become the largest, and of a NaN 0. */
double dtype_round(DType dtype, double value);
/* Writes `count` values, rounded, to `memory`, one behind the other. */
void dtype_write(DType dtype, const double *values, size_t count, void *memory);
/* Reads `count` of them. */
void dtype_read(DType dtype, const void *memory, size_t count, double *values);

#endif
