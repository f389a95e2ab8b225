/* Lets products read the windows of a convolution in the lines of their map, instead of in patches
 * that are copied out of it:
 *
 *   packed_linear(patches(x), w, b)  ->  packed_linear(patches(x){strip=1}, w, b)
 *
 * where nothing else reads the patches, and nothing cuts the product by columns. place_values then
 * keeps the lines that a block's windows touch (PLACE_STRIP): of a 3x3 window at stride 1 a third
 * to a ninth of what its patches take. Windows that do not meet, and those with gaps between their
 * taps whose lines take more than the patches, are patches: much of their lines nobody reads. What
 * an element is summed up from, and in which order, stays the same.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"

/* Whether all that reads `patches` are packed products of whole rows. */
static bool only_products_read(const Graph *graph, ValueId patches) {
  uint32_t readers = 0;
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    if (value_equal(graph->outputs[i].value, patches)) return false;
  }
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      if (!value_equal(node->operands[k], patches)) continue;
      if (node->op != OP_PACKED_LINEAR || k != 0) return false;
      if (node->attrs.PACKED_LINEAR.column_blocks) return false;
      ++readers;
    }
  }
  return readers > 0;
}

/* Whether windows meet, on both axes, and reach into the map from everywhere. */
static bool windows_meet(const Window *w) {
  return w->stride_h <= w->kernel_h && w->stride_w <= w->kernel_w &&
         w->pad_top < window_extent(window_rows(w)) &&
         w->pad_left < window_extent(window_columns(w));
}

/* Whether the lines that the windows of one line of `columns` touch have no more elements than its
 * patches. Without gaps they never have, but for the last columns. */
static bool lines_are_small(const Window *w, int64_t columns) {
  int64_t width = (columns - 1) * w->stride_w + window_extent(window_columns(w));
  return window_is_dense(w) || window_extent(window_rows(w)) * width <= columns * window_taps(w);
}

/* `node` makes patches that products would better read in the lines of their map. */
static bool takes_strip(const Graph *graph, const Node *node) {
  if (node->op != OP_PATCHES || !windows_meet(&node->attrs.PATCHES.window)) return false;
  Type type = graph_type(graph, node->first_result);
  return type_is_known(type) && cost_model_strip((uint64_t)type.dims[2]) &&
         lines_are_small(&node->attrs.PATCHES.window, type.dims[2]) &&
         only_products_read(graph, node->first_result);
}

Status read_windows(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    Node node = graph->nodes[i];
    if (takes_strip(graph, &node)) {
      node.attrs.PATCHES.strip = 1;
      matched = true;
    }
    rewrite_copy(&rw, &node);
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
