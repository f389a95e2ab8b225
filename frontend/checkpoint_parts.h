/* The parts of a checkpoint: its container (checkpoint_zip.c, checkpoint_legacy.c), its storages
 * (checkpoint_storages.c), the state that is taken (checkpoint_choice.c), and its tensors
 * (checkpoint_state.c). */
#ifndef ATMC_FRONTEND_CHECKPOINT_PARTS_H
#define ATMC_FRONTEND_CHECKPOINT_PARTS_H

#include "frontend/checkpoint.h"
#include "frontend/unpickle.h"

typedef struct Storage {
  const char *key;
  const PickleGlobal *type;
  uint64_t elements, bytes;
  uint64_t at;          /* set by the container: where the bytes are */
  bool located;         /* `at` is set */
  uint64_t base;        /* where it is in the data, if `kept` */
  bool kept;            /* tensors are parts of it */
  uint32_t last_tensor; /* of the state that is in it; NO_TENSOR: none */
} Storage;

#define NO_TENSOR UINT32_MAX

/* How a tensor of the state lies in its storage; in elements. */
typedef struct View {
  uint32_t storage;
  uint64_t offset;
  uint64_t strides[WEIGHTS_MAX_RANK];
  uint32_t previous; /* tensor in the same storage, or NO_TENSOR */
} View;

typedef struct Checkpoint Checkpoint;

typedef struct Container {
  const char *format; /* for people */
  /* Reads the pickle, and checks all of the container that does not depend on it. */
  Status (*open)(Checkpoint *c, Pickle *pickle);
  /* Finds the bytes of `storage`: all of them are in the file. */
  Status (*locate)(Checkpoint *c, Storage *storage);
  Status (*read)(Checkpoint *c, const Storage *storage, char *out);
  void (*close)(Checkpoint *c); /* also after a failure of `open` */
} Container;

extern const Container checkpoint_zip, checkpoint_legacy;

struct Checkpoint {
  Weights *weights; /* the state's tensors go here */
  Arena *arena;
  Diag *diag;
  Position position;
  int fd;
  uint64_t file_bytes;
  const Container *container;
  void *archive; /* of the zip container */
  Storage *storages;
  uint32_t storage_count, storage_capacity;
  NameTable keys; /* of the storages */
  View *views;    /* [weights->tensor_count] */
};

/* The storage that a PERSISTENT value refers to, the same for the same key. What is wrong with it,
 * or NULL. */
const char *checkpoint_storages_find(Checkpoint *c, const PickleValue *reference,
                                     uint32_t *storage);

/* The dict of `root` that is the state of `key` (NULL: the one that checkpoint.h tells), and which
 * there are, into the weights (checkpoint_choice.c). NULL where a listing needs none. */
MUST_CHECK Status checkpoint_choose(Checkpoint *c, const PickleValue *root, const char *key,
                                    const PickleValue **state);

/* The names of classes beside the states of `root`, into the weights (checkpoint_classes.c). */
void checkpoint_classes_read(Checkpoint *c, const PickleValue *root);

/* Chooses the state and reads what its tensors are, with all that can be checked without their
 * bytes. `state` may be NULL. */
MUST_CHECK Status checkpoint_state_read(Checkpoint *c, const PickleValue *root, const char *state);

#endif
