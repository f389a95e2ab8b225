/* Files: "\x93NUMPY", version, length of the header, the header (a Python dictionary), the data.
 * The header's keys are looked for by name; its values are the few that NumPy writes for such
 * arrays. */
#include "npy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atm_runtime.h"

enum { MAX_HEADER = 65536, MAX_BYTES = 8 };
static const char no_memory[] = "out of memory";
const char npy_other_elements[] = "elements that no model takes";

static const npy_type types[] = {
    {ATM_DTYPE_F32, 4, "<f4"}, {ATM_DTYPE_S32, 4, "<i4"}, {ATM_DTYPE_U8, 1, "|u1"}};
enum { TYPE_COUNT = sizeof types / sizeof *types };

const npy_type *npy_type_of(uint32_t dtype) {
  for (size_t i = 0; i < TYPE_COUNT; ++i) {
    if (types[i].dtype == dtype) return &types[i];
  }
  return NULL;
}

size_t npy_count(uint32_t rank, const uint32_t *dims) {
  size_t count = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    if (dims[i] && count > SIZE_MAX / MAX_BYTES / dims[i]) return 0;
    count *= dims[i];
  }
  return count;
}

/* What stands behind `'key':` in the header, or NULL. */
static const char *value_of(const char *header, const char *key) {
  const char *at = strstr(header, key);
  if (!at) return NULL;
  at += strlen(key);
  return at + strspn(at, ": ");
}

/* Reads "(1, 3, 224, 224)". */
static const char *parse_shape(const char *text, npy_array *array) {
  static const char bad[] = "the shape is not one of 1 to 4 dimensions";
  if (!text || *text != '(') return bad;
  ++text;
  for (array->rank = 0;; ++array->rank) {
    char *end = NULL;
    text += strspn(text, ", ");
    if (*text == ')') return array->rank ? NULL : bad;
    if (array->rank == NPY_MAX_RANK || *text < '0' || *text > '9') return bad;
    unsigned long dim = strtoul(text, &end, 10);
    if (dim == 0 || dim > UINT32_MAX) return "a dimension is out of range";
    array->dims[array->rank] = (uint32_t)dim;
    text = end;
  }
}

/* The type called `text`, as "'<f4'", in the header. */
static const npy_type *parse_type(const char *text) {
  for (size_t i = 0; text && i < TYPE_COUNT; ++i) {
    size_t length = strlen(types[i].descr);
    if (text[0] == '\'' && strncmp(text + 1, types[i].descr, length) == 0 &&
        text[1 + length] == '\'') {
      return &types[i];
    }
  }
  return NULL;
}

static const char *parse_header(const char *header, npy_array *array) {
  const char *order = value_of(header, "'fortran_order'");
  const char *descr = value_of(header, "'descr'");
  array->type = parse_type(descr);
  if (descr) snprintf(array->found, sizeof array->found, "%.*s", (int)strcspn(descr, ", }"), descr);
  if (!array->type) return npy_other_elements;
  if (!order || strncmp(order, "False", 5) != 0) return "the array is not in C order";
  return parse_shape(value_of(header, "'shape'"), array);
}

/* Reads the header's text, zero-terminated, into `header` [MAX_HEADER + 1]. */
static const char *read_header(FILE *file, char *header) {
  unsigned char start[12];
  if (fread(start, 1, 10, file) != 10 || memcmp(start, "\x93NUMPY", 6) != 0) {
    return "not an .npy file";
  }
  size_t length = start[8] | (size_t)start[9] << 8;
  if (start[6] > 1) {
    if (fread(start + 10, 1, 2, file) != 2) return "the header is cut off";
    length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
  }
  if (length > MAX_HEADER) return "the header is too long";
  if (fread(header, 1, length, file) != length) return "the header is cut off";
  header[length] = 0;
  return NULL;
}

static const char *read_data(FILE *file, npy_array *array) {
  size_t count = npy_count(array->rank, array->dims);
  if (!count) return "the array is too large";
  array->data = malloc(count * array->type->bytes);
  if (!array->data) return no_memory;
  if (fread(array->data, array->type->bytes, count, file) != count) return "the data is cut off";
  return fgetc(file) == EOF ? NULL : "bytes follow the data";
}

const char *npy_read(FILE *file, npy_array *array) {
  *array = (npy_array){0};
  char *header = malloc(MAX_HEADER + 1);
  const char *error = header ? read_header(file, header) : no_memory;
  if (!error) error = parse_header(header, array);
  if (!error) error = read_data(file, array);
  free(header);
  return error;
}

const char *npy_write(const char *path, const npy_array *array) {
  enum { HEADER = 128, START = 10 };
  char text[HEADER + 1];
  int used = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                      array->type->descr);
  for (uint32_t i = 0; i < array->rank; ++i) {
    used += snprintf(text + used, sizeof text - (size_t)used, "%s%u", i ? ", " : "",
                     (unsigned)array->dims[i]);
  }
  used += snprintf(text + used, sizeof text - (size_t)used, "%s), }", array->rank == 1 ? "," : "");
  char header[HEADER] = "\x93NUMPY\x01\x00\x76"; /* 128 - 10 bytes of text */
  memset(header + START, ' ', HEADER - START);
  memcpy(header + START, text, (size_t)used);
  header[HEADER - 1] = '\n';
  FILE *file = fopen(path, "wb");
  if (!file) return strerror(errno);
  size_t count = npy_count(array->rank, array->dims);
  int ok = fwrite(header, 1, HEADER, file) == HEADER &&
           fwrite(array->data, array->type->bytes, count, file) == count;
  return fclose(file) == 0 && ok ? NULL : "cannot write";
}
