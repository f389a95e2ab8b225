/* Little-endian arrays in NumPy's .npy files, version 1 to 3, of the elements that models take. */
#ifndef ATM_STANDALONE_NPY_H
#define ATM_STANDALONE_NPY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { NPY_MAX_RANK = 4 };

/* One element type: a row of the table in npy.c. */
typedef struct npy_type {
  uint32_t dtype;    /* ATM_DTYPE_* */
  uint32_t bytes;    /* of an element */
  const char *descr; /* NumPy's name for it, as "<f4" */
} npy_type;
/* The row of `dtype`; NULL: programs neither read nor write such files. */
const npy_type *npy_type_of(uint32_t dtype);

typedef struct npy_array {
  const npy_type *type;
  uint32_t rank;
  uint32_t dims[NPY_MAX_RANK];
  void *data;     /* malloced, in C order */
  char found[16]; /* in a file that was read: the name of its elements, as "'<f8'" */
} npy_array;

/* The number of elements; 0 when it does not fit. */
size_t npy_count(uint32_t rank, const uint32_t *dims);
/* What npy_read says of elements that have no row in the table. */
extern const char npy_other_elements[];
/* Reads an array, whose data the caller frees. NULL, or a message about what is wrong; the file
 * stays open. */
const char *npy_read(FILE *file, npy_array *array);
/* Writes `array` to the file at `path`. NULL, or a message about what is wrong. */
const char *npy_write(const char *path, const npy_array *array);

#endif
