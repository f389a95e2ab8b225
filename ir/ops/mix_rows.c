/* mix_rows: rows of the result are weighted sums of all rows of a map. */
#include "ir/ops/op_impl.h"

/* The weights are for one grid: a map whose size is open becomes that grid's. */
const char *infer_MIX_ROWS(const Infer *in, Type *result) {
  const AttrsMIX_ROWS *a = &in->node->attrs.MIX_ROWS;
  Type x = in->operand[0];
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_positive(in, "in_h", a->in_h));
  RETURN_IF_FAULT(infer_check_positive(in, "in_w", a->in_w));
  RETURN_IF_FAULT(infer_check_positive(in, "out_h", a->out_h));
  RETURN_IF_FAULT(infer_check_positive(in, "out_w", a->out_w));
  Type weight = type_matrix((int64_t)a->out_h * a->out_w, (int64_t)a->in_h * a->in_w);
  if (!type_equal(in->operand[1], weight)) {
    return infer_misfit(in, "the weight is %s, expected %s", INFER_TEXT(in->operand[1]),
                        INFER_TEXT(weight));
  }
  RETURN_IF_FAULT(infer_check_vector(in, 2, "the bias", weight.dims[0]));
  Type grid = type_map(x.dims[0], a->in_h, a->in_w, type_channels(x));
  if (!infer_types_meet(&grid, x)) {
    return infer_misfit(in, "the weights are for %dx%d tokens, the map is %s", a->in_h, a->in_w,
                        INFER_TEXT(x));
  }
  *result = type_map(x.dims[0], a->out_h, a->out_w, type_channels(x));
  return NULL;
}

/* Row o of the result starts with bias[o]; each operand row is added with its weight. */
void interpret_MIX_ROWS(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  (void)node;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t in_rows = x.h * x.w, out_rows = y.h * y.w;
  const double *w = operands[1].data, *bias = operands[2].data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t o = 0; o < out_rows; ++o) {
      double *row = result->data + (n * out_rows + o) * y.c;
      for (size_t c = 0; c < y.c; ++c) row[c] = bias ? bias[o] : 0;
      for (size_t t = 0; t < in_rows; ++t) {
        interpret_accumulate(row, w[o * in_rows + t], operands[0].data + (n * in_rows + t) * x.c,
                             y.c);
      }
    }
  }
}

ValueId build_mix_rows(Builder b, ValueId x, ValueId w, ValueId bias, AttrsMIX_ROWS attrs) {
  return builder_append(b,
                        (Node){.op = OP_MIX_ROWS, OPERANDS(x, w, bias), .attrs.MIX_ROWS = attrs});
}
