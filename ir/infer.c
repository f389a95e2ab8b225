/* One function per op: it checks what ops.def says of the op's operands and attributes and gives
 * the type of the result. Two dimensions agree when they are equal or one of them is open; where
 * they meet, the known one wins. A product's and a window's numbers are checked, so that no graph,
 * however hostile its text, has a known type whose elements cannot be counted. */
#include "ir/infer.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "support/checked_math.h"

enum { MAX_PLAIN_OPERANDS = 3 }; /* of all ops but kernels */

typedef struct Infer {
  const Graph *graph;
  const Node *node;
  uint32_t count; /* operands */
  Type operand[MAX_PLAIN_OPERANDS];
} Infer;

__attribute__((format(printf, 2, 3))) static const char *misfit(const Infer *in, const char *format,
                                                                ...) {
  va_list args;
  va_start(args, format);
  const char *text = arena_vprintf(in->graph->arena, format, args);
  va_end(args);
  return arena_printf(in->graph->arena, "%s: %s", op_info(in->node->op)->text, text);
}

/* A type as text inside a message; lives until the end of the enclosing block. */
#define TEXT(type) type_format((type), (char[TYPE_TEXT_MAX]){0})

#define TRY(expression)                                        \
  do {                                                         \
    const char *message_of_expression_ = (expression);         \
    if (message_of_expression_) return message_of_expression_; \
  } while (0)

static bool dims_meet(int64_t a, int64_t b, int64_t *meet) {
  *meet = a == DIM_OPEN ? b : a;
  return a == b || a == DIM_OPEN || b == DIM_OPEN;
}

/* *type becomes what it and `other` agree on; false when they do not. */
static bool types_meet(Type *type, Type other) {
  if (type->rank != other.rank) return false;
  for (uint32_t i = 0; i < type->rank; i++) {
    if (!dims_meet(type->dims[i], other.dims[i], &type->dims[i])) return false;
  }
  return true;
}

static const char *check_map(const Infer *in) {
  Type x = in->operand[0];
  return x.rank == 4 ? NULL : misfit(in, "needs a map [N,H,W,C], got %s", TEXT(x));
}

static const char *check_rows(const Infer *in, uint32_t i) {
  Type x = in->operand[i];
  if (x.rank == 4 || x.rank == 2) return NULL;
  return misfit(in, "operand %u must be a map [N,H,W,C] or vectors [N,C], got %s", i, TEXT(x));
}

/* Operand `i` is a vector of `channels` elements; `what` names it. */
static const char *check_vector(const Infer *in, uint32_t i, const char *what, int64_t channels) {
  if (i >= in->count || type_equal(in->operand[i], type_vector(channels))) return NULL;
  return misfit(in, "%s is %s, expected f32[%" PRId64 "]", what, TEXT(in->operand[i]), channels);
}

static const char *check_range(const Infer *in, const char *what, int64_t value, int64_t low,
                               int64_t high) {
  if (value >= low && value <= high) return NULL;
  if (high == INT32_MAX) {
    return misfit(in, "%s is %" PRId64 ", must be at least %" PRId64, what, value, low);
  }
  return misfit(in, "%s is %" PRId64 ", must be from %" PRId64 " to %" PRId64, what, value, low,
                high);
}

static const char *check_positive(const Infer *in, const char *what, int64_t value) {
  return check_range(in, what, value, 1, INT32_MAX);
}

static const char *check_divides(const Infer *in, const char *what, int64_t value,
                                 int64_t channels) {
  TRY(check_positive(in, what, value));
  if (channels % value == 0) return NULL;
  return misfit(in, "%s %" PRId64 " does not divide the %" PRId64 " channels", what, value,
                channels);
}

static const char *check_eps(const Infer *in, double eps) {
  return eps >= 0 && isfinite(eps) ? NULL : misfit(in, "eps is %g, must be 0 or more", eps);
}

/* One axis of a convolution: the number of places where the kernel's window fits. */
static const char *slide(const Infer *in, const char *axis, int64_t size, int64_t kernel,
                         int64_t stride, int64_t pad, int64_t *count) {
  TRY(check_positive(in, "the kernel", kernel));
  TRY(check_positive(in, "the stride", stride));
  TRY(check_range(in, "the padding", pad, 0, INT32_MAX));
  *count = DIM_OPEN;
  if (size == DIM_OPEN) return NULL;
  if (size + 2 * pad < kernel) {
    return misfit(in,
                  "%s %" PRId64 " with padding %" PRId64 " is smaller than the kernel's %" PRId64,
                  axis, size, pad, kernel);
  }
  *count = (size + 2 * pad - kernel) / stride + 1;
  return NULL;
}

/* *result is the map that windows over `x` give, with `channels`. The attribute structs of the
 * convolutions share the names of these fields but not a type. */
#define SLIDE(in, a, x, channels_, result)                                        \
  do {                                                                            \
    *(result) = type_with_channels((x), (channels_));                             \
    TRY(slide((in), "height", (x).dims[1], (a).kernel_h, (a).stride_h, (a).pad_h, \
              &(result)->dims[1]));                                               \
    TRY(slide((in), "width", (x).dims[2], (a).kernel_w, (a).stride_w, (a).pad_w,  \
              &(result)->dims[2]));                                               \
  } while (0)

static const char *infer_INPUT(const Infer *in, Type *result) {
  const AttrsINPUT *a = &in->node->attrs.INPUT;
  *result = in->node->declared;
  if (!a->name || !*a->name) return misfit(in, "needs a name");
  if (result->rank < 1 || result->rank > TYPE_MAX_RANK) return misfit(in, "needs a type");
  TRY(check_range(in, "nchw", a->nchw, 0, 1));
  if (a->nchw && result->rank != 4) return misfit(in, "nchw needs a map, got %s", TEXT(*result));
  return NULL;
}

static const char *infer_CONSTANT(const Infer *in, Type *result) {
  if (!in->node->recipe) return misfit(in, "needs a recipe");
  *result = in->node->recipe->type;
  return NULL;
}

static const char *infer_CONV2D(const Infer *in, Type *result) {
  const AttrsCONV2D *a = &in->node->attrs.CONV2D;
  Type x = in->operand[0];
  Type w = in->operand[1];
  TRY(check_map(in));
  if (w.rank != 4 || !type_is_known(w)) {
    return misfit(in, "the weight must be [O,C/groups,KH,KW], got %s", TEXT(w));
  }
  TRY(check_divides(in, "groups", a->groups, type_channels(x)));
  if (w.dims[0] % a->groups != 0) {
    return misfit(in, "groups %d does not divide the %" PRId64 " output channels", a->groups,
                  w.dims[0]);
  }
  if (w.dims[1] != type_channels(x) / a->groups || w.dims[2] != a->kernel_h ||
      w.dims[3] != a->kernel_w) {
    return misfit(in, "the weight is %s, expected f32[%" PRId64 ",%" PRId64 ",%d,%d]", TEXT(w),
                  w.dims[0], type_channels(x) / a->groups, a->kernel_h, a->kernel_w);
  }
  TRY(check_vector(in, 2, "the bias", w.dims[0]));
  SLIDE(in, *a, x, w.dims[0], result);
  return NULL;
}

/* What a linear's weight must be: K and the number of columns that it gives. */
static const char *linear_columns(const Infer *in, int64_t rows_k, int64_t *columns) {
  const AttrsLINEAR *a = &in->node->attrs.LINEAR;
  Type w = in->operand[1];
  int64_t images;
  if (a->panel) {
    TRY(check_positive(in, "panel", a->panel));
    TRY(check_positive(in, "channels", a->channels));
    *columns = a->channels;
    Type packed = {
        .rank = 3,
        .dims = {ceil_div_u32((uint32_t)a->channels, (uint32_t)a->panel), rows_k, a->panel}};
    if (type_equal(w, packed)) return NULL;
    return misfit(in, "the packed weight is %s, expected %s", TEXT(w), TEXT(packed));
  }
  if (a->channels) return misfit(in, "channels is for packed weights only");
  bool per_image = w.rank == 4 && w.dims[1] == 1;
  if (w.rank != 2 && !per_image) {
    return misfit(in, "the weight must be [O,K] or [N,1,K,O], got %s", TEXT(w));
  }
  int64_t depth = per_image ? w.dims[2] : w.dims[1];
  if (depth != rows_k) {
    return misfit(in, "the rows have %" PRId64 " channels, the weight %s takes %" PRId64, rows_k,
                  TEXT(w), depth);
  }
  if (per_image && !dims_meet(w.dims[0], in->operand[0].dims[0], &images)) {
    return misfit(in, "the weight %s is not for the images of %s", TEXT(w), TEXT(in->operand[0]));
  }
  *columns = per_image ? w.dims[3] : w.dims[0];
  if (*columns != DIM_OPEN) return NULL;
  return misfit(in, "the rows of the weight %s are open", TEXT(w));
}

static const char *infer_LINEAR(const Infer *in, Type *result) {
  Type x = in->operand[0];
  int64_t columns = 0;
  TRY(check_rows(in, 0));
  TRY(linear_columns(in, type_channels(x), &columns));
  TRY(check_vector(in, 2, "the bias", columns));
  *result = type_with_channels(x, columns);
  return NULL;
}

static const char *infer_SCALE_MATRIX(const Infer *in, Type *result) {
  Type v = in->operand[0];
  Type w = in->operand[1];
  if (v.rank != 2) return misfit(in, "needs vectors [N,C], got %s", TEXT(v));
  if (w.rank != 2 || type_channels(w) != type_channels(v) || w.dims[0] == DIM_OPEN) {
    return misfit(in, "the matrix must be [K,%" PRId64 "], got %s", type_channels(v), TEXT(w));
  }
  *result = type_map(v.dims[0], 1, w.dims[0], type_channels(w));
  return NULL;
}

static const char *infer_MIX_ROWS(const Infer *in, Type *result) {
  const AttrsMIX_ROWS *a = &in->node->attrs.MIX_ROWS;
  Type x = in->operand[0];
  Type w = in->operand[1];
  int64_t rows;
  TRY(check_map(in));
  TRY(check_positive(in, "out_h", a->out_h));
  TRY(check_positive(in, "out_w", a->out_w));
  if (w.rank != 2 || !type_is_known(w) || w.dims[0] != (int64_t)a->out_h * a->out_w) {
    return misfit(in, "the weight is %s, expected [%" PRId64 ",H*W]", TEXT(w),
                  (int64_t)a->out_h * a->out_w);
  }
  TRY(check_vector(in, 2, "the bias", w.dims[0]));
  if (x.dims[1] != DIM_OPEN && x.dims[2] != DIM_OPEN &&
      (!checked_mul_i64(x.dims[1], x.dims[2], &rows) || rows != w.dims[1])) {
    return misfit(in,
                  "%" PRId64 " tokens fixed by the weights, the image gives %" PRId64 "x%" PRId64,
                  w.dims[1], x.dims[1], x.dims[2]);
  }
  *result = type_map(x.dims[0], a->out_h, a->out_w, type_channels(x));
  return NULL;
}

static const char *infer_PATCHES(const Infer *in, Type *result) {
  const AttrsPATCHES *a = &in->node->attrs.PATCHES;
  Type x = in->operand[0];
  int64_t channels;
  TRY(check_map(in));
  TRY(check_range(in, "channels_first", a->channels_first, 0, 1));
  if (!checked_mul_i64(type_channels(x), (int64_t)a->kernel_h * a->kernel_w, &channels)) {
    return misfit(in, "the patches are too large");
  }
  SLIDE(in, *a, x, channels, result);
  return NULL;
}

static const char *infer_DEPTHWISE(const Infer *in, Type *result) {
  const AttrsDEPTHWISE *a = &in->node->attrs.DEPTHWISE;
  Type x = in->operand[0];
  TRY(check_map(in));
  SLIDE(in, *a, x, type_channels(x), result);
  Type taps = type_matrix((int64_t)a->kernel_h * a->kernel_w, type_channels(x));
  if (!type_equal(in->operand[1], taps)) {
    return misfit(in, "the weight is %s, expected %s", TEXT(in->operand[1]), TEXT(taps));
  }
  return check_vector(in, 2, "the bias", type_channels(x));
}

static const char *infer_AXIAL_SAMPLE(const Infer *in, Type *result) {
  const AttrsAXIAL_SAMPLE *a = &in->node->attrs.AXIAL_SAMPLE;
  Type x = in->operand[0];
  Type offsets = in->operand[1];
  TRY(check_map(in));
  TRY(check_range(in, "axis", a->axis, 1, 2));
  TRY(check_divides(in, "share", a->share, type_channels(x)));
  int64_t channels = type_channels(x) / a->share;
  *result = x;
  if (type_equal(offsets, type_vector(channels))) return NULL;
  Type expected = type_with_channels(x, channels);
  if (!types_meet(&expected, offsets)) {
    return misfit(in, "the offsets are %s, expected %s or f32[%" PRId64 "]", TEXT(offsets),
                  TEXT(expected), channels);
  }
  *result = type_with_channels(expected, type_channels(x));
  return NULL;
}

static const char *infer_AXIAL_SHIFT(const Infer *in, Type *result) {
  const AttrsAXIAL_SHIFT *a = &in->node->attrs.AXIAL_SHIFT;
  TRY(check_map(in));
  TRY(check_range(in, "axis", a->axis, 1, 2));
  TRY(check_range(in, "period", a->period, 1, 16));
  TRY(check_range(in, "phase", a->phase, 0, a->period - 1));
  TRY(check_range(in, "lowest", a->lowest, -(1 << 16), 1 << 16));
  *result = in->operand[0];
  return NULL;
}

static const char *infer_LAYER_NORM(const Infer *in, Type *result) {
  *result = in->operand[0];
  TRY(check_rows(in, 0));
  TRY(check_vector(in, 1, "the gain", type_channels(*result)));
  TRY(check_vector(in, 2, "the bias", type_channels(*result)));
  return check_eps(in, in->node->attrs.LAYER_NORM.eps);
}

static const char *infer_NORMALIZE(const Infer *in, Type *result) {
  *result = in->operand[0];
  TRY(check_rows(in, 0));
  return check_eps(in, in->node->attrs.NORMALIZE.eps);
}

static const char *infer_SOFTMAX(const Infer *in, Type *result) {
  *result = in->operand[0];
  TRY(check_rows(in, 0));
  return check_divides(in, "groups", in->node->attrs.SOFTMAX.groups, type_channels(*result));
}

static const char *infer_SLICE(const Infer *in, Type *result) {
  const AttrsSLICE *a = &in->node->attrs.SLICE;
  TRY(check_rows(in, 0));
  int64_t channels = type_channels(in->operand[0]);
  TRY(check_range(in, "begin", a->begin, 0, INT32_MAX));
  TRY(check_positive(in, "count", a->count));
  if ((int64_t)a->begin + a->count > channels) {
    return misfit(in, "channels %d to %" PRId64 " of %" PRId64, a->begin,
                  (int64_t)a->begin + a->count, channels);
  }
  *result = type_with_channels(in->operand[0], a->count);
  return NULL;
}

static const char *infer_CONCAT(const Infer *in, Type *result) {
  Type x = in->operand[0];
  Type y = in->operand[1];
  TRY(check_rows(in, 0));
  TRY(check_rows(in, 1));
  *result = type_with_channels(x, type_channels(y));
  if (!types_meet(result, y)) return misfit(in, "%s and %s differ in rows", TEXT(x), TEXT(y));
  *result = type_with_channels(*result, type_channels(x) + type_channels(y));
  return NULL;
}

/* add and mul: operand 1 is rows alike, a vector per image or a vector. */
static const char *infer_pointwise(const Infer *in, Type *result) {
  Type x = in->operand[0];
  Type y = in->operand[1];
  TRY(check_rows(in, 0));
  *result = x;
  if (type_equal(y, type_vector(type_channels(x)))) return NULL;
  Type per_image = type_matrix(x.dims[0], type_channels(x));
  if (types_meet(&per_image, y)) {
    result->dims[0] = per_image.dims[0];
    return NULL;
  }
  Type meet = x;
  if (!types_meet(&meet, y)) return misfit(in, "%s and %s do not fit", TEXT(x), TEXT(y));
  *result = meet;
  return NULL;
}

static const char *infer_ADD(const Infer *in, Type *result) {
  return infer_pointwise(in, result);
}

static const char *infer_MUL(const Infer *in, Type *result) {
  return infer_pointwise(in, result);
}

static const char *infer_GELU(const Infer *in, Type *result) {
  *result = in->operand[0];
  return check_rows(in, 0);
}

static const char *infer_MEAN_HW(const Infer *in, Type *result) {
  Type x = in->operand[0];
  TRY(check_map(in));
  *result = type_matrix(x.dims[0], type_channels(x));
  return NULL;
}

static const char *infer_SUM_CHUNKS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  int64_t chunks = in->node->attrs.SUM_CHUNKS.chunks;
  TRY(check_map(in));
  TRY(check_positive(in, "chunks", chunks));
  if (x.dims[1] != DIM_OPEN && x.dims[2] != DIM_OPEN && chunks > x.dims[1] * x.dims[2]) {
    return misfit(in, "%" PRId64 " chunks of the %" PRId64 " rows of %s", chunks,
                  x.dims[1] * x.dims[2], TEXT(x));
  }
  *result = type_map(x.dims[0], 1, chunks, type_channels(x));
  return NULL;
}

static const char *infer_MEAN_CHUNKS(const Infer *in, Type *result) {
  Type x = in->operand[0];
  TRY(check_map(in));
  if (x.dims[1] != 1) return misfit(in, "needs chunks [N,1,chunks,C], got %s", TEXT(x));
  TRY(check_positive(in, "rows", in->node->attrs.MEAN_CHUNKS.rows));
  *result = type_matrix(x.dims[0], type_channels(x));
  return NULL;
}

static const char *check_kernel(const Infer *in) {
  const Graph *body = in->node->body;
  if (!body) return misfit(in, "needs a body");
  if (body->output_count == 0) return misfit(in, "the body has no output");
  uint32_t inputs = 0;
  for (uint32_t i = 0; i < body->node_count; i++) {
    const Node *node = &body->nodes[i];
    if (node->op == OP_CONSTANT || node->op == OP_KERNEL) {
      return misfit(in, "the body has a %s", op_info(node->op)->text);
    }
    if (node->op != OP_INPUT) continue;
    if (inputs < in->node->operand_count) {
      Type given = graph_type(in->graph, in->node->operands[inputs]);
      if (!type_equal(given, node->declared)) {
        return misfit(in, "operand %u is %s, the body's input %s", inputs, TEXT(given),
                      TEXT(node->declared));
      }
    }
    inputs++;
  }
  if (inputs == in->node->operand_count) return NULL;
  return misfit(in, "%u operands, the body has %u inputs", in->node->operand_count, inputs);
}

typedef const char *InferFunction(const Infer *in, Type *result);

static InferFunction *const infer_functions[OP_KIND_COUNT] = {
    [OP_INPUT] = infer_INPUT,
    [OP_CONSTANT] = infer_CONSTANT,
    [OP_CONV2D] = infer_CONV2D,
    [OP_LINEAR] = infer_LINEAR,
    [OP_SCALE_MATRIX] = infer_SCALE_MATRIX,
    [OP_MIX_ROWS] = infer_MIX_ROWS,
    [OP_PATCHES] = infer_PATCHES,
    [OP_DEPTHWISE] = infer_DEPTHWISE,
    [OP_AXIAL_SAMPLE] = infer_AXIAL_SAMPLE,
    [OP_AXIAL_SHIFT] = infer_AXIAL_SHIFT,
    [OP_LAYER_NORM] = infer_LAYER_NORM,
    [OP_NORMALIZE] = infer_NORMALIZE,
    [OP_SOFTMAX] = infer_SOFTMAX,
    [OP_SLICE] = infer_SLICE,
    [OP_CONCAT] = infer_CONCAT,
    [OP_ADD] = infer_ADD,
    [OP_MUL] = infer_MUL,
    [OP_GELU] = infer_GELU,
    [OP_MEAN_HW] = infer_MEAN_HW,
    [OP_SUM_CHUNKS] = infer_SUM_CHUNKS,
    [OP_MEAN_CHUNKS] = infer_MEAN_CHUNKS,
};

static const char *check_operands(const Infer *in) {
  const OpInfo *info = op_info(in->node->op);
  if (in->count < info->min_operands || in->count > info->max_operands) {
    if (info->min_operands == info->max_operands) {
      return misfit(in, "takes %u operands, got %u", info->min_operands, in->count);
    }
    return misfit(in, "takes %u to %u operands, got %u", info->min_operands, info->max_operands,
                  in->count);
  }
  for (uint32_t i = 0; i < in->count; i++) {
    if (in->node->operands[i].index >= in->graph->value_count) {
      return misfit(in, "operand %u is missing", i);
    }
  }
  return NULL;
}

/* Innermost dimensions are known, all fit into 32 bits, and a known type can be counted. */
static const char *check_result(const Infer *in, Type type) {
  for (uint32_t i = 0; i < type.rank; i++) {
    bool open = type.dims[i] == DIM_OPEN && i + 1 < type.rank;
    if (!open && (type.dims[i] < 1 || type.dims[i] > INT32_MAX)) {
      return misfit(in, "dimension %u of the result %s is out of range", i, TEXT(type));
    }
  }
  int64_t count;
  if (!type_is_known(type) || type_count(type, &count)) return NULL;
  return misfit(in, "the result %s is too large", TEXT(type));
}

const char *infer_types(const Graph *graph, const Node *node, Type *results, uint32_t *count) {
  Infer in = {.graph = graph, .node = node, .count = node->operand_count};
  TRY(check_operands(&in));
  if (node->op == OP_KERNEL) {
    TRY(check_kernel(&in));
    *count = node->body->output_count;
    for (uint32_t i = 0; i < *count; i++) {
      results[i] = graph_type(node->body, node->body->outputs[i].value);
    }
    return NULL;
  }
  for (uint32_t i = 0; i < in.count; i++) in.operand[i] = graph_type(graph, node->operands[i]);
  *count = 1;
  TRY(infer_functions[node->op](&in, results));
  return check_result(&in, *results);
}
