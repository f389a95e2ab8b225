#include "ir/builder.h"

/* Appends the node with the builder's label and position; absent operands are VALUE_NONE at the
 * end. */
static ValueId append(Builder b, Node node) {
  node.label = b.label;
  node.position = b.position;
  NodeId id;
  const char *message = NULL;
  if (b.misfit && node.operand_count) {
    message = graph_try_append(b.graph, &node, &id);
  } else {
    id = graph_append(b.graph, &node);
  }
  if (!message) return node_result(graph_node(b.graph, id), 0);
  if (!*b.misfit) *b.misfit = message;
  return node.operands[0];
}

#define OPERANDS(...)                         \
  .operands = (const ValueId[]){__VA_ARGS__}, \
  .operand_count = sizeof((const ValueId[]){__VA_ARGS__}) / sizeof(ValueId)

#define WINDOW(w)                                                               \
  .kernel_h = (w).kernel_h, .kernel_w = (w).kernel_w, .stride_h = (w).stride_h, \
  .stride_w = (w).stride_w, .pad_h = (w).pad_h, .pad_w = (w).pad_w

ValueId build_input(Builder b, const char *name, Type type, bool nchw) {
  return append(
      b, (Node){.op = OP_INPUT, .declared = type, .attrs.INPUT = {.name = name, .nchw = nchw}});
}

ValueId build_constant(Builder b, const Recipe *recipe) {
  return append(b, (Node){.op = OP_CONSTANT, .recipe = recipe});
}

ValueId build_conv2d(Builder b, ValueId x, ValueId w, ValueId bias, Window window, int32_t groups) {
  return append(b, (Node){.op = OP_CONV2D,
                          OPERANDS(x, w, bias),
                          .attrs.CONV2D = {WINDOW(window), .groups = groups}});
}

ValueId build_linear(Builder b, ValueId x, ValueId w, ValueId bias) {
  return append(b, (Node){.op = OP_LINEAR, OPERANDS(x, w, bias)});
}

ValueId build_linear_packed(Builder b, ValueId x, ValueId w, ValueId bias, int32_t panel,
                            int32_t channels) {
  return append(b, (Node){.op = OP_LINEAR,
                          OPERANDS(x, w, bias),
                          .attrs.LINEAR = {.panel = panel, .channels = channels}});
}

ValueId build_mix_rows(Builder b, ValueId x, ValueId w, ValueId bias, AttrsMIX_ROWS attrs) {
  return append(b, (Node){.op = OP_MIX_ROWS, OPERANDS(x, w, bias), .attrs.MIX_ROWS = attrs});
}

ValueId build_patches(Builder b, ValueId x, Window window, bool channels_first) {
  return append(b, (Node){.op = OP_PATCHES,
                          OPERANDS(x),
                          .attrs.PATCHES = {WINDOW(window), .channels_first = channels_first}});
}

ValueId build_depthwise(Builder b, ValueId x, ValueId w, ValueId bias, Window window) {
  return append(
      b, (Node){.op = OP_DEPTHWISE, OPERANDS(x, w, bias), .attrs.DEPTHWISE = {WINDOW(window)}});
}

ValueId build_grouped(Builder b, ValueId x, ValueId w, ValueId bias, Window window,
                      int32_t groups) {
  return append(b, (Node){.op = OP_GROUPED,
                          OPERANDS(x, w, bias),
                          .attrs.GROUPED = {WINDOW(window), .groups = groups}});
}

ValueId build_axial_sample(Builder b, ValueId x, ValueId offsets, int32_t axis, int32_t share) {
  return append(b, (Node){.op = OP_AXIAL_SAMPLE,
                          OPERANDS(x, offsets),
                          .attrs.AXIAL_SAMPLE = {.axis = axis, .share = share}});
}

ValueId build_axial_shift(Builder b, ValueId x, AttrsAXIAL_SHIFT shift) {
  return append(b, (Node){.op = OP_AXIAL_SHIFT, OPERANDS(x), .attrs.AXIAL_SHIFT = shift});
}

ValueId build_deform_patches(Builder b, ValueId x, ValueId offsets, ValueId mask,
                             AttrsDEFORM_PATCHES attrs) {
  return append(
      b,
      (Node){.op = OP_DEFORM_PATCHES, OPERANDS(x, offsets, mask), .attrs.DEFORM_PATCHES = attrs});
}

ValueId build_average_pool(Builder b, ValueId x, Window window, bool count_padding) {
  return append(b, (Node){.op = OP_AVERAGE_POOL,
                          OPERANDS(x),
                          .attrs.AVERAGE_POOL = {WINDOW(window), .count_padding = count_padding}});
}

ValueId build_resize(Builder b, ValueId x, AttrsRESIZE attrs) {
  return append(b, (Node){.op = OP_RESIZE, OPERANDS(x), .attrs.RESIZE = attrs});
}

ValueId build_reshape(Builder b, ValueId x, int32_t height, int32_t width, int32_t channels) {
  return append(b,
                (Node){.op = OP_RESHAPE,
                       OPERANDS(x),
                       .attrs.RESHAPE = {.height = height, .width = width, .channels = channels}});
}

ValueId build_transpose(Builder b, ValueId x, AttrsTRANSPOSE attrs) {
  return append(b, (Node){.op = OP_TRANSPOSE, OPERANDS(x), .attrs.TRANSPOSE = attrs});
}

ValueId build_layer_norm(Builder b, ValueId x, ValueId gain, ValueId bias, double eps) {
  return append(
      b, (Node){.op = OP_LAYER_NORM, OPERANDS(x, gain, bias), .attrs.LAYER_NORM = {.eps = eps}});
}

ValueId build_normalize(Builder b, ValueId x, double eps) {
  return append(b, (Node){.op = OP_NORMALIZE, OPERANDS(x), .attrs.NORMALIZE = {.eps = eps}});
}

ValueId build_softmax(Builder b, ValueId x, int32_t groups) {
  return append(b, (Node){.op = OP_SOFTMAX, OPERANDS(x), .attrs.SOFTMAX = {.groups = groups}});
}

ValueId build_slice(Builder b, ValueId x, int32_t begin, int32_t count) {
  return append(
      b, (Node){.op = OP_SLICE, OPERANDS(x), .attrs.SLICE = {.begin = begin, .count = count}});
}

ValueId build_scale_matrix(Builder b, ValueId v, ValueId w) {
  return append(b, (Node){.op = OP_SCALE_MATRIX, OPERANDS(v, w)});
}

ValueId build_concat(Builder b, const ValueId *parts, uint32_t count) {
  return append(b, (Node){.op = OP_CONCAT, .operands = parts, .operand_count = count});
}

ValueId build_shuffle(Builder b, ValueId x, int32_t groups) {
  return append(b, (Node){.op = OP_SHUFFLE, OPERANDS(x), .attrs.SHUFFLE = {.groups = groups}});
}

ValueId build_add(Builder b, ValueId x, ValueId y) {
  return append(b, (Node){.op = OP_ADD, OPERANDS(x, y)});
}

ValueId build_mul(Builder b, ValueId x, ValueId y) {
  return append(b, (Node){.op = OP_MUL, OPERANDS(x, y)});
}

ValueId build_fill(Builder b, ValueId x, double value) {
  return append(b, (Node){.op = OP_FILL, OPERANDS(x), .attrs.FILL = {.value = value}});
}

ValueId build_relu(Builder b, ValueId x) {
  return append(b, (Node){.op = OP_RELU, OPERANDS(x)});
}

ValueId build_sigmoid(Builder b, ValueId x) {
  return append(b, (Node){.op = OP_SIGMOID, OPERANDS(x)});
}

ValueId build_gelu(Builder b, ValueId x) {
  return append(b, (Node){.op = OP_GELU, OPERANDS(x)});
}

ValueId build_mean_hw(Builder b, ValueId x) {
  return append(b, (Node){.op = OP_MEAN_HW, OPERANDS(x)});
}

ValueId build_sum_chunks(Builder b, ValueId x, int32_t chunks) {
  return append(b,
                (Node){.op = OP_SUM_CHUNKS, OPERANDS(x), .attrs.SUM_CHUNKS = {.chunks = chunks}});
}

ValueId build_mean_chunks(Builder b, ValueId x, int32_t rows) {
  return append(b, (Node){.op = OP_MEAN_CHUNKS, OPERANDS(x), .attrs.MEAN_CHUNKS = {.rows = rows}});
}
