/* The tensors of an opened weights file, in memory and checked, whatever the format of the file:
 * weights_open.c chooses the reader (safetensors.c, checkpoint.c) that fills this, bind_weights.c
 * matches it with a model. */
#ifndef ATMC_FRONTEND_WEIGHTS_H
#define ATMC_FRONTEND_WEIGHTS_H

#include "frontend/class_names.h"
#include "frontend/error_list.h"
#include "frontend/frontend.h"
#include "support/name_table.h"

enum { WEIGHTS_MAX_RANK = 8, WEIGHTS_MAX_TENSORS = 1 << 16 };

typedef struct ElementType {
  const char *name;
  uint32_t bytes;
  bool bindable; /* F32, F64, F16 and BF16: what weights may be */
  /* Of those but F64: the bits that are all set in infinities and NaN, and in nothing else. */
  uint32_t exponent;
} ElementType;

typedef struct FileTensor {
  const char *name;
  const ElementType *element; /* NULL: it has a problem */
  const char *problem; /* why it cannot be a weight, as "a list, not a tensor"; it has no data
                                 then. NULL: nothing */
  uint32_t rank;
  int64_t dims[WEIGHTS_MAX_RANK];
  uint64_t begin, end; /* into the data; tensors of a checkpoint may have them in common */
  bool copied;         /* of a checkpoint: it is not part of a storage in the data */
} FileTensor;

/* A state of a checkpoint. */
typedef struct WeightState {
  const char *key;
  uint32_t entries;
  bool taken;
} WeightState;

/* What a file says besides its tensors. */
typedef struct WeightNote {
  const char *key, *text;
} WeightNote;

struct Weights {
  Arena *arena;
  bool listing;       /* for atmc inspect: no data are read, and a state need not be taken */
  const char *format; /* of the file, for people */
  Diag *diag;         /* for errors in its numbers, found when they are used */
  const char *path;
  const char **parts; /* paths of the files beside it whose data it has, as shards */
  uint32_t part_count;
  FileTensor *tensors; /* in the order of the file */
  uint32_t tensor_count;
  NameTable names;         /* index into `tensors` */
  const char *unwrapped;   /* what the reader took off all names, as "module."; may be NULL */
  bool prefix_taken;       /* by weights_take_prefix */
  const char *best_prefix; /* fits most of the wanted names, though not all; NULL: none */
  uint32_t best_found;
  WeightState *states; /* of a checkpoint, in its order; without those of the whole */
  uint32_t state_count;
  WeightNote *notes;
  uint32_t note_count, note_capacity;
  ClassNames class_names; /* of a checkpoint's notes */
  const char *classes;    /* __metadata__.classes; NULL when absent */
  char *data;             /* malloced; little-endian, each tensor dense in the order of its dims */
  uint64_t data_bytes;
};

/* The element type that safetensors files call `name`; NULL: there is none. */
const ElementType *weights_element_type(const char *name);
/* `[64,3,7,7]`, in `arena`. */
const char *weights_shape_text(Arena *arena, uint32_t rank, const int64_t *dims);
/* How many tensors `is` tells, and the names of some, for messages. */
const char *weights_some(const Weights *weights, bool (*is)(const FileTensor *), uint32_t *count);
/* Whether it is a tensor that cannot be a weight for its element type. */
bool weights_is_no_float(const FileTensor *tensor);
/* Says which tensors are F64, whose numbers are rounded where they are read. */
void weights_note_rounded(const Weights *weights, Diag *diag);
/* Gives tensors with earlier names of a family those that the model wants, with a note
 * (weights_renamed.c). */
void weights_take_renamed(Weights *weights, const Model *model, Diag *diag);
/* Checks those of the model's constants that are there (weights_constants.c). */
void weights_check_constants(const Weights *weights, const Model *model, ErrorList *errors);
/* Makes room for `bytes` of data. */
MUST_CHECK Status weights_allocate(Weights *weights, Diag *diag, uint64_t bytes);
/* Reads `bytes` at `offset` of the file `fd`, which is called `path`. */
MUST_CHECK Status weights_read_bytes(int fd, Diag *diag, const char *path, uint64_t offset,
                                     char *out, uint64_t bytes);

#endif
