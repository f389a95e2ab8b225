/* top_k: the largest elements of each vector, and where they are. */
#include <inttypes.h>
#include <math.h>

#include "ir/ops/op_impl.h"

/* Two results, [N,k] each: the values, and their indices as integers. */
const char *infer_TOP_K(const Infer *in, Type *results) {
  Type v = in->operand[0];
  int32_t k = in->node->attrs.TOP_K.k;
  if (v.rank != 2) return infer_misfit(in, "needs vectors [N,C], got %s", INFER_TEXT(v));
  RETURN_IF_FAULT(infer_check_positive(in, "k", k));
  if (k > type_channels(v)) {
    return infer_misfit(in, "k is %d, the vectors have %" PRId64 " channels", k, type_channels(v));
  }
  results[0] = results[1] = type_matrix(v.dims[0], k);
  results[1].dtype = DTYPE_S32;
  return NULL;
}

/* An element as it is compared: what the f32 of a kernel holds. */
static double compared(double x) {
  return isnan(x) ? -INFINITY : (double)(float)x;
}

/* The first of the largest elements that come behind element `last` of value `bound`. */
static size_t next_largest(const double *row, size_t count, double bound, int64_t last) {
  size_t best = count;
  for (size_t i = 0; i < count; ++i) {
    double x = compared(row[i]);
    bool left = x < bound || (x == bound && (int64_t)i > last);
    if (left && (best == count || x > compared(row[best]))) best = i;
  }
  return best;
}

void interpret_TOP_K(const Node *node, const InterpTensor *operands, InterpTensor *results) {
  Extent e = interpret_extent(operands[0].type);
  size_t k = (size_t)node->attrs.TOP_K.k;
  for (size_t n = 0; n < e.n; ++n) {
    const double *row = operands[0].data + n * e.c;
    double bound = INFINITY;
    int64_t last = -1;
    for (size_t j = 0; j < k; ++j) {
      last = (int64_t)next_largest(row, e.c, bound, last);
      bound = compared(row[last]);
      results[0].data[n * k + j] = bound;
      results[1].data[n * k + j] = (double)last;
    }
  }
}

ValueId build_top_k(Builder b, ValueId v, int32_t k) {
  return builder_append(b, (Node){.op = OP_TOP_K, OPERANDS(v), .attrs.TOP_K = {.k = k}});
}
