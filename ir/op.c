/* ops.def expanded into one OpInfo per op. Each stands in a function of its own, so that `Self` can
 * name the op's attribute struct where the column of attributes is expanded.
 *
 *   op_info(OP_X) -> info_X() -> {text, word, operands, results, flags, stage, macs, attributes}
 *
 * Where an attribute stands in its struct is an offset, so that printing, parsing, comparing and
 * hashing know no op by name.
 */
#include "ir/op.h"

#include <stddef.h>
#include <string.h>

#include "support/hash.h"
#include "support/panic.h"

#define INT(field) {.name = #field, .kind = ATTR_INT, .offset = offsetof(Self, field)},
#define REAL(field) {.name = #field, .kind = ATTR_REAL, .offset = offsetof(Self, field)},
#define TEXT(field) {.name = #field, .kind = ATTR_TEXT, .offset = offsetof(Self, field)},
#define TYPE(field) /* no attribute of the text form: it is the type of the result */
#define WINDOW(field) {.name = #field, .kind = ATTR_WINDOW, .offset = offsetof(Self, field)},
#define ELEMENT(field) {.name = #field, .kind = ATTR_ELEMENT, .offset = offsetof(Self, field)},

#define OP(NAME, name_, min, max, results_, stage_, macs_, word_, flags_, attributes, parameters) \
  static const OpInfo *info_##NAME(void) {                                                        \
    typedef Attrs##NAME Self;                                                                     \
    static const AttrInfo attrs_[] = {attributes{.offset = offsetof(Self, unused_)}};             \
    static const OpInfo info = {                                                                  \
        .text = #name_,                                                                           \
        .word = word_,                                                                            \
        .min_operands = min,                                                                      \
        .max_operands = max,                                                                      \
        .results = results_,                                                                      \
        .flags = flags_,                                                                          \
        .stage = STAGE_##stage_,                                                                  \
        .macs = MACS_##macs_,                                                                     \
        .attr_count = sizeof attrs_ / sizeof *attrs_ - 1,                                         \
        .attrs = attrs_,                                                                          \
    };                                                                                            \
    _Static_assert(sizeof attrs_ / sizeof *attrs_ - 1 <= OP_MAX_ATTRS, "too many of them");       \
    _Static_assert(results_ <= OP_MAX_RESULTS, "too many of them");                               \
    return &info;                                                                                 \
  }
#include "ir/ops.def"

typedef const OpInfo *InfoFunction(void);

const OpInfo *op_info(OpKind kind) {
  static InfoFunction *const infos[OP_KIND_COUNT] = {
#define OP(NAME, ...) [OP_##NAME] = info_##NAME,
#include "ir/ops.def"
  };
  CHECK((uint32_t)kind < OP_KIND_COUNT);
  return infos[kind]();
}

bool op_find(const char *text, OpKind *kind) {
  for (uint32_t i = 0; i < OP_KIND_COUNT; ++i) {
    if (strcmp(op_info((OpKind)i)->text, text) == 0) {
      *kind = (OpKind)i;
      return true;
    }
  }
  return false;
}

int32_t *op_int(OpKind kind, Attrs *attrs, const char *name) {
  const OpInfo *info = op_info(kind);
  for (uint32_t i = 0; i < info->attr_count; ++i) {
    const AttrInfo *attr = &info->attrs[i];
    bool found = attr->kind == ATTR_INT && strcmp(attr->name, name) == 0;
    if (found) return (int32_t *)((char *)attrs + attr->offset);
  }
  return NULL;
}

/* Texts may be NULL. */
static bool text_equal(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

/* Reals by their bits, as op_attrs_hash has them. */
static bool attr_equal(AttrKind kind, const void *a, const void *b) {
  switch (kind) {
    case ATTR_INT: return *(const int32_t *)a == *(const int32_t *)b;
    case ATTR_REAL: return memcmp(a, b, sizeof(double)) == 0;
    case ATTR_TEXT: return text_equal(*(const char *const *)a, *(const char *const *)b);
    case ATTR_WINDOW: return window_equal(a, b);
    case ATTR_ELEMENT: return *(const DType *)a == *(const DType *)b;
  }
  return false;
}

bool op_attrs_equal(OpKind kind, const Attrs *a, const Attrs *b) {
  const OpInfo *info = op_info(kind);
  for (uint32_t i = 0; i < info->attr_count; ++i) {
    uint32_t offset = info->attrs[i].offset;
    if (!attr_equal(info->attrs[i].kind, (const char *)a + offset, (const char *)b + offset)) {
      return false;
    }
  }
  return true;
}

/* The bytes of a field of each kind, which has no padding. */
static size_t attr_bytes(AttrKind kind) {
  static const size_t bytes[] = {[ATTR_INT] = sizeof(int32_t),
                                 [ATTR_REAL] = sizeof(double),
                                 [ATTR_TEXT] = sizeof(char *),
                                 [ATTR_WINDOW] = sizeof(Window),
                                 [ATTR_ELEMENT] = sizeof(DType)};
  return bytes[kind];
}

uint64_t op_attrs_hash(OpKind kind, const Attrs *attrs) {
  const OpInfo *info = op_info(kind);
  uint64_t hash = 0;
  for (uint32_t i = 0; i < info->attr_count; ++i) {
    const char *field = (const char *)attrs + info->attrs[i].offset;
    hash = hash_bytes(hash, field, attr_bytes(info->attrs[i].kind));
  }
  return hash;
}
