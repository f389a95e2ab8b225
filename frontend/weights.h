/* The tensors of an opened weights file, in memory and checked, whatever the format of the file:
 * weights_open.c chooses the reader (safetensors.c, checkpoint.c) that fills this, bind_weights.c
 * matches it with a model. */
#ifndef ATMC_FRONTEND_WEIGHTS_H
#define ATMC_FRONTEND_WEIGHTS_H

#include "frontend/frontend.h"
#include "frontend/name_table.h"

enum { WEIGHTS_MAX_RANK = 8, WEIGHTS_MAX_TENSORS = 1 << 16 };

typedef struct ElementType {
  const char *name;
  uint32_t bytes;
  bool bindable; /* F32, F16 and BF16: what weights may be */
  uint32_t
      exponent; /* of those: the bits that are all set in infinities and NaN, and in nothing else */
} ElementType;

typedef struct FileTensor {
  const char *name;
  const ElementType *element;
  uint32_t rank;
  int64_t dims[WEIGHTS_MAX_RANK];
  uint64_t begin, end; /* into the data */
} FileTensor;

struct Weights {
  Arena *arena;
  Diag *diag; /* for errors in its numbers, found when they are used */
  const char *path;
  FileTensor *tensors; /* in the order of the file */
  uint32_t tensor_count;
  NameTable names;     /* index into `tensors` */
  const char *classes; /* __metadata__.classes; NULL when absent */
  char *data;          /* malloced; little-endian, each tensor dense in the order of its dims */
  uint64_t data_bytes;
};

/* The element type that safetensors files call `name`; NULL: there is none. */
const ElementType *weights_element_type(const char *name);
/* `[64,3,7,7]`, in `arena`. */
const char *weights_shape_text(Arena *arena, uint32_t rank, const int64_t *dims);
/* Makes room for `bytes` of data. */
MUST_CHECK Status weights_allocate(Weights *weights, Diag *diag, uint64_t bytes);
/* Reads `bytes` at `offset` of the file `fd`, which is called `path`. */
MUST_CHECK Status weights_read_bytes(int fd, Diag *diag, const char *path, uint64_t offset,
                                     char *out, uint64_t bytes);

#endif
