/* linear, packed_linear, image_linear: rows times a matrix, in its three layouts. The weights of a
 * plain one are transposed first so that the innermost loop runs over
 * consecutive output channels: each input element is multiplied into a whole output row. */
#include <inttypes.h>
#include <stdlib.h>

#include "ir/ops/op_impl.h"

/* The result: `columns` for each row, with a bias for each. */
static const char *give_columns(const Infer *in, int64_t columns, Type *result) {
  *result = type_with_channels(in->operand[0], columns);
  return infer_check_vector(in, 2, "the bias", columns);
}

/* The weight takes as many channels as the rows have. */
static const char *check_depth(const Infer *in, int64_t depth) {
  int64_t channels = type_channels(in->operand[0]);
  if (depth == channels) return NULL;
  return infer_misfit(in, "the rows have %" PRId64 " channels, the weight %s takes %" PRId64,
                      channels, INFER_TEXT(in->operand[1]), depth);
}

const char *infer_LINEAR(const Infer *in, Type *result) {
  Type w = in->operand[1];
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  if (w.rank != 2) return infer_misfit(in, "the weight must be [O,K], got %s", INFER_TEXT(w));
  RETURN_IF_FAULT(check_depth(in, w.dims[1]));
  if (w.dims[0] == DIM_OPEN) {
    return infer_misfit(in, "the rows of the weight %s are open", INFER_TEXT(w));
  }
  return give_columns(in, w.dims[0], result);
}

/* The bias has the columns that count, not those that fill the last panel. */
const char *infer_PACKED_LINEAR(const Infer *in, Type *result) {
  const AttrsPACKED_LINEAR *a = &in->node->attrs.PACKED_LINEAR;
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  RETURN_IF_FAULT(infer_check_positive(in, "panel", a->panel));
  RETURN_IF_FAULT(infer_check_positive(in, "channels", a->channels));
  if (a->column_blocks) {
    RETURN_IF_FAULT(infer_check_positive(in, "column_blocks", a->column_blocks));
  }
  int64_t depth = type_channels(in->operand[0]);
  RETURN_IF_FAULT(infer_check_packed(in, 1, a->channels, depth, a->panel));
  return give_columns(in, a->channels, result);
}

const char *infer_IMAGE_LINEAR(const Infer *in, Type *result) {
  Type x = in->operand[0], w = in->operand[1];
  int64_t images;
  RETURN_IF_FAULT(infer_check_rows(in, 0));
  if (w.rank != 4 || w.dims[1] != 1) {
    return infer_misfit(in, "the weight must be [N,1,K,O], got %s", INFER_TEXT(w));
  }
  RETURN_IF_FAULT(check_depth(in, w.dims[2]));
  if (!infer_dims_meet(w.dims[0], x.dims[0], &images)) {
    return infer_misfit(in, "the weight %s is not for the images of %s", INFER_TEXT(w),
                        INFER_TEXT(x));
  }
  return give_columns(in, w.dims[3], result);
}

/* A matrix [depth][columns] whose rows are `pitch` apart, and a bias of its columns or NULL. */
typedef struct Factor {
  const double *data, *bias;
  size_t depth, columns, pitch;
} Factor;

/* `rows` rows [w->depth] at `x` times w; rows of the result are `pitch` apart. */
static void multiply(const double *x, size_t rows, const Factor *w, double *out, size_t pitch) {
  for (size_t r = 0; r < rows; ++r) {
    double *row = out + r * pitch;
    interpret_start_row(row, w->bias, w->columns);
    for (size_t k = 0; k < w->depth; ++k) {
      interpret_accumulate(row, x[r * w->depth + k], w->data + k * w->pitch, w->columns);
    }
  }
}

void interpret_LINEAR(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interpret_extent(operands[0].type);
  size_t columns = interpret_extent(result->type).c;
  double *w = interpret_buffer(x.c * columns);
  interpret_transposed(operands[1].data, columns, x.c, w);
  Factor factor = {w, operands[2].data, x.c, columns, columns};
  multiply(operands[0].data, extent_rows(x), &factor, result->data, columns);
  free(w);
}

/* Panel by panel: each is a factor of its own. */
void interpret_PACKED_LINEAR(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const double *bias = operands[2].data;
  Extent x = interpret_extent(operands[0].type);
  size_t panel = (size_t)node->attrs.PACKED_LINEAR.panel,
         columns = interpret_extent(result->type).c;
  for (size_t first = 0; first < columns; first += panel) {
    Factor w = {.data = operands[1].data + first * x.c,
                .bias = bias ? bias + first : NULL,
                .depth = x.c,
                .columns = columns - first < panel ? columns - first : panel,
                .pitch = panel};
    multiply(operands[0].data, extent_rows(x), &w, result->data + first, columns);
  }
}

/* Image by image. */
void interpret_IMAGE_LINEAR(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interpret_extent(operands[0].type);
  size_t columns = interpret_extent(result->type).c, rows = x.h * x.w;
  for (size_t n = 0; n < x.n; ++n) {
    Factor w = {operands[1].data + n * x.c * columns, operands[2].data, x.c, columns, columns};
    multiply(operands[0].data + n * rows * x.c, rows, &w, result->data + n * rows * columns,
             columns);
  }
}

ValueId build_linear(Builder b, ValueId x, ValueId w, ValueId bias) {
  return builder_append(b, (Node){.op = OP_LINEAR, OPERANDS(x, w, bias)});
}

ValueId build_packed_linear(Builder b, ValueId x, ValueId w, ValueId bias, int32_t panel,
                            int32_t channels) {
  return builder_append(b, (Node){.op = OP_PACKED_LINEAR,
                                  OPERANDS(x, w, bias),
                                  .attrs.PACKED_LINEAR = {.panel = panel, .channels = channels}});
}

ValueId build_image_linear(Builder b, ValueId x, ValueId w, ValueId bias) {
  return builder_append(b, (Node){.op = OP_IMAGE_LINEAR, OPERANDS(x, w, bias)});
}
