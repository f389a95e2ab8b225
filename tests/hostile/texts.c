/* Hostile IR text, and arrays for `atmc run`. */
#include <unistd.h>

#include "hostile.h"

static const char opt[] = "opt % --passes=fold-affine";
static const char run[] = "run tiny.json --weights tiny.safetensors --input %";

/* -- files of any size that take no room on the disk ------------------------------------------- */

static void grow(FILE *file, uint64_t bytes) {
  fflush(file);
  if (ftruncate(fileno(file), (off_t)bytes) != 0) perror("hostile");
}

static void ir_of_zeros(FILE *file) {
  fputs("graph @m", file);
  grow(file, UINT64_C(5) << 30);
}
static void ir_of_a_tebibyte(FILE *file) {
  grow(file, UINT64_C(1) << 40);
}

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
  grow(file, 128 + (UINT64_C(1) << 26));
}

static const Hostile rows[] = {
    {"ir_of_zeros", ir_of_zeros, opt, 1},
    {"ir_of_a_tebibyte", ir_of_a_tebibyte, opt, 1},
    {"npy_of_zeros", npy_of_zeros, run, 1},
    {"npy_of_a_tebibyte", npy_of_a_tebibyte, run, 1},
    {"npy_of_another_shape", npy_of_another_shape, run, 1},
};

const HostileList hostile_texts = {rows, sizeof rows / sizeof *rows};
