/* Ops that move elements and compute nothing: reshape, transpose, slice, concat, shuffle. */
#include <inttypes.h>
#include <string.h>

#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

/* The elements of one image; DIM_OPEN while they cannot be counted. */
static const char *image_elements(const Infer *in, Type type, int64_t *count) {
  *count = 1;
  for (uint32_t i = 1; i < type.rank; ++i) {
    if (type.dims[i] == DIM_OPEN) {
      *count = DIM_OPEN;
      return NULL;
    }
    if (!checked_mul_i64(*count, type.dims[i], count)) return infer_misfit(in, "it is too large");
  }
  return NULL;
}

/* At most one of height and width is 0, what is left of the image's elements then; both: a vector.
 */
const char *infer_RESHAPE(const Infer *in, Type *result) {
  const AttrsRESHAPE *a = &in->node->attrs.RESHAPE;
  Type x = in->operand[0];
  int64_t from, to;
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  RETURN_IF_FAULT(infer_check_range(in, "height", a->height, 0, INT32_MAX));
  RETURN_IF_FAULT(infer_check_range(in, "width", a->width, 0, INT32_MAX));
  RETURN_IF_FAULT(infer_check_positive(in, "channels", a->channels));
  *result = type_map(x.dims[0], a->height ? a->height : DIM_OPEN, a->width ? a->width : DIM_OPEN,
                     a->channels);
  if (!a->height && !a->width) *result = type_matrix(x.dims[0], a->channels);
  Type wanted = *result;
  RETURN_IF_FAULT(image_elements(in, x, &from));
  if (from == DIM_OPEN) return NULL;
  int64_t *left = !a->height ? &result->dims[1] : &result->dims[2];
  bool has_left = result->rank == 4 && (!a->height || !a->width);
  if (has_left) *left = 1;
  RETURN_IF_FAULT(image_elements(in, *result, &to));
  if (has_left) *left = from / to;
  if (has_left ? from % to == 0 && from >= to : from == to) return NULL;
  return infer_misfit(in, "the %" PRId64 " elements of an image of %s do not fill %s", from,
                      INFER_TEXT(x), INFER_TEXT(wanted));
}

void interpret_RESHAPE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent e = interpret_extent(result->type);
  memcpy(result->data, operands[0].data, extent_rows(e) * e.c * sizeof *result->data);
}

ValueId build_reshape(Builder b, ValueId x, int32_t height, int32_t width, int32_t channels) {
  return builder_append(
      b, (Node){.op = OP_RESHAPE,
                OPERANDS(x),
                .attrs.RESHAPE = {.height = height, .width = width, .channels = channels}});
}

const char *infer_TRANSPOSE(const Infer *in, Type *result) {
  const AttrsTRANSPOSE *a = &in->node->attrs.TRANSPOSE;
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "first", a->first, 1, 3));
  RETURN_IF_FAULT(infer_check_range(in, "second", a->second, 1, 3));
  RETURN_IF_FAULT(infer_check_range(in, "third", a->third, 1, 3));
  if (a->first == a->second || a->first == a->third || a->second == a->third) {
    return infer_misfit(in, "dimensions %d, %d, %d: one is there twice", a->first, a->second,
                        a->third);
  }
  *result = type_map(x.dims[0], x.dims[a->first], x.dims[a->second], x.dims[a->third]);
  return NULL;
}

/* Dimension 1, 2, 3 of the result is dimension first, second, third of x. */
void interpret_TRANSPOSE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsTRANSPOSE *a = &node->attrs.TRANSPOSE;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t steps[] = {x.h * x.w * x.c, x.w * x.c, x.c, 1};
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; ++j) {
        for (size_t c = 0; c < y.c; ++c) {
          *out++ = operands[0].data[n * steps[0] + i * steps[a->first] + j * steps[a->second] +
                                    c * steps[a->third]];
        }
      }
    }
  }
}

ValueId build_transpose(Builder b, ValueId x, AttrsTRANSPOSE attrs) {
  return builder_append(b, (Node){.op = OP_TRANSPOSE, OPERANDS(x), .attrs.TRANSPOSE = attrs});
}

/* Copies channels [begin, begin + count) of each row of `x` to channels [at, ..) of `result`. */
static void copy_channels(const InterpTensor *x, size_t begin, size_t count, InterpTensor *result,
                          size_t at) {
  size_t from_pitch = interpret_extent(x->type).c, to_pitch = interpret_extent(result->type).c;
  for (size_t r = 0; r < extent_rows(interpret_extent(result->type)); ++r) {
    memcpy(result->data + r * to_pitch + at, x->data + r * from_pitch + begin,
           count * sizeof(double));
  }
}

const char *infer_SLICE(const Infer *in, Type *result) {
  const AttrsSLICE *a = &in->node->attrs.SLICE;
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  int64_t channels = type_channels(in->operand[0]);
  RETURN_IF_FAULT(infer_check_range(in, "begin", a->begin, 0, INT32_MAX));
  RETURN_IF_FAULT(infer_check_positive(in, "count", a->count));
  if ((int64_t)a->begin + a->count > channels) {
    return infer_misfit(in, "channels %d to %" PRId64 " of %" PRId64, a->begin,
                        (int64_t)a->begin + a->count, channels);
  }
  *result = type_with_channels(in->operand[0], a->count);
  return NULL;
}

void interpret_SLICE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  copy_channels(&operands[0], (size_t)node->attrs.SLICE.begin, interpret_extent(result->type).c,
                result, 0);
}

ValueId build_slice(Builder b, ValueId x, int32_t begin, int32_t count) {
  return builder_append(
      b, (Node){.op = OP_SLICE, OPERANDS(x), .attrs.SLICE = {.begin = begin, .count = count}});
}

/* All parts have the rows of the first. A dimension that some part knows is known. */
const char *infer_CONCAT(const Infer *in, Type *result) {
  int64_t channels = 0;
  *result = in->operand[0];
  for (uint32_t i = 0; i < in->count; ++i) {
    Type y = in->operand[i];
    RETURN_IF_FAULT(infer_check_rows(in, i));
    *result = type_with_channels(*result, type_channels(y));
    if (!infer_types_meet(result, y)) {
      return infer_misfit(in, "%s and %s differ in rows", INFER_TEXT(in->operand[0]),
                          INFER_TEXT(y));
    }
    channels += type_channels(y);
  }
  *result = type_with_channels(*result, channels);
  return NULL;
}

void interpret_CONCAT(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  size_t begin = 0;
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    size_t channels = interpret_extent(operands[i].type).c;
    copy_channels(&operands[i], 0, channels, result, begin);
    begin += channels;
  }
}

ValueId build_concat(Builder b, const ValueId *parts, uint32_t count) {
  return builder_append(b, (Node){.op = OP_CONCAT, .operands = parts, .operand_count = count});
}

const char *infer_SHUFFLE(const Infer *in, Type *result) {
  *result = in->operand[0];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  return infer_check_divides(in, "groups", in->node->attrs.SHUFFLE.groups, type_channels(*result));
}

/* y[i * groups + g] = x[g * each + i]. */
void interpret_SHUFFLE(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  size_t groups = (size_t)node->attrs.SHUFFLE.groups, each = e.c / groups;
  for (size_t r = 0; r < extent_rows(e); ++r) {
    for (size_t g = 0; g < groups; ++g) {
      for (size_t i = 0; i < each; ++i) {
        result->data[r * e.c + i * groups + g] = operands[0].data[r * e.c + g * each + i];
      }
    }
  }
}

ValueId build_shuffle(Builder b, ValueId x, int32_t groups) {
  return builder_append(b,
                        (Node){.op = OP_SHUFFLE, OPERANDS(x), .attrs.SHUFFLE = {.groups = groups}});
}
