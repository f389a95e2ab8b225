/* Element types as tables, expanded from ir/dtype.def: what is known of each, and how its elements
 * are written and read. */
#include "ir/dtype.h"

#include <math.h>
#include <string.h>

#include "support/half.h"
#include "support/panic.h"

static const DTypeInfo infos[DTYPE_COUNT] = {
#define DTYPE(NAME, text, bytes, kind, c_type, npy) \
  [DTYPE_##NAME] = {text, bytes, kind, c_type, npy},
#include "ir/dtype.def"
};

const DTypeInfo *dtype_info(DType dtype) {
  CHECK(dtype < DTYPE_COUNT);
  return &infos[dtype];
}

uint32_t dtype_bytes(DType dtype) {
  return dtype_info(dtype)->bytes;
}

bool dtype_find(const char *text, size_t length, DType *dtype) {
  for (uint32_t i = 0; i < DTYPE_COUNT; ++i) {
    if (strlen(infos[i].text) != length || memcmp(infos[i].text, text, length) != 0) continue;
    *dtype = (DType)i;
    return true;
  }
  return false;
}

/* -- elements: one writer and one reader for each type, of any number -------------------------- */

/* Rounds to the nearest float, ties to even: C's conversion. */
static void write_F32(const double *values, size_t count, void *memory) {
  float *elements = memory;
  for (size_t i = 0; i < count; ++i) elements[i] = (float)values[i];
}

static void read_F32(const void *memory, size_t count, double *values) {
  const float *elements = memory;
  for (size_t i = 0; i < count; ++i) values[i] = elements[i];
}

static void write_F16(const double *values, size_t count, void *memory) {
  uint16_t *elements = memory;
  for (size_t i = 0; i < count; ++i) elements[i] = half_from_double(values[i]);
}

static void read_F16(const void *memory, size_t count, double *values) {
  const uint16_t *elements = memory;
  for (size_t i = 0; i < count; ++i) values[i] = half_to_double(elements[i]);
}

/* The nearest whole number in [low, high], the even one of two, as everywhere; of a NaN 0. */
static double whole(double value, double low, double high) {
  return isnan(value) ? 0 : fmin(fmax(rint(value), low), high);
}

#define INTEGERS(NAME, type, low, high)                                                 \
  static void write_##NAME(const double *values, size_t count, void *memory) {          \
    type *elements = memory;                                                            \
    for (size_t i = 0; i < count; ++i) elements[i] = (type)whole(values[i], low, high); \
  }                                                                                     \
  static void read_##NAME(const void *memory, size_t count, double *values) {           \
    const type *elements = memory;                                                      \
    for (size_t i = 0; i < count; ++i) values[i] = elements[i];                         \
  }

INTEGERS(S32, int32_t, INT32_MIN, INT32_MAX)
INTEGERS(S8, int8_t, INT8_MIN, INT8_MAX)
INTEGERS(U8, uint8_t, 0, UINT8_MAX)
INTEGERS(S16, int16_t, INT16_MIN, INT16_MAX)

typedef void WriteFunction(const double *values, size_t count, void *memory);
typedef void ReadFunction(const void *memory, size_t count, double *values);

static const struct {
  WriteFunction *write;
  ReadFunction *read;
} elements[DTYPE_COUNT] = {
#define DTYPE(NAME, text, bytes, kind, c_type, npy) [DTYPE_##NAME] = {write_##NAME, read_##NAME},
#include "ir/dtype.def"
};

void dtype_write(DType dtype, const double *values, size_t count, void *memory) {
  elements[dtype].write(values, count, memory);
}

void dtype_read(DType dtype, const void *memory, size_t count, double *values) {
  elements[dtype].read(memory, count, values);
}

double dtype_round(DType dtype, double value) {
  uint64_t element; /* of any type */
  dtype_write(dtype, &value, 1, &element);
  dtype_read(dtype, &element, 1, &value);
  return value;
}
