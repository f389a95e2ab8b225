/* The op table (ops.def expanded): kinds, attribute structs and their description. */
#ifndef ATMC_IR_OP_H
#define ATMC_IR_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/type.h"
#include "ir/window.h"

/* What passes and backends ask of an op. One that is not NONLOCAL reads row r of each operand for
 * row r of its domain, and nothing else of it. */
typedef enum OpFlags {
  OP_POINTWISE = 1 << 0,     /* element by element */
  OP_NONLOCAL = 1 << 1,      /* reads operand 0 at other rows too */
  OP_WHOLE_W = 1 << 2,       /* reads all of operand 1 for each row */
  OP_REDUCES = 1 << 3,       /* result rows are fewer than operand rows */
  OP_LEAVES_DOMAIN = 1 << 4, /* runs over the rows of operand 0, which its result has not */
  OP_VIEW = 1 << 5,          /* its result is part of operand 0's memory: nothing runs */
  OP_READS_CALLER = 1 << 6,  /* can read operand 0 in the caller's layout */
  OP_EPILOGUE = 1 << 7, /* pointwise ops may follow in its stage; can write the caller's layout */
  OP_WRITES_CALLER = 1 << 9, /* writes the caller's layout itself */
  OP_LONG = 1 << 8,          /* takes many instructions for each element */
  OP_STORED_W = 1 << 10,     /* operand 1 may be constants that are stored as another real type */
  OP_ANY_DTYPE = 1 << 11,    /* infer_NAME checks the element types of its operands: not all f32 */
  OP_STRIPS = 1 << 12,       /* a call that may be cut into strips of channels (ir/plan.h) */
  OP_POINTWISE_ALL = OP_POINTWISE | OP_READS_CALLER | OP_EPILOGUE,
} OpFlags;

/* The loop nests of kernels (ir/plan.h). */
typedef enum StageKind {
  STAGE_NONE,
  STAGE_PRODUCT,
  STAGE_READ,
  STAGE_ROWS,
  STAGE_NORMALIZE,
  STAGE_POINTWISE,
  STAGE_REDUCE,
  STAGE_WINOGRAD,
  STAGE_CALL, /* no loop nest: a kernel of this op alone, with a task for each image, or strip */
} StageKind;

/* Multiply-adds for one element of the result (ir/macs.h); x and w are operands 0 and 1. */
typedef enum OpMacs {
  MACS_NONE,       /* not counted */
  MACS_X_CHANNELS, /* channels of x */
  MACS_W_CHANNELS, /* channels of w */
  MACS_W_ROWS,     /* the first dimension of w */
  MACS_W_DEPTH,    /* the second */
  MACS_X_NINE,     /* channels of x, for each tap of a 3x3 window */
  MACS_W_EACH,     /* elements of w for each of its first dimension */
  MACS_STEPS,      /* the attribute `rank`, for each way */
} OpMacs;

typedef enum OpKind {
#define OP(NAME, ...) OP_##NAME,
#include "ir/ops.def"
  OP_KIND_COUNT,
} OpKind;

#define INT(field) int32_t field;
#define REAL(field) double field;
#define TEXT(field) const char *field;
#define WINDOW(field) Window field;
#define ELEMENT(field) DType field;
#define TYPE(field) Type field;
/* The attributes' macros bring their semicolons, which confuses the formatter. */
/* clang-format off */
#define OP(NAME, name, min, max, results, stage, macs, word, flags, attributes, parameters) \
  typedef struct Attrs##NAME {                                         \
    attributes                                                         \
    char unused_; /* a struct needs a member */                        \
  } Attrs##NAME;
/* clang-format on */
#include "ir/ops.def"
#undef INT
#undef REAL
#undef TEXT
#undef WINDOW
#undef ELEMENT
#undef TYPE

/* Attributes of a node: the member that its op names. Zero-initialized. */
typedef union Attrs {
#define OP(NAME, ...) Attrs##NAME NAME;
#include "ir/ops.def"
} Attrs;

typedef enum AttrKind { ATTR_INT, ATTR_REAL, ATTR_TEXT, ATTR_WINDOW, ATTR_ELEMENT } AttrKind;

typedef struct AttrInfo {
  const char *name;
  AttrKind kind;
  uint32_t offset; /* into Attrs */
} AttrInfo;

enum { OP_MAX_ATTRS = 10, OP_MAX_RESULTS = 2 }; /* at least as many as any op has */
/* Of axial_shift: rows that one vector reads; adjacent channels that read the same. */
enum { OP_MAX_SHIFT_PERIOD = 16, OP_MAX_SHIFT_SHARE = 1 << 16 };

typedef struct OpInfo {
  const char *text; /* as printed */
  const char *word; /* in the names of kernels; NULL: not told */
  uint32_t min_operands;
  uint32_t max_operands;
  uint32_t results; /* 0: as many as the outputs of its body */
  uint32_t flags;   /* OpFlags */
  StageKind stage;  /* of which it is the anchor; STAGE_NONE: it runs in no kernel, or is a view */
  OpMacs macs;
  uint32_t attr_count;
  const AttrInfo *attrs;
} OpInfo;

/* Which of the `period` rows from `lowest` on `channel` of an axial_shift reads. */
static inline uint32_t op_shift_row(const AttrsAXIAL_SHIFT *a, uint64_t channel) {
  uint64_t run = channel / (uint64_t)a->share;
  return (uint32_t)((run * (uint64_t)a->step + (uint64_t)a->phase) % (uint64_t)a->period);
}

/* The row of ops.def. */
const OpInfo *op_info(OpKind kind);
/* Whether it has any of `flags` (OpFlags). */
static inline bool op_has(OpKind kind, uint32_t flags) {
  return (op_info(kind)->flags & flags) != 0;
}
/* Whether it multiplies rows by weights, in register tiles. */
static inline bool op_is_product(OpKind kind) {
  return op_info(kind)->stage == STAGE_PRODUCT;
}
/* Whether it does, or does so by quads: what follows is computed site by site, in its stage. */
static inline bool op_multiplies(OpKind kind) {
  return op_is_product(kind) || op_info(kind)->stage == STAGE_WINOGRAD;
}
/* The op whose text form is `text`; false when there is none. */
bool op_find(const char *text, OpKind *kind);
/* The integer attribute called `name` in the attributes of an op of `kind`; NULL: it has none. */
int32_t *op_int(OpKind kind, Attrs *attrs, const char *name);
/* Whether two attribute unions of `kind` hold the same values. */
bool op_attrs_equal(OpKind kind, const Attrs *a, const Attrs *b);
/* A number that is the same where they do (texts count by their address). */
uint64_t op_attrs_hash(OpKind kind, const Attrs *attrs);

#endif
