/* Little-endian float32 arrays in NumPy's .npy files, version 1 to 3. */
#ifndef ATM_STANDALONE_NPY_H
#define ATM_STANDALONE_NPY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { NPY_MAX_RANK = 4 };

typedef struct npy_array {
  uint32_t rank;
  uint32_t dims[NPY_MAX_RANK];
  float *data; /* malloced, in C order */
} npy_array;

/* The number of elements; 0 when it does not fit. */
size_t npy_count(uint32_t rank, const uint32_t *dims);
/* Reads an array, whose data the caller frees. NULL, or a message about what is wrong; the file stays
 * open. */
const char *npy_read(FILE *file, npy_array *array);
/* Writes `data` in C order. NULL, or a message about what is wrong. */
const char *npy_write(const char *path, uint32_t rank, const uint32_t *dims, const float *data);

#endif
