/* scale_matrix: a matrix per image, its columns scaled by a vector. */
#include <inttypes.h>

#include "ir/ops/op_impl.h"

const char *infer_SCALE_MATRIX(const Infer *in, Type *result) {
  Type v = in->operand[0];
  Type w = in->operand[1];
  if (v.rank != 2) return infer_misfit(in, "needs vectors [N,C], got %s", INFER_TEXT(v));
  if (w.rank == 3 && type_is_known(w)) {
    RETURN_IF_FAULT(infer_check_packed(in, 1, type_channels(v), w.dims[1], w.dims[2]));
    *result = type_map(v.dims[0], 1, w.dims[1], type_channels(v));
    return NULL;
  }
  if (w.rank != 2 || type_channels(w) != type_channels(v) || w.dims[0] == DIM_OPEN) {
    return infer_misfit(in, "the matrix must be [K,%" PRId64 "], got %s", type_channels(v),
                        INFER_TEXT(w));
  }
  *result = type_map(v.dims[0], 1, w.dims[0], type_channels(w));
  return NULL;
}

/* Where w has column `c` of row `k`, of so many rows. A matrix is one panel. */
static size_t place_of(size_t k, size_t c, size_t rows, size_t panel) {
  return (c / panel * rows + k) * panel + c % panel;
}

void interpret_SCALE_MATRIX(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  Extent e = interpret_extent(result->type);
  double *out = result->data;
  Type w = operands[1].type;
  size_t panel = (size_t)w.dims[w.rank - 1];
  (void)node;
  for (size_t n = 0; n < e.n; ++n) {
    for (size_t k = 0; k < e.w; ++k) {
      for (size_t c = 0; c < e.c; ++c) {
        size_t place = place_of(k, c, e.w, panel);
        *out++ = operands[0].data[n * e.c + c] * operands[1].data[place];
      }
    }
  }
}

ValueId build_scale_matrix(Builder b, ValueId v, ValueId w) {
  return builder_append(b, (Node){.op = OP_SCALE_MATRIX, OPERANDS(v, w)});
}
