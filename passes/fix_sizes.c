/* Gives resizes numbers for the map whose size they take, so that it need not be there, and drops
 * those to the size that there is:
 *
 *   resize(x, like)  ->  resize(x) {height=H, width=W}      like a map [N,H,W,C]
 *   resize(x)        ->  x                                  of a map [N,H,W,C] to [N,H,W,C]
 *
 * where H and W are known. Each place is its own element then: the second is exact.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"

/* Whether `node` takes a size that is known from another map. */
static bool takes_size(const Graph *graph, const Node *node) {
  if (node->op != OP_RESIZE || node->operand_count < 2) return false;
  Type like = graph_type(graph, node->operands[1]);
  return like.dims[1] != DIM_OPEN && like.dims[2] != DIM_OPEN;
}

/* Whether it resizes a map to what it is. */
static bool does_nothing(const Graph *graph, const Node *node) {
  if (node->op != OP_RESIZE) return false;
  Type from = graph_type(graph, node->operands[0]), to = graph_type(graph, node_result(node, 0));
  return type_equal(from, to) && from.dims[1] != DIM_OPEN && from.dims[2] != DIM_OPEN;
}

static void fix(Rewrite *rw, const Node *node) {
  Type like = graph_type(rw->from, node->operands[1]);
  AttrsRESIZE resize = node->attrs.RESIZE;
  resize.height = (int32_t)like.dims[1];
  resize.width = (int32_t)like.dims[2];
  ValueId x = rewrite_get(rw, node->operands[0]);
  rewrite_set(rw, node_result(node, 0),
              build_resize(rewrite_builder(rw, node), x, VALUE_NONE, resize));
}

Status fix_sizes(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    bool nothing = does_nothing(graph, node), takes = takes_size(graph, node);
    if (nothing) {
      rewrite_set(&rw, node_result(node, 0), rewrite_get(&rw, node->operands[0]));
    } else if (takes) {
      fix(&rw, node);
    } else {
      rewrite_copy(&rw, node);
    }
    matched |= nothing || takes;
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
