/* quantize_rows, quantized_linear, scaled_linear: products of whole numbers.
 *
 *   q[k] = x[k] / s to the nearest, s = max|x| / 127          for each row
 *   y[o] = (sum over k of q[k] w[o,k]) * s * t[o] + b[o]      t: the scale of w's row o
 *
 * The quotient is what code for every instruction set computes in f32, bit for bit: x times
 * (127 / max|x|), each rounded. So are the sums, which are exact; what is behind them is f32 as
 * everywhere. Code may take the row in another form (QUANTIZE_ROWS.as): u8 counts from 128, and
 * `first` is then -128 times the sum of w's row. scaled_linear takes rows as they are. */
#include <inttypes.h>
#include <math.h>

#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

enum {
  LARGEST = 127,
  /* Sums of so many products, of numbers up to 255 and 127, stay in 32 bits. */
  MAX_DEPTH = 65536,
};

static bool is_quantized(DType dtype) {
  return dtype == DTYPE_S8 || dtype == DTYPE_U8 || dtype == DTYPE_S16;
}

static double zero_of(DType dtype) {
  return dtype == DTYPE_U8 ? 128 : 0;
}

const char *infer_QUANTIZE_ROWS(const Infer *in, Type *results) {
  DType as = in->node->attrs.QUANTIZE_ROWS.as;
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  if (!is_quantized(as)) {
    return infer_misfit(in, "rows are quantized as s8, u8 or s16, not as %s", dtype_info(as)->text);
  }
  results[0] = type_with_dtype(x, as);
  results[1] = type_with_channels(x, 1);
  return NULL;
}

/* Operand `i` is of type `expected`; `what` names it. */
static const char *check_operand(const Infer *in, uint32_t i, const char *what, Type expected) {
  if (type_equal(in->operand[i], expected)) return NULL;
  return infer_misfit(in, "%s is %s, expected %s", what, INFER_TEXT(in->operand[i]),
                      INFER_TEXT(expected));
}

/* How many k of a column stand together in weights of type `w`; four where it has another form. */
static int64_t group_of(Type w) {
  return w.rank == 4 && w.dims[3] == 8 ? 8 : 4;
}

/* What all products of packed whole numbers have: their attributes, operands 1 and 2, and the
 * columns' scale as operand `scale`. */
static const char *check_columns(const Infer *in, uint32_t scale) {
  Attrs attrs = in->node->attrs;
  int32_t panel = *op_int(in->node->op, &attrs, "panel");
  int32_t channels = *op_int(in->node->op, &attrs, "channels");
  int32_t blocks = *op_int(in->node->op, &attrs, "column_blocks");
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  RETURN_IF_FAULT(infer_check_positive(in, "panel", panel));
  RETURN_IF_FAULT(infer_check_positive(in, "channels", channels));
  RETURN_IF_FAULT(infer_check_range(in, "depth", type_channels(x), 1, MAX_DEPTH));
  int64_t panels = ceil_div_u32((uint32_t)channels, (uint32_t)panel);
  int64_t group = group_of(in->operand[1]);
  int64_t groups = ceil_div_u32((uint32_t)type_channels(x), (uint32_t)group);
  Type w = type_make(4, (int64_t[]){panels, groups, panel, group});
  RETURN_IF_FAULT(check_operand(in, 1, "the weight", type_with_dtype(w, DTYPE_S8)));
  RETURN_IF_FAULT(check_operand(in, 2, "the bias", type_vector(channels)));
  RETURN_IF_FAULT(check_operand(in, scale, "the columns' scale", type_vector(channels)));
  return blocks ? infer_check_positive(in, "column_blocks", blocks) : NULL;
}

const char *infer_QUANTIZED_LINEAR(const Infer *in, Type *result) {
  const AttrsQUANTIZED_LINEAR *a = &in->node->attrs.QUANTIZED_LINEAR;
  Type q = in->operand[0];
  RETURN_IF_FAULT(check_columns(in, 4));
  if (!is_quantized(q.dtype)) {
    return infer_misfit(in, "takes rows of s8, u8 or s16, got %s", INFER_TEXT(q));
  }
  Type scales = type_with_dtype(type_with_channels(q, 1), DTYPE_F32);
  if (!infer_types_meet(&scales, in->operand[3])) {
    return infer_misfit(in, "the scales %s are not for the rows of %s", INFER_TEXT(in->operand[3]),
                        INFER_TEXT(q));
  }
  Type first = type_with_dtype(type_vector(a->channels), DTYPE_S32);
  RETURN_IF_FAULT(check_operand(in, 5, "the first sum", first));
  *result = type_with_dtype(type_with_channels(q, a->channels), DTYPE_F32);
  return NULL;
}

const char *infer_SCALED_LINEAR(const Infer *in, Type *result) {
  const AttrsSCALED_LINEAR *a = &in->node->attrs.SCALED_LINEAR;
  Type x = in->operand[0];
  RETURN_IF_FAULT(check_columns(in, 3));
  if (x.dtype != DTYPE_F32) return infer_misfit(in, "takes rows of f32, got %s", INFER_TEXT(x));
  int64_t group = group_of(in->operand[1]);
  if (type_channels(x) % group) {
    return infer_misfit(in, "takes rows of a multiple of %d channels, got %s", (int)group,
                        INFER_TEXT(x));
  }
  *result = type_with_channels(x, a->channels);
  return NULL;
}

/* What a row is multiplied by; *scale: what 1 stands for in it. */
static float factor_of(const double *row, size_t count, float *scale) {
  float largest = 0;
  for (size_t c = 0; c < count; ++c) {
    float size = fabsf((float)row[c]);
    if (isnan(size) || size > largest) largest = size;
    if (isnan(size)) break;
  }
  bool usual = isfinite(largest) && largest >= 0x1p-100F;
  *scale = usual ? largest / LARGEST : isfinite(largest) ? 0 : largest;
  return usual ? LARGEST / largest : 0;
}

void interpret_QUANTIZE_ROWS(const Node *node, const InterpTensor *operands,
                             InterpTensor *results) {
  Extent e = interpret_extent(operands[0].type);
  double zero = zero_of(node->attrs.QUANTIZE_ROWS.as);
  const double *row = operands[0].data;
  double *q = results[0].data;
  for (size_t r = 0; r < extent_rows(e); ++r, row += e.c, q += e.c) {
    float scale, factor = factor_of(row, e.c, &scale);
    results[1].data[r] = scale;
    for (size_t c = 0; c < e.c; ++c) {
      q[c] = factor > 0 ? rintf((float)row[c] * factor) + zero : zero;
    }
  }
}

/* sum over k of q[k] w[o,k], behind the first sum. The weights are [..][groups][panel][group]. */
static double sum_of(const double *q, size_t depth, const InterpTensor *w, size_t o, double first) {
  size_t groups = (size_t)w->type.dims[1], panel = (size_t)w->type.dims[2];
  size_t group = (size_t)w->type.dims[3];
  const double *column = w->data + (o / panel * groups * panel + o % panel) * group;
  double sum = first;
  for (size_t k = 0; k < depth; ++k) sum += q[k] * column[k / group * panel * group + k % group];
  return sum;
}

void interpret_QUANTIZED_LINEAR(const Node *node, const InterpTensor *operands,
                                InterpTensor *result) {
  Extent q = interpret_extent(operands[0].type);
  size_t columns = interpret_extent(result->type).c;
  (void)node;
  const double *row = operands[0].data, *bias = operands[2].data, *first = operands[5].data;
  double *out = result->data;
  for (size_t r = 0; r < extent_rows(q); ++r, row += q.c, out += columns) {
    for (size_t o = 0; o < columns; ++o) {
      double scale = operands[3].data[r] * operands[4].data[o];
      double sum = sum_of(row, q.c, &operands[1], o, first[o]);
      out[o] = sum * scale + bias[o];
    }
  }
}

void interpret_SCALED_LINEAR(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent x = interpret_extent(operands[0].type);
  size_t columns = interpret_extent(result->type).c;
  (void)node;
  const double *row = operands[0].data;
  double *out = result->data;
  for (size_t r = 0; r < extent_rows(x); ++r, row += x.c, out += columns) {
    for (size_t o = 0; o < columns; ++o) {
      double sum = sum_of(row, x.c, &operands[1], o, 0);
      out[o] = sum * operands[3].data[o] + operands[2].data[o];
    }
  }
}

ValueId build_quantize_rows(Builder b, ValueId x, DType as) {
  return builder_append(
      b, (Node){.op = OP_QUANTIZE_ROWS, OPERANDS(x), .attrs.QUANTIZE_ROWS = {.as = as}});
}

ValueId build_quantized_linear(Builder b, const ValueId operands[6], int32_t panel,
                               int32_t channels) {
  return builder_append(b,
                        (Node){.op = OP_QUANTIZED_LINEAR,
                               .operands = operands,
                               .operand_count = 6,
                               .attrs.QUANTIZED_LINEAR = {.panel = panel, .channels = channels}});
}

ValueId build_scaled_linear(Builder b, const ValueId operands[4], int32_t panel, int32_t channels) {
  return builder_append(b, (Node){.op = OP_SCALED_LINEAR,
                                  .operands = operands,
                                  .operand_count = 4,
                                  .attrs.SCALED_LINEAR = {.panel = panel, .channels = channels}});
}
