/* Hostile .npy files, for `atmc run`. */
#include <string.h>

#include "hostile.h"

static const char run[] = "run tiny.json --weights tiny.safetensors --input %";

static void npy_header(FILE *file, const char *shape) {
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
  int written = fprintf(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape);
  fprintf(file, "%*s\n", 117 - written, "");
}
static void npy_of_zeros(FILE *file) {
  npy_header(file, "1, 1342177248");
  grow(file, 128 + UINT64_C(4) * 1342177248);
}
static void npy_of_a_tebibyte(FILE *file) {
  npy_header(file, "1, 274877906944");
  grow(file, 128 + (UINT64_C(1) << 40));
}
static void npy_of_another_shape(FILE *file) {
  npy_header(file, "1, 16777216");
  grow(file, 128 + (1 << 26));
}
static void npy_that_overflows(FILE *file) {
  npy_header(file, "4294967296, 4294967296, 4294967296");
}
static void npy_of_no_rows(FILE *file) {
  npy_header(file, "0, 9223372036854775807");
}
static void npy_of_images(FILE *file) {
  npy_header(file, "16777216, 4");
  grow(file, 128 + (1 << 28));
}

/* A header of version 2, of `bytes` bytes that `text` begins and blanks end. */
static void wide_header(FILE *file, uint32_t bytes, const char *text, const char *more) {
  fwrite("\x93NUMPY\x02\x00", 1, 8, file);
  put(file, bytes, 4);
  fputs(text, file);
  size_t left = bytes - strlen(text) - 1, length = strlen(more);
  for (; left >= length; left -= length) fputs(more, file);
  fprintf(file, "%*s\n", (int)left, "");
}
static void npy_header_of_blanks(FILE *file) {
  wide_header(file, 60 << 20, "{'descr': '<f4'", " ");
}
static void npy_header_of_dimensions(FILE *file) {
  wide_header(file, 60 << 20, "{'descr': '<f4', 'fortran_order': False, 'shape': (1", ",1");
}
static void npy_header_of_parentheses(FILE *file) {
  wide_header(file, 60 << 20, "{'shape': ", "(");
}
static void npy_header_of_gibibytes(FILE *file) {
  fwrite("\x93NUMPY\x02\x00\xff\xff\xff\xff{", 1, 13, file);
}

static const Hostile rows[] = {
    {"npy_of_zeros", npy_of_zeros, run, 1},
    {"npy_of_a_tebibyte", npy_of_a_tebibyte, run, 1},
    {"npy_of_another_shape", npy_of_another_shape, run, 1},
    {"npy_that_overflows", npy_that_overflows, run, 1},
    {"npy_of_no_rows", npy_of_no_rows, run, 1},
    {"npy_of_images", npy_of_images, run, 1},
    {"npy_header_of_blanks", npy_header_of_blanks, run, 1},
    {"npy_header_of_dimensions", npy_header_of_dimensions, run, 1},
    {"npy_header_of_parentheses", npy_header_of_parentheses, run, 1},
    {"npy_header_of_gibibytes", npy_header_of_gibibytes, run, 1},
};

const HostileList hostile_arrays = {rows, sizeof rows / sizeof *rows};
