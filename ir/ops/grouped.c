/* grouped: a convolution in groups of adjacent channels, its weights packed in panels. */
#include <inttypes.h>

#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

/* w is [panels][taps * C / groups][columns of a panel]; every panel has whole groups. */
const char *infer_GROUPED(const Infer *in, Type *result) {
  const AttrsGROUPED *a = &in->node->attrs.GROUPED;
  Type x = in->operand[0], w = in->operand[1];
  int64_t columns = 0, depth = window_taps(&a->window);
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_divides(in, "groups", a->groups, type_channels(x)));
  bool fits = checked_mul_i64(depth, type_channels(x) / a->groups, &depth);
  if (!fits || w.rank != 3 || w.dims[1] != depth || w.dims[0] < 1 || w.dims[2] < 1 ||
      !checked_mul_i64(w.dims[0], w.dims[2], &columns)) {
    return infer_misfit(in, "the weight is %s, expected %" PRId64 " rows in each panel",
                        INFER_TEXT(w), depth);
  }
  if (a->groups % w.dims[0] != 0 || columns % a->groups != 0) {
    return infer_misfit(in, "the weight's panels %s are not of whole groups", INFER_TEXT(w));
  }
  RETURN_IF_FAULT(infer_window(in, &a->window, x, columns, result));
  return infer_check_vector(in, 2, "the bias", columns);
}

typedef struct Groups {
  const InterpTensor *w;
  size_t in, each; /* channels of a group: of x, and of the result */
} Groups;

/* Each group of channels times its rows of w. */
static void add_tap(const void *context, const double *pixel, size_t tap, double *out) {
  const Groups *g = context;
  const Type *w = &g->w->type;
  size_t depth = (size_t)w->dims[1], width = (size_t)w->dims[2];
  for (size_t o = 0; pixel && o < (size_t)w->dims[0] * width; ++o) {
    const double *column = g->w->data + (o / width * depth + tap * g->in) * width + o % width;
    const double *from = pixel + o / g->each * g->in;
    for (size_t c = 0; c < g->in; ++c) out[o] += from[c] * column[c * width];
  }
}

void interpret_GROUPED(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsGROUPED *a = &node->attrs.GROUPED;
  size_t groups = (size_t)a->groups;
  Groups g = {.w = &operands[1],
              .in = (size_t)type_channels(operands[0].type) / groups,
              .each = (size_t)type_channels(result->type) / groups};
  interpret_windows(&operands[0], &a->window, operands[2].data, add_tap, &g, result);
}

ValueId build_grouped(Builder b, ValueId x, ValueId w, ValueId bias, Window window,
                      int32_t groups) {
  return builder_append(
      b,
      (Node){.op = OP_GROUPED, OPERANDS(x, w, bias), .attrs.GROUPED = {window, .groups = groups}});
}
