/* .npy: the magic "\x93NUMPY", a version, the length of the header, the header (a Python dictionary
 * with the keys descr, fortran_order and shape), the elements. Little-endian machines only.
 */
#include "support/npy.h"

#include <string.h>

#include "support/atomic_file.h"
#include "support/checked_math.h"
#include "support/half.h"
#include "support/panic.h"
#include "support/string_builder.h"

#define MAGIC "\x93NUMPY"
enum { MAGIC_BYTES = 6, ALIGNMENT = 64, MAX_TEXT = 32 };

/* The header's text, consumed from the front. */
typedef struct Cursor {
  const char *at, *end;
} Cursor;

/* A type of elements that is read, and how one becomes a float. */
typedef struct Element {
  const char *descr;
  size_t bytes;
  float (*read)(const char *data);
} Element;

typedef struct Header {
  const Element *element; /* set by check_elements */
  const char *data;       /* set by check_file: the elements */
  char descr[MAX_TEXT];
  char order[MAX_TEXT]; /* True or False */
  bool has_shape;
  uint32_t rank;
  int64_t dims[NPY_MAX_RANK];
} Header;

/* -- the dictionary: each function returns NULL or what is wrong ------------------------------- */

static void skip_blanks(Cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\n')) ++c->at;
}

/* Whether it is next; then it is skipped. */
static bool accept(Cursor *c, char expected) {
  skip_blanks(c);
  if (c->at == c->end || *c->at != expected) return false;
  ++c->at;
  return true;
}

/* 'text' or "text" without escapes. */
static bool parse_text(Cursor *c, char text[MAX_TEXT]) {
  skip_blanks(c);
  if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
  char quote = *c->at++;
  size_t length = 0;
  for (; c->at < c->end && *c->at != quote; ++c->at) {
    if (length == MAX_TEXT - 1 || *c->at == '\\' || (unsigned char)*c->at < 0x20) return false;
    text[length++] = *c->at;
  }
  text[length] = 0;
  return accept(c, quote);
}

/* Letters alone. */
static bool parse_word(Cursor *c, char text[MAX_TEXT]) {
  skip_blanks(c);
  size_t length = 0;
  for (; c->at < c->end && ((*c->at | 32) >= 'a' && (*c->at | 32) <= 'z'); ++c->at) {
    if (length == MAX_TEXT - 1) return false;
    text[length++] = *c->at;
  }
  text[length] = 0;
  return length > 0;
}

/* One dimension, at least 1. */
static const char *parse_dim(Cursor *c, int64_t *dim) {
  skip_blanks(c);
  if (c->at == c->end || *c->at < '0' || *c->at > '9') return "the shape is malformed";
  for (*dim = 0; c->at < c->end && *c->at >= '0' && *c->at <= '9'; ++c->at) {
    if (!checked_mul_i64(*dim, 10, dim) || !checked_add_i64(*dim, *c->at - '0', dim)) {
      return "a dimension is too large";
    }
  }
  return *dim ? NULL : "a dimension is 0";
}

/* (3,) or (1, 3, 224, 224). */
static const char *parse_shape(Cursor *c, Header *header) {
  if (!accept(c, '(')) return "the shape is malformed";
  header->has_shape = true;
  header->rank = 0;
  while (!accept(c, ')')) {
    if (header->rank == NPY_MAX_RANK) return "the array has more than 4 dimensions";
    RETURN_IF_FAULT(parse_dim(c, &header->dims[header->rank++]));
    if (!accept(c, ',')) return accept(c, ')') ? NULL : "the shape is malformed";
  }
  return header->rank ? NULL : "the array has no dimensions";
}

/* 'key': value; the last one of a key counts. */
static const char *parse_entry(Cursor *c, Header *header) {
  char key[MAX_TEXT];
  if (!parse_text(c, key) || !accept(c, ':')) return "the header is malformed";
  if (strcmp(key, "descr") == 0) {
    return parse_text(c, header->descr) ? NULL : "the elements are not plain numbers";
  }
  if (strcmp(key, "fortran_order") == 0) {
    return parse_word(c, header->order) ? NULL : "the header is malformed";
  }
  if (strcmp(key, "shape") == 0) return parse_shape(c, header);
  return "the header has an unknown key";
}

static const char *parse_header(Cursor *c, Header *header) {
  if (!accept(c, '{')) return "the header is malformed";
  while (!accept(c, '}')) {
    RETURN_IF_FAULT(parse_entry(c, header));
    if (!accept(c, ',') && (c->at == c->end || *c->at != '}')) return "the header is malformed";
  }
  skip_blanks(c);
  if (c->at != c->end) return "the header is malformed";
  if (!header->descr[0] || !header->order[0] || !header->has_shape) {
    return "the header lacks descr, fortran_order or shape";
  }
  return NULL;
}

/* -- the file ---------------------------------------------------------------------------------- */

/* Finds the header's text; *data is where the elements begin. */
static const char *find_header(const char *file, size_t bytes, Cursor *header) {
  const unsigned char *p = (const unsigned char *)file;
  if (bytes < MAGIC_BYTES + 4 || memcmp(file, MAGIC, MAGIC_BYTES) != 0) return "not a .npy file";
  size_t at = MAGIC_BYTES + 4, length = p[8] | (size_t)p[9] << 8;
  if (p[6] < 1 || p[6] > 3) return "unknown version of the .npy format";
  if (p[6] > 1) {
    if (bytes < MAGIC_BYTES + 6) return "the file is truncated";
    at += 2;
    length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
  }
  if (length > bytes - at) return "the file is truncated";
  *header = (Cursor){file + at, file + at + length};
  return NULL;
}

static float read_f4(const char *data) {
  float value;
  memcpy(&value, data, sizeof value);
  return value;
}

/* Rounded to the nearest. */
static float read_f8(const char *data) {
  double value;
  memcpy(&value, data, sizeof value);
  return (float)value;
}

static float read_f2(const char *data) {
  uint16_t bits;
  memcpy(&bits, data, sizeof bits);
  return (float)half_to_double(bits);
}

static float read_u1(const char *data) {
  return (float)(unsigned char)*data;
}

static const Element elements[] = {{"<f4", 4, read_f4}, {"<f8", 8, read_f8}, {"<f2", 2, read_f2}};
static const Element byte_element = {"|u1", 1, read_u1};

/* Finds how the elements are read. */
static Status check_elements(Diag *diag, const char *path, Header *header) {
  size_t count = sizeof elements / sizeof *elements, i = 0;
  while (i < count && strcmp(header->descr, elements[i].descr) != 0) ++i;
  if (strcmp(header->order, "False") != 0 && strcmp(header->order, "True") != 0) {
    return diag_error(diag, diag_file(path), "fortran_order is neither True nor False");
  }
  if (header->element == &byte_element) {
    if (strcmp(header->descr, byte_element.descr) == 0) return STATUS_OK;
    return diag_error(
        diag, diag_file(path),
        "elements are '%s', expected bytes ('|u1'): the model normalizes pixels itself",
        header->descr);
  }
  if (i < count) {
    header->element = &elements[i];
    return STATUS_OK;
  }
  if (strcmp(header->descr, "|u1") == 0) {
    return diag_error(
        diag, diag_file(path),
        "elements are bytes ('|u1'), expected 32-bit floats ('<f4'): an image is "
        "normalized as in training, as (x / 255 - mean) / std; a model whose input has "
        "\"pixels\" does that itself");
  }
  return diag_error(diag, diag_file(path),
                    "elements are '%s', expected little-endian 32-bit floats ('<f4'), or '<f8' or "
                    "'<f2', which are converted",
                    header->descr);
}

/* False: there are too many. */
static bool count_elements(const Header *header, size_t *count, size_t *bytes) {
  *count = 1;
  for (uint32_t i = 0; i < header->rank; ++i) {
    if (!checked_mul_size(*count, (size_t)header->dims[i], count)) return false;
  }
  return checked_mul_size(*count, header->element->bytes, bytes);
}

/* Checks `file` [bytes] into `header`; `array` lacks the elements alone. */
static Status check_file(Diag *diag, const char *path, const char *file, size_t bytes,
                         Header *header, NpyArray *array) {
  Cursor text;
  const char *message = find_header(file, bytes, &text);
  if (message) return diag_error(diag, diag_file(path), "%s", message);
  header->data = text.end;
  message = parse_header(&text, header);
  if (message) return diag_error(diag, diag_file(path), "%s", message);
  RETURN_IF_ERROR(check_elements(diag, path, header));
  size_t count, need, have = bytes - (size_t)(header->data - file);
  if (!count_elements(header, &count, &need)) {
    return diag_error(diag, diag_file(path), "the shape has too many elements");
  }
  if (have != need) {
    return diag_error(diag, diag_file(path), "the shape needs %zu bytes of data, the file has %zu",
                      need, have);
  }
  *array = (NpyArray){.rank = header->rank, .count = count};
  memcpy(array->dims, header->dims, sizeof array->dims);
  return STATUS_OK;
}

/* The elements one by one as floats in C order, in memory of their own. */
static void convert(Arena *arena, const Header *header, NpyArray *array) {
  bool fortran = header->order[0] == 'T';
  size_t strides[NPY_MAX_RANK], at[NPY_MAX_RANK] = {0}, step = 1;
  for (uint32_t i = 0; i < header->rank; ++i) {
    uint32_t d = fortran ? i : header->rank - 1 - i;
    strides[d] = step;
    step *= (size_t)header->dims[d];
  }
  array->data = ARENA_ARRAY(arena, array->count, float);
  for (size_t done = 0; done < array->count; ++done) {
    size_t from = 0;
    for (uint32_t d = 0; d < header->rank; ++d) from += at[d] * strides[d];
    array->data[done] = header->element->read(header->data + from * header->element->bytes);
    for (uint32_t d = header->rank; d-- > 0;) {
      if (++at[d] < (size_t)header->dims[d]) break;
      at[d] = 0;
    }
  }
}

/* Whether the elements are floats in C order already. */
static bool is_plain(const Header *header) {
  return header->element == elements && header->order[0] == 'F';
}

Status npy_parse(Arena *arena, Diag *diag, const char *path, const char *file, size_t bytes,
                 NpyArray *array) {
  Header header = {.element = elements};
  RETURN_IF_ERROR(check_file(diag, path, file, bytes, &header, array));
  if (is_plain(&header)) {
    array->data = arena_copy(arena, header.data, array->count * sizeof(float));
  } else {
    convert(arena, &header, array);
  }
  return STATUS_OK;
}

Status npy_read_bytes(Arena *arena, Diag *diag, const char *path, NpyArray *array) {
  char *file;
  size_t bytes;
  Header header = {.element = &byte_element};
  RETURN_IF_ERROR(atomic_file_read(arena, diag, path, NPY_MAX_BYTES, &file, &bytes));
  RETURN_IF_ERROR(check_file(diag, path, file, bytes, &header, array));
  convert(arena, &header, array);
  array->bytes = ARENA_ARRAY(arena, array->count, uint8_t);
  for (size_t i = 0; i < array->count; ++i) array->bytes[i] = (uint8_t)array->data[i];
  array->data = NULL;
  return STATUS_OK;
}

/* Floats in C order move to the front of the file's own memory, which is aligned: no second copy.
 * */
Status npy_read(Arena *arena, Diag *diag, const char *path, NpyArray *array) {
  char *file;
  size_t bytes;
  Header header = {.element = elements};
  RETURN_IF_ERROR(atomic_file_read(arena, diag, path, NPY_MAX_BYTES, &file, &bytes));
  RETURN_IF_ERROR(check_file(diag, path, file, bytes, &header, array));
  if (is_plain(&header)) {
    array->data = memmove(file, header.data, array->count * sizeof(float));
  } else {
    convert(arena, &header, array);
  }
  return STATUS_OK;
}

/* The header is filled with blanks so that the elements begin at a multiple of ALIGNMENT. */
/* Bytes of an element: what stands behind the order and the kind. */
static size_t element_bytes(const NpyArray *array) {
  return array->descr ? (size_t)(array->descr[2] - '0') : sizeof(float);
}

void npy_format(Arena *arena, const NpyArray *array, char **file, size_t *bytes) {
  StringBuilder text = {.arena = arena};
  size_t count = 1;
  string_builder_printf(&text, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                        array->descr ? array->descr : "<f4");
  for (uint32_t i = 0; i < array->rank; ++i) {
    string_builder_printf(&text, "%s%lld%s", i ? " " : "", (long long)array->dims[i],
                          i + 1 < array->rank || array->rank == 1 ? "," : "");
    count *= (size_t)array->dims[i];
  }
  string_builder_add(&text, "), }");
  size_t head = round_up_size(MAGIC_BYTES + 4 + text.length + 1, ALIGNMENT);
  size_t length = head - MAGIC_BYTES - 4;
  *bytes = head + count * element_bytes(array);
  *file = arena_alloc(arena, *bytes);
  memset(*file, ' ', head);
  memcpy(*file, MAGIC "\x01\x00", MAGIC_BYTES + 2);
  (*file)[8] = (char)(length & 0xff);
  (*file)[9] = (char)(length >> 8);
  memcpy(*file + MAGIC_BYTES + 4, string_builder_text(&text), text.length);
  (*file)[head - 1] = '\n';
  memcpy(*file + head, array->data, count * element_bytes(array));
}

Status npy_write(Arena *arena, Diag *diag, const char *path, const NpyArray *array) {
  char *file;
  size_t bytes;
  npy_format(arena, array, &file, &bytes);
  AtomicFiles *files = atomic_files_new(arena, diag);
  Status status = atomic_files_write(files, path, file, bytes, false);
  if (!status) status = atomic_files_commit(files);
  atomic_files_discard(files);
  return status;
}
