/* linear: rows times a matrix. Weights are transposed first so that the innermost loop runs over
 * consecutive output channels: each input element is multiplied into a whole output row. */
#include <inttypes.h>
#include <stdlib.h>

#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

/* What a linear's weight must be: K and the number of columns that it gives. */
static const char *linear_columns(const Infer *in, int64_t rows_k, int64_t *columns) {
  const AttrsLINEAR *a = &in->node->attrs.LINEAR;
  Type w = in->operand[1];
  int64_t images;
  if (a->panel) {
    INFER_TRY(infer_check_positive(in, "panel", a->panel));
    INFER_TRY(infer_check_positive(in, "channels", a->channels));
    if (a->column_blocks) INFER_TRY(infer_check_positive(in, "column_blocks", a->column_blocks));
    *columns = a->channels;
    Type packed = {
        .rank = 3,
        .dims = {ceil_div_u32((uint32_t)a->channels, (uint32_t)a->panel), rows_k, a->panel}};
    if (type_equal(w, packed)) return NULL;
    return infer_misfit(in, "the packed weight is %s, expected %s", INFER_TEXT(w),
                        INFER_TEXT(packed));
  }
  if (a->channels) return infer_misfit(in, "channels is for packed weights only");
  if (a->column_blocks) return infer_misfit(in, "column_blocks is for packed weights only");
  bool per_image = w.rank == 4 && w.dims[1] == 1;
  if (w.rank != 2 && !per_image) {
    return infer_misfit(in, "the weight must be [O,K] or [N,1,K,O], got %s", INFER_TEXT(w));
  }
  int64_t depth = per_image ? w.dims[2] : w.dims[1];
  if (depth != rows_k) {
    return infer_misfit(in, "the rows have %" PRId64 " channels, the weight %s takes %" PRId64,
                        rows_k, INFER_TEXT(w), depth);
  }
  if (per_image && !infer_dims_meet(w.dims[0], in->operand[0].dims[0], &images)) {
    return infer_misfit(in, "the weight %s is not for the images of %s", INFER_TEXT(w),
                        INFER_TEXT(in->operand[0]));
  }
  *columns = per_image ? w.dims[3] : w.dims[0];
  if (*columns != DIM_OPEN) return NULL;
  return infer_misfit(in, "the rows of the weight %s are open", INFER_TEXT(w));
}

const char *infer_LINEAR(const Infer *in, Type *result) {
  Type x = in->operand[0];
  int64_t columns = 0;
  INFER_TRY(infer_check_rows(in, 0));
  INFER_TRY(linear_columns(in, type_channels(x), &columns));
  INFER_TRY(infer_check_vector(in, 2, "the bias", columns));
  *result = type_with_channels(x, columns);
  return NULL;
}

/* `rows` rows [depth] times w [depth][columns]; rows of the result are `pitch` apart. */
static void multiply(const double *x, size_t rows, size_t depth, const double *w, size_t w_pitch,
                     const double *bias, double *out, size_t columns, size_t pitch) {
  for (size_t r = 0; r < rows; ++r) {
    double *row = out + r * pitch;
    interpret_start_row(row, bias, columns);
    for (size_t k = 0; k < depth; ++k) {
      interpret_accumulate(row, x[r * depth + k], w + k * w_pitch, columns);
    }
  }
}

/* w [ceil(O/panel)][K][panel] */
static void multiply_packed(const InterpTensor *operands, size_t panel, InterpTensor *result) {
  const double *bias = operands[2].data;
  size_t rows = extent_rows(interpret_extent(operands[0].type));
  size_t depth = interpret_extent(operands[0].type).c, columns = interpret_extent(result->type).c;
  for (size_t first = 0; first < columns; first += panel) {
    size_t used = columns - first < panel ? columns - first : panel;
    multiply(operands[0].data, rows, depth, operands[1].data + first * depth, panel,
             bias ? bias + first : NULL, result->data + first, used, columns);
  }
}

void interpret_LINEAR(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  if (node->attrs.LINEAR.panel) {
    multiply_packed(operands, (size_t)node->attrs.LINEAR.panel, result);
    return;
  }
  Extent x = interpret_extent(operands[0].type);
  size_t columns = interpret_extent(result->type).c;
  if (operands[1].type.rank == 4) {
    size_t rows = x.h * x.w;
    for (size_t n = 0; n < x.n; ++n) {
      multiply(operands[0].data + n * rows * x.c, rows, x.c, operands[1].data + n * x.c * columns,
               columns, operands[2].data, result->data + n * rows * columns, columns, columns);
    }
    return;
  }
  double *w = interpret_buffer(x.c * columns);
  interpret_transposed(operands[1].data, columns, x.c, w);
  multiply(operands[0].data, extent_rows(x), x.c, w, columns, operands[2].data, result->data,
           columns, columns);
  free(w);
}

ValueId build_linear(Builder b, ValueId x, ValueId w, ValueId bias) {
  return builder_append(b, (Node){.op = OP_LINEAR, OPERANDS(x, w, bias)});
}

ValueId build_linear_packed(Builder b, ValueId x, ValueId w, ValueId bias, int32_t panel,
                            int32_t channels) {
  return builder_append(b, (Node){.op = OP_LINEAR,
                                  OPERANDS(x, w, bias),
                                  .attrs.LINEAR = {.panel = panel, .channels = channels}});
}
