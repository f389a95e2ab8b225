/* Types are values: small structs that are copied, compared member by member. */
#include "ir/type.h"

#include <inttypes.h>
#include <stdio.h>

#include "support/checked_math.h"
#include "support/panic.h"

Type type_make(uint32_t rank, const int64_t *dims) {
  CHECK(rank >= 1 && rank <= TYPE_MAX_RANK);
  Type type = {.dtype = DTYPE_F32, .rank = rank};
  for (uint32_t i = 0; i < rank; ++i) type.dims[i] = dims[i];
  return type;
}

Type type_vector(int64_t c) {
  return (Type){.rank = 1, .dims = {c}};
}

Type type_matrix(int64_t n, int64_t c) {
  return (Type){.rank = 2, .dims = {n, c}};
}

Type type_map(int64_t n, int64_t h, int64_t w, int64_t c) {
  return (Type){.rank = 4, .dims = {n, h, w, c}};
}

Type type_with_dtype(Type type, DType dtype) {
  type.dtype = dtype;
  return type;
}

Type type_with_channels(Type type, int64_t channels) {
  CHECK(type.rank >= 1);
  type.dims[type.rank - 1] = channels;
  return type;
}

bool type_equal(Type a, Type b) {
  if (a.dtype != b.dtype || a.rank != b.rank) return false;
  for (uint32_t i = 0; i < a.rank; ++i) {
    if (a.dims[i] != b.dims[i]) return false;
  }
  return true;
}

bool type_is_known(Type type) {
  for (uint32_t i = 0; i < type.rank; ++i) {
    if (type.dims[i] == DIM_OPEN) return false;
  }
  return true;
}

int64_t type_channels(Type type) {
  CHECK(type.rank >= 1);
  return type.dims[type.rank - 1];
}

/* The bound leaves room for the bytes of an element, whatever its type. */
bool type_count(Type type, int64_t *count) {
  *count = 1;
  for (uint32_t i = 0; i < type.rank; ++i) {
    if (type.dims[i] == DIM_OPEN || !checked_mul_i64(*count, type.dims[i], count)) return false;
  }
  return *count <= INT64_MAX / 16;
}

uint64_t type_bytes(Type type) {
  int64_t count = 0;
  CHECK(type_count(type, &count));
  return (uint64_t)count * dtype_bytes(type.dtype); /* below 2^63: of at most 8 bytes each */
}

const char *type_format(Type type, char text[TYPE_TEXT_MAX]) {
  int length = snprintf(text, TYPE_TEXT_MAX, "%s[", dtype_info(type.dtype)->text);
  for (uint32_t i = 0; i < type.rank; ++i) {
    char *end = text + length;
    size_t room = TYPE_TEXT_MAX - (size_t)length;
    const char *comma = i ? "," : "";
    length += type.dims[i] == DIM_OPEN ? snprintf(end, room, "%s?", comma)
                                       : snprintf(end, room, "%s%" PRId64, comma, type.dims[i]);
  }
  snprintf(text + length, TYPE_TEXT_MAX - (size_t)length, "]");
  return text;
}
