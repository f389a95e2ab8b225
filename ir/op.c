/* ops.def and ops_attrs.def expanded into one OpInfo per op. Each stands in a function of its own,
 * so that `Self` can name the op's attribute struct where the rows of ops_attrs.def are expanded.
 */
#include "ir/op.h"

#include <stddef.h>
#include <string.h>

#include "support/panic.h"

#define INT_INFO(field) {.name = #field, .kind = ATTR_INT, .offset = offsetof(Self, field)},
#define REAL_INFO(field) {.name = #field, .kind = ATTR_REAL, .offset = offsetof(Self, field)},
#define TEXT_INFO(field) {.name = #field, .kind = ATTR_TEXT, .offset = offsetof(Self, field)},
#define COUNT(field) +1

#define OP(NAME, text_, min_operands_, max_operands_, flags_, stage_)          \
  static const OpInfo *info_##NAME(void) {                                     \
    typedef Attrs##NAME Self;                                                  \
    static const OpInfo info = {                                               \
        .text = text_,                                                         \
        .min_operands = min_operands_,                                         \
        .max_operands = max_operands_,                                         \
        .flags = flags_,                                                       \
        .stage = stage_,                                                       \
        .attr_count = 0 ATTRS_##NAME(COUNT, COUNT, COUNT),                     \
        .attrs = {ATTRS_##NAME(INT_INFO, REAL_INFO, TEXT_INFO){.name = NULL}}, \
    };                                                                         \
    _Static_assert(sizeof(Self) <= sizeof(Attrs), "a member of the union");    \
    return &info;                                                              \
  }
#include "ir/ops.def"

typedef const OpInfo *InfoFunction(void);

const OpInfo *op_info(OpKind kind) {
  static InfoFunction *const infos[OP_KIND_COUNT] = {
#define OP(NAME, text, min_operands, max_operands, flags, stage) [OP_##NAME] = info_##NAME,
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
