/* Reading pickles as data.
 *
 * A pickle is a program for a stack machine, which makes Python call whatever it names. Here
 * nothing is ever called: the few globals that tensors need (pickle_globals.c) are values, calls of
 * them are noted as values, and everything else is opaque. Whoever uses the values decides what
 * they mean. Values may refer to each other in loops: walk them to a fixed depth.
 */
#ifndef ATMC_FRONTEND_UNPICKLE_H
#define ATMC_FRONTEND_UNPICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"

/* Of one pickle. A checkpoint of a thousand tensors, with its optimizer, takes 0.1 % to 3 % of
 * them. */
enum {
  PICKLE_MAX_BYTES = 64 << 20,
  PICKLE_MAX_VALUES = 1 << 22,  /* pushed on the stack */
  PICKLE_MAX_DEPTH = 1000,      /* of open marks */
  PICKLE_MAX_MEMORY = 40 << 20, /* bytes of the arena that its values may take */
  PICKLE_MAX_TEXT = 64 << 10,   /* bytes of a string that is kept; a longer one is opaque */
};

typedef enum PickleKind {
  PICKLE_NONE,
  PICKLE_BOOL,
  PICKLE_INT,
  PICKLE_FLOAT,
  PICKLE_STRING,
  PICKLE_TUPLE,
  PICKLE_LIST,
  PICKLE_DICT,
  PICKLE_GLOBAL,     /* one of the known ones, by name */
  PICKLE_CALL,       /* of a known global, noted */
  PICKLE_PERSISTENT, /* a reference to what is not in the pickle, as a storage */
  PICKLE_OPAQUE,     /* anything else, and whatever is made of it */
  PICKLE_KIND_COUNT,
} PickleKind;

typedef enum PickleRole {
  PICKLE_ORDERED_DICT, /* calls of it are dicts already */
  PICKLE_SIZE,         /* calls of it are tuples already */
  PICKLE_TENSOR,       /* (storage, offset, size, stride, ...) */
  PICKLE_PARAMETER,    /* (tensor, ...) */
  PICKLE_STORAGE,      /* a type of storages */
} PickleRole;

typedef struct PickleGlobal {
  const char *module, *name;
  PickleRole role;
  uint32_t bytes;      /* of a storage's element */
  const char *element; /* its name in safetensors; NULL: it has none there */
} PickleGlobal;

typedef struct PickleValue PickleValue;
struct PickleValue {
  PickleKind kind;
  uint32_t count; /* items; bytes of a string */
  uint32_t capacity;
  union {
    int64_t integer;      /* INT, BOOL */
    double real;          /* FLOAT */
    const char *text;     /* STRING, zero-terminated */
    struct {              /* OPAQUE */
      const char *what;   /* it is, as "bytes"; of an object: the name of its class or function */
      const char *module; /* where that is from; NULL: it is no object */
    };
    PickleValue **items; /* TUPLE, LIST [count]; DICT: a key and its value in turns [count] */
    struct {
      const PickleGlobal *global; /* GLOBAL, CALL */
      PickleValue *arguments;     /* CALL: a tuple; PERSISTENT: any value */
    };
  };
};

typedef struct PickleSource {
  const char *file, *name; /* for messages: the file, and the pickle in it */
  const char *data;
  size_t bytes;
} PickleSource;

typedef struct Pickle {
  const PickleValue *root;
  size_t bytes;             /* of the source, up to the end of the pickle */
  PickleValue **references; /* every PERSISTENT, in order */
  uint32_t reference_count, reference_capacity;
} Pickle;

/* Reads one pickle at the beginning of `source`. Memory is of `arena`; nothing refers to the
 * source. */
MUST_CHECK Status unpickle(Arena *arena, Diag *diag, const PickleSource *source, Pickle *pickle);

/* What a value is, for messages: "a dict". Of an opaque one: "an object of "argparse.Namespace"",
 * in `arena`. */
const char *unpickle_describe(Arena *arena, const PickleValue *value);
/* The value of a dict's string key, the last one; NULL: it has none. */
const PickleValue *unpickle_find(const PickleValue *dict, const char *key);

/* The known global; NULL: it is not known (pickle_globals.c). */
const PickleGlobal *pickle_global_find(const char *module, const char *name);

#endif
