/* The op table (ops.def expanded): kinds, attribute structs and their description. */
#ifndef ATMC_IR_OP_H
#define ATMC_IR_OP_H

#include <stdbool.h>
#include <stdint.h>

#include "ir/ops_attrs.def"

typedef enum OpFlags {
  OP_ROWWISE = 1,
  OP_POINTWISE = 2,
  OP_NONLOCAL = 4,
  OP_REDUCES = 8,
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
} StageKind;

/* Whether pointwise ops may follow in a stage of this kind. */
static inline bool stage_takes_pointwise(StageKind kind) {
  return kind != STAGE_NONE && kind != STAGE_ROWS && kind != STAGE_REDUCE;
}

typedef enum OpKind {
#define OP(NAME, text, min_operands, max_operands, flags, stage) OP_##NAME,
#include "ir/ops.def"
  OP_KIND_COUNT,
} OpKind;

#define OP_INT_FIELD(field) int32_t field;
#define OP_REAL_FIELD(field) double field;
#define OP_TEXT_FIELD(field) const char *field;
/* The macro of the fields ends without a semicolon, which confuses the formatter. */
/* clang-format off */
#define OP(NAME, text, min_operands, max_operands, flags, stage)          \
  typedef struct Attrs##NAME {                                     \
    ATTRS_##NAME(OP_INT_FIELD, OP_REAL_FIELD, OP_TEXT_FIELD)       \
    char unused_; /* a struct needs a member */                    \
  } Attrs##NAME;
/* clang-format on */
#include "ir/ops.def"

/* Attributes of a node: the member that its op names. Zero-initialized. */
typedef union Attrs {
#define OP(NAME, text, min_operands, max_operands, flags, stage) Attrs##NAME NAME;
#include "ir/ops.def"
} Attrs;

typedef enum AttrKind { ATTR_INT, ATTR_REAL, ATTR_TEXT } AttrKind;

typedef struct AttrInfo {
  const char *name;
  AttrKind kind;
  uint32_t offset; /* into Attrs */
} AttrInfo;

enum { OP_MAX_ATTRS = 10 }; /* one more than any op has */

typedef struct OpInfo {
  const char *text; /* as printed */
  uint32_t min_operands;
  uint32_t max_operands;
  uint32_t flags;  /* OpFlags */
  StageKind stage; /* of which it is the anchor; STAGE_NONE: it runs in no kernel, or is a view */
  uint32_t attr_count;
  AttrInfo attrs[OP_MAX_ATTRS];
} OpInfo;

const OpInfo *op_info(OpKind kind);
static inline bool op_has(OpKind kind, OpFlags flag) {
  return (op_info(kind)->flags & flag) != 0;
}
/* The op whose text form is `text`; false when there is none. */
bool op_find(const char *text, OpKind *kind);

#endif
