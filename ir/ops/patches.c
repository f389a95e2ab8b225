/* patches: the windows of a map as rows (im2col). */
#include "ir/ops/op_impl.h"
#include "support/checked_math.h"

const char *infer_PATCHES(const Infer *in, Type *result) {
  const AttrsPATCHES *a = &in->node->attrs.PATCHES;
  Type x = in->operand[0];
  int64_t channels;
  RETURN_IF_FAULT(infer_check_map(in));
  RETURN_IF_FAULT(infer_check_range(in, "channels_first", a->channels_first, 0, 1));
  RETURN_IF_FAULT(infer_check_range(in, "strip", a->strip, 0, 1));
  if (!checked_mul_i64(type_channels(x), window_taps(&a->window), &channels)) {
    return infer_misfit(in, "the patches are too large");
  }
  RETURN_IF_FAULT(infer_window(in, &a->window, x, channels, result));
  return infer_check_undilated(in, &a->window);
}

/* Writes one patch: for tap t of `taps`, channel c at t * C + c, or at c * taps + t. */
static void write_tap(const double *row, size_t channels, size_t tap, size_t taps,
                      bool channels_first, double *patch) {
  for (size_t c = 0; c < channels; ++c) {
    patch[channels_first ? c * taps + tap : tap * channels + c] = row ? row[c] : 0;
  }
}

void interpret_PATCHES(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsPATCHES *a = &node->attrs.PATCHES;
  Extent x = interpret_extent(operands[0].type), y = interpret_extent(result->type);
  size_t taps = (size_t)window_taps(&a->window);
  double *out = result->data;
  for (size_t n = 0; n < y.n; ++n) {
    for (size_t i = 0; i < y.h; ++i) {
      for (size_t j = 0; j < y.w; j++, out += y.c) {
        for (size_t t = 0; t < taps; ++t) {
          write_tap(interpret_tap(&operands[0], x, n, &a->window, i, j, t), x.c, t, taps,
                    a->channels_first, out);
        }
      }
    }
  }
}

ValueId build_patches(Builder b, ValueId x, Window window, bool channels_first) {
  return builder_append(b, (Node){.op = OP_PATCHES,
                                  OPERANDS(x),
                                  .attrs.PATCHES = {window, .channels_first = channels_first}});
}
