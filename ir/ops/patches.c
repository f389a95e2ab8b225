/* patches: the windows of a map as rows (im2col). */
#include "ir/ops/op_impl.h"
#include "ir/pixels.h"
#include "support/checked_math.h"

const char *infer_PATCHES(const Infer *in, Type *result) {
  const AttrsPATCHES *a = &in->node->attrs.PATCHES;
  Type x = in->operand[0];
  int64_t channels;
  RETURN_IF_FAULT(infer_check_map(in));
  bool bytes = x.dtype == DTYPE_U8 && graph_def(in->graph, in->node->operands[0])->op == OP_INPUT;
  if (x.dtype != DTYPE_F32 && !bytes) {
    return infer_misfit(in, "takes f32, or an input of bytes, got %s", INFER_TEXT(x));
  }
  RETURN_IF_FAULT(infer_check_vector(in, 1, "what is around", type_channels(x)));
  RETURN_IF_FAULT(infer_check_range(in, "channels_first", a->channels_first, 0, 1));
  RETURN_IF_FAULT(infer_check_range(in, "strip", a->strip, 0, 1));
  if (!checked_mul_i64(type_channels(x), window_taps(&a->window), &channels)) {
    return infer_misfit(in, "the patches are too large");
  }
  return infer_window(in, &a->window, type_with_dtype(x, DTYPE_F32), channels, result);
}

/* How patches are laid out, what is outside of the map (NULL: zeros), and what is taken from the
 * elements inside. */
typedef struct Layout {
  size_t channels, taps;
  bool channels_first;
  const double *around;
  double middle;
} Layout;

/* The part of a patch that one tap is: channel c at tap * C + c, or at c * taps + tap. */
static void copy_tap(const void *context, const double *pixel, size_t tap, double *out) {
  const Layout *to = context;
  for (size_t c = 0; (pixel || to->around) && c < to->channels; ++c) {
    out[to->channels_first ? c * to->taps + tap : tap * to->channels + c] =
        pixel ? pixel[c] - to->middle : to->around[c];
  }
}

void interpret_PATCHES(const Node *node, const InterpTensor *operands, InterpTensor *result) {
  const AttrsPATCHES *a = &node->attrs.PATCHES;
  Layout layout = {.channels = (size_t)type_channels(operands[0].type),
                   .taps = (size_t)window_taps(&a->window),
                   .channels_first = a->channels_first,
                   .around = node->operand_count > 1 ? operands[1].data : NULL,
                   .middle = operands[0].type.dtype == DTYPE_U8 ? PIXELS_MIDDLE : 0};
  interpret_windows(&operands[0], &a->window, NULL, copy_tap, &layout, result);
}

ValueId build_patches(Builder b, ValueId x, ValueId around, Window window, bool channels_first) {
  return builder_append(b, (Node){.op = OP_PATCHES,
                                  OPERANDS(x, around),
                                  .attrs.PATCHES = {window, .channels_first = channels_first}});
}
