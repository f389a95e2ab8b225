/* A validated safetensors file in memory. */
#ifndef ATMC_FRONTEND_SAFETENSORS_H
#define ATMC_FRONTEND_SAFETENSORS_H

#include "frontend/frontend.h"
#include "frontend/name_table.h"

enum { SAFETENSORS_MAX_RANK = 8, SAFETENSORS_MAX_HEADER = 100 * 1000 * 1000 };

typedef struct ElementType {
  const char *name;
  uint32_t bytes;
  bool bindable; /* F32, F16 and BF16: what weights may be */
} ElementType;

typedef struct FileTensor {
  const char *name;
  const ElementType *element;
  uint32_t rank;
  int64_t dims[SAFETENSORS_MAX_RANK];
  uint64_t begin, end; /* into the data */
} FileTensor;

struct Weights {
  Arena *arena;
  const char *path;
  FileTensor *tensors; /* in the order of the header */
  uint32_t tensor_count;
  NameTable names;     /* index into `tensors` */
  const char *classes; /* __metadata__.classes; NULL when absent */
  char *data;          /* malloced */
  uint64_t data_bytes;
};

/* The header's JSON (safetensors_header.c) into `weights`, all of it checked against `data_bytes`.
 */
MUST_CHECK Status safetensors_read_header(Weights *weights, Diag *diag, const char *text,
                                          size_t bytes);
/* `[64,3,7,7]`, in `arena`. */
const char *safetensors_shape_text(Arena *arena, uint32_t rank, const int64_t *dims);

#endif
