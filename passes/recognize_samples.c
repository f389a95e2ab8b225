/* Recognizes deformable patches of one tap that move along one axis alone:
 *
 *   deform_patches(x, shuffle(concat(zeros, o)){groups=2})  ->  axial_sample(x, o){axis=2}
 *   deform_patches(x, shuffle(concat(o, zeros)){groups=2})  ->  axial_sample(x, o){axis=1}
 *
 * The shuffle puts (dy, dx) side by side for each group; the channels of a group share an offset.
 * Only without stride, padding and mask.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* `node` gathers one tap at plain offsets, with no mask: a sampling. */
static bool is_one_tap(const Node *node) {
  return node->op == OP_DEFORM_PATCHES && node->operand_count == 2 &&
         window_is_one(&node->attrs.DEFORM_PATCHES.window);
}

static bool is_zero(const Graph *graph, ValueId v) {
  const Node *node = graph_def(graph, v);
  return node->op == OP_FILL && node->attrs.FILL.value == 0;
}

/* The offsets along *axis, when those along the other one are zeros; VALUE_NONE otherwise. */
static ValueId find_offsets(const Graph *graph, const Node *node, int32_t *axis) {
  if (!is_one_tap(node)) return VALUE_NONE;
  const Node *shuffle = graph_def(graph, node->operands[1]);
  if (shuffle->op != OP_SHUFFLE || shuffle->attrs.SHUFFLE.groups != 2) return VALUE_NONE;
  const Node *concat = graph_def(graph, shuffle->operands[0]);
  if (concat->op != OP_CONCAT || concat->operand_count != 2) return VALUE_NONE;
  ValueId dy = concat->operands[0], dx = concat->operands[1];
  if (type_channels(graph_type(graph, dy)) != type_channels(graph_type(graph, dx))) {
    return VALUE_NONE;
  }
  *axis = is_zero(graph, dy) ? 2 : 1;
  if (is_zero(graph, dy)) return dx;
  return is_zero(graph, dx) ? dy : VALUE_NONE;
}

/* The sampling that `node` is. Channels that share an offset are consecutive, as in deform_patches.
 */
static ValueId sample(const Rewrite *rw, const Node *node, ValueId offsets, int32_t axis) {
  int64_t channels = type_channels(graph_type(rw->from, node->operands[0]));
  int32_t share = (int32_t)(channels / node->attrs.DEFORM_PATCHES.offset_groups);
  return build_axial_sample(rewrite_builder(rw, node), rewrite_get(rw, node->operands[0]),
                            rewrite_get(rw, offsets), axis, share);
}

Status recognize_samples(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_DEFORM_PATCHES)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    int32_t axis;
    ValueId offsets = find_offsets(graph, node, &axis);
    if (value_is_none(offsets)) {
      rewrite_copy(&rw, node);
    } else {
      rewrite_set(&rw, node_result(node, 0), sample(&rw, node, offsets, axis));
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
