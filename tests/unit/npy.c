/* .npy files: what is written reads back; what numpy writes is read; what is wrong is named. */
#include "support/npy.h"

#include <criterion/criterion.h>
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Arena *arena;

static void setup(void) {
  arena = arena_new();
}
static void teardown(void) {
  arena_free(arena);
}
TestSuite(npy, .init = setup, .fini = teardown);

/* The bytes of a file: version, header text, then `data_bytes` of zeros. */
static char *make_file(int version, const char *header, size_t data_bytes, size_t *bytes) {
  size_t length = strlen(header), prefix = version == 1 ? 10 : 12;
  char *file = arena_alloc(arena, prefix + length + data_bytes);
  memcpy(file, "\x93NUMPY", 6);
  file[6] = (char)version;
  for (size_t i = 8; i < prefix; ++i) file[i] = (char)(length >> (8 * (i - 8)));
  memcpy(file + prefix, header, length);
  *bytes = prefix + length + data_bytes;
  return file;
}

/* Parses and returns the message printed, "" when there was none. */
static const char *parse(const char *file, size_t bytes, NpyArray *array) {
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  Diag diag = {.stream = stream};
  Status status = npy_parse(arena, &diag, "x.npy", file, bytes, array);
  fclose(stream);
  const char *copy = arena_strdup(arena, text);
  free(text);
  cr_assert_eq(status, *copy ? STATUS_BAD_INPUT : STATUS_OK);
  return copy;
}

static void check_refused(int version, const char *header, size_t data_bytes, const char *message) {
  size_t bytes;
  NpyArray array;
  char *file = make_file(version, header, data_bytes, &bytes);
  const char *text = parse(file, bytes, &array);
  cr_expect(strstr(text, message) && strncmp(text, "x.npy: ", 7) == 0, "%s: %s", header, text);
}

#define HEADER(descr, order, shape) \
  "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }"

Test(npy, reads_what_it_writes) {
  float data[24];
  for (int i = 0; i < 24; ++i) data[i] = (float)i / 7;
  static const NpyArray shapes[] = {
      {.rank = 1, .dims = {24}},
      {.rank = 2, .dims = {4, 6}},
      {.rank = 3, .dims = {1, 2, 12}},
      {.rank = 4, .dims = {2, 3, 2, 2}},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
    NpyArray array = shapes[i], back = {0};
    array.data = data;
    char *file;
    size_t bytes;
    npy_format(arena, &array, &file, &bytes);
    cr_assert_eq((bytes - sizeof data) % 64, 0, "the data are aligned");
    cr_assert_str_empty(parse(file, bytes, &back));
    cr_assert_eq(back.rank, array.rank);
    cr_assert_eq(back.count, 24);
    cr_assert_arr_eq(back.dims, array.dims, sizeof array.dims);
    cr_assert_arr_eq(back.data, data, sizeof data);
  }
}

Test(npy, writes_the_header_of_numpy) {
  NpyArray array = {.rank = 1, .dims = {2}, .data = (float[]){1, 2}};
  char *file;
  size_t bytes;
  npy_format(arena, &array, &file, &bytes);
  static const char expected[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  cr_assert_arr_eq(file, "\x93NUMPY\x01\x00\x76\x00", 10);
  cr_assert_arr_eq(file + 10, expected, sizeof expected - 1);
  cr_assert_eq(file[127], '\n');
  cr_assert_eq(bytes, 128 + 8);
}

Test(npy, reads_all_versions) {
  for (int version = 1; version <= 3; ++version) {
    size_t bytes;
    NpyArray array;
    char *file = make_file(version, HEADER("'<f4'", "False", "(2, 3)") "   \n", 24, &bytes);
    cr_expect_str_empty(parse(file, bytes, &array));
    cr_expect_eq(array.rank, 2);
    cr_expect_eq(array.dims[1], 3);
  }
}

Test(npy, converts_other_floats_and_orders) {
  static const double f8[] = {1, 1.0 + 0x1p-24, 1.0 + 0x3p-24, 1e300};
  static const uint16_t f2[] = {0x3c00, 0xc100};
  static const float f4[] = {0, 1, 2, 3, 4, 5};
  size_t bytes;
  NpyArray array;
  char *file = make_file(1, HEADER("'<f8'", "False", "(4,)"), sizeof f8, &bytes);
  memcpy(file + bytes - sizeof f8, f8, sizeof f8);
  cr_expect_str_empty(parse(file, bytes, &array));
  cr_expect(array.data[0] == 1 && array.data[1] == 1 && array.data[2] == 1 + 0x1p-22F);
  cr_expect(array.data[3] > FLT_MAX);
  file = make_file(1, HEADER("'<f2'", "False", "(2,)"), sizeof f2, &bytes);
  memcpy(file + bytes - sizeof f2, f2, sizeof f2);
  cr_expect_str_empty(parse(file, bytes, &array));
  cr_expect(array.data[0] == 1 && array.data[1] == -2.5F);
  file = make_file(1, HEADER("'<f4'", "True", "(2, 3)"), sizeof f4, &bytes);
  memcpy(file + bytes - sizeof f4, f4, sizeof f4);
  cr_expect_str_empty(parse(file, bytes, &array));
  static const float turned[] = {0, 2, 4, 1, 3, 5};
  cr_expect_eq(memcmp(array.data, turned, sizeof turned), 0);
}

Test(npy, refuses_other_elements_by_name) {
  check_refused(1, HEADER("'|u1'", "False", "(2,)"), 2, "bytes ('|u1'), expected 32-bit floats");
  check_refused(1, HEADER("'>f4'", "False", "(2,)"), 8, "'>f4'");
  check_refused(1, HEADER("'<i4'", "False", "(2,)"), 8, "'<i4'");
  check_refused(1, HEADER("[('a', '<f4')]", "False", "(2,)"), 8, "not plain numbers");
  check_refused(1, HEADER("'<f4'", "Maybe", "(2,)"), 8, "neither True nor False");
  check_refused(1, HEADER("'<f8'", "False", "(2,)"), 8, "needs 16 bytes of data, the file has 8");
}

Test(npy, refuses_bad_shapes) {
  check_refused(1, HEADER("'<f4'", "False", "()"), 4, "no dimensions");
  check_refused(1, HEADER("'<f4'", "False", "(1,1,1,1,1)"), 4, "more than 4 dimensions");
  check_refused(1, HEADER("'<f4'", "False", "(0,)"), 0, "a dimension is 0");
  check_refused(1, HEADER("'<f4'", "False", "(-1,)"), 4, "shape is malformed");
  check_refused(1, HEADER("'<f4'", "False", "(2 3)"), 24, "shape is malformed");
  check_refused(1, HEADER("'<f4'", "False", "(99999999999999999999,)"), 4, "too large");
  check_refused(1, HEADER("'<f4'", "False", "(4611686018427387904, 4)"), 4, "too many elements");
  check_refused(1, HEADER("'<f4'", "False", "(3,)"), 8, "needs 12 bytes of data, the file has 8");
  check_refused(1, HEADER("'<f4'", "False", "(1,)"), 8, "needs 4 bytes of data, the file has 8");
}

Test(npy, refuses_bad_headers) {
  check_refused(4, HEADER("'<f4'", "False", "(1,)"), 4, "unknown version");
  check_refused(1, "", 4, "malformed");
  check_refused(1, "{", 4, "malformed");
  check_refused(1, "{'descr'", 4, "malformed");
  check_refused(1, "{'descr': '<f4'", 4, "malformed");
  check_refused(1, "{'descr': '<f4' 'shape': (1,)}", 4, "malformed");
  check_refused(1, "{'descr': '<f4', }", 4, "lacks");
  check_refused(1, "{'colour': '<f4', }", 4, "unknown key");
  check_refused(1, HEADER("'<f4'", "False", "(1,)") "x", 4, "malformed");
  check_refused(0, HEADER("'<f4'", "False", "(1,)"), 4, "unknown version");
  check_refused(1, "{'fortran_order': False, 'shape': (1,), }", 4, "lacks");
  check_refused(1, "{'descr': '<f4', 'shape': (1,), }", 4, "lacks");
  check_refused(1, "{'descr': '<f4', 'fortran_order': False, }", 4, "lacks");
  check_refused(1, "{'descr", 4, "malformed");
  check_refused(1, "{descr: '<f4'}", 4, "malformed");
  check_refused(1, "{'des\\x63r': '<f4'}", 4, "malformed");
  check_refused(1, "{'des\tcr': '<f4'}", 4, "malformed");
  check_refused(1, "{'descr' '<f4'}", 4, "malformed");
  check_refused(1, "{'a key that is longer than any of those that a header has': 1}", 4,
                "malformed");
  check_refused(1, HEADER("'<f4'", "7", "(1,)"), 4, "malformed");
  check_refused(1, HEADER("'<f4'", "[", "(1,)"), 4, "malformed");
  check_refused(1, "{'fortran_order': ", 4, "malformed");
  check_refused(1, "{'fortran_order': False", 4, "malformed");
  check_refused(1, HEADER("'<f4'", "FalseAndLongerThanAnyWordThatAHeaderHas", "(1,)"), 4,
                "malformed");
  check_refused(1, HEADER("'<f4'", "False", "1"), 4, "shape is malformed");
  check_refused(1, HEADER("'<f4'", "False", "(x,)"), 4, "shape is malformed");
  check_refused(1, "{'shape': (", 4, "shape is malformed");
  check_refused(1, "{'shape': (3", 4, "shape is malformed");
  check_refused(1, HEADER("'<f4'", "False", "(9223372036854775808,)"), 4, "too large");
}

Test(npy, refuses_truncated_files_at_every_length) {
  size_t bytes;
  NpyArray array;
  char *file = make_file(2, HEADER("'<f4'", "False", "(1,)"), 4, &bytes);
  for (size_t length = 0; length < bytes; ++length) {
    char *copy = malloc(length + 1); /* exactly as long, for the sanitizers */
    memcpy(copy, file, length);
    cr_expect_str_not_empty(parse(copy, length, &array), "%zu bytes", length);
    free(copy);
  }
}
