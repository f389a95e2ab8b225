/* Questions about a plan that are more than arithmetic. */
#include "ir/plan.h"

#include "ir/macs.h"
#include "support/checked_math.h"
#include "support/panic.h"

/* Looks at every block: how many numbers there are follows from rows_begin, and is checked here. */
uint32_t plan_row_counts(const PlanKernel *kernel, uint32_t counts[PLAN_ROW_COUNTS]) {
  uint32_t count = 0;
  for (uint32_t b = 0; b < kernel->blocks; ++b) {
    uint32_t rows = plan_block_begin(kernel, b + 1) - plan_block_begin(kernel, b), at = 0;
    while (at < count && counts[at] < rows) ++at;
    if (at < count && counts[at] == rows) continue;
    CHECK(count < PLAN_ROW_COUNTS);
    for (uint32_t i = count++; i > at; --i) counts[i] = counts[i - 1];
    counts[at] = rows;
  }
  return count;
}

static const struct {
  DType dtype;
  uint32_t group, halves;
  uint32_t rows, parts; /* `parts` vectors of sums for `rows` rows */
} dots[DOT_KIND_COUNT] = {
    [DOT_PAIRS] = {DTYPE_S16, 4, 2, 1, 1},    [DOT_FOURS_U8] = {DTYPE_U8, 4, 1, 1, 1},
    [DOT_FOURS_S8] = {DTYPE_S8, 4, 1, 1, 1},  [DOT_LONG_PAIRS] = {DTYPE_S8, 4, 1, 1, 2},
    [DOT_EIGHTS_S8] = {DTYPE_S8, 8, 1, 2, 2},
};

DType plan_dot_dtype(DotKind dot) {
  return dots[dot].dtype;
}

uint32_t plan_dot_group(DotKind dot) {
  return dots[dot].group;
}

uint32_t plan_dot_halves(DotKind dot) {
  return dots[dot].halves;
}

uint32_t plan_dot_sums(DotKind dot, uint32_t rows) {
  return ceil_div_u32(rows, dots[dot].rows) * dots[dot].parts;
}

bool plan_may_widen(OpKind op, DType b, DotKind dot) {
  if (b == DTYPE_S8) return op == OP_QUANTIZED_LINEAR && plan_dot_dtype(dot) == DTYPE_S16;
  return dtype_info(b)->kind == DTYPE_REAL && b != DTYPE_F32;
}

bool plan_may_pair(OpKind op, DotKind dot, uint32_t tile_rows) {
  return op == OP_QUANTIZED_LINEAR && dots[dot].rows == 2 && tile_rows % 2 == 0;
}

bool plan_is_scales(const Graph *body, ValueId v) {
  enum { ROW_SCALE = 3 }; /* of quantized_linear's operands */
  const Node *made = graph_def(body, v);
  bool written = made->op == OP_QUANTIZE_ROWS && !value_equal(v, made->first_result);
  bool read = false;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      if (!value_equal(node->operands[k], v)) continue;
      if (node->op != OP_QUANTIZED_LINEAR || k != ROW_SCALE) return false;
      read = true;
    }
  }
  return written || (made->op == OP_INPUT && read);
}

ValueId plan_operand(const Graph *body, uint32_t index) {
  for (uint32_t i = 0; i < body->node_count; ++i) {
    if (body->nodes[i].op == OP_INPUT && index-- == 0) return body->nodes[i].first_result;
  }
  PANIC("a body has too few inputs");
}

uint32_t plan_product_depth(const Graph *body, const Node *node) {
  Type w = graph_type(body, node->operands[1]);
  return (uint32_t)(w.dtype == DTYPE_S8 ? (uint64_t)w.dims[1] : macs_of_element(body, node));
}

uint64_t plan_scratch_bytes(const PlanKernel *kernel, ValueId value, uint64_t rows) {
  const Node *node = graph_def(kernel->body, value);
  const ValuePlace *place = &kernel->places[value.index];
  uint64_t element = dtype_bytes(graph_type(kernel->body, value).dtype);
  uint64_t bytes = element * place->pitch, count = rows, planes = 1;
  if (place->kind == PLACE_STRIP) {
    const AttrsPATCHES *patches = &node->attrs.PATCHES;
    Type map = graph_type(kernel->body, node->operands[0]);
    count = plan_strip_lines(patches, rows / (uint64_t)graph_type(kernel->body, value).dims[2]);
    if (patches->channels_first) planes = (uint64_t)map.dims[3];
  }
  bool fits = !__builtin_mul_overflow(bytes, count, &bytes) &&
              !__builtin_mul_overflow(bytes, planes, &bytes);
  return fits ? bytes : UINT64_MAX;
}
