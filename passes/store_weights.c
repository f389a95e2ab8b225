/* Stores weights in half precision, where the user asks for it (PassContext.weights_dtype):
 *
 *   packed_linear(x, w, b)  ->  packed_linear(x, round(w, f16), b)
 *   scale_matrix(v, w)      ->  scale_matrix(v, round(w, f16))
 *
 * These are the constants of which a kernel loads whole vectors, each for many multiply-adds:
 * nearly all bytes of a model. All others stay f32: biases, gains and the taps of depthwise
 * convolutions, which are few; and the weights of mix_rows and of convolutions in groups, which are
 * loaded number by number, each with a conversion of its own.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"

/* The weights of `node` to be stored otherwise, or NULL. */
static const Recipe *weights_of(const Graph *graph, const Node *node) {
  if (!op_has(node->op, OP_STORED_W)) return NULL;
  const Recipe *w = graph_recipe(graph, node->operands[1]);
  return w && w->type.dtype == DTYPE_F32 ? w : NULL;
}

/* Copies `node` with weights `w` rounded to `dtype`, for this reader alone. */
static void store(Rewrite *rw, const Node *node, const Recipe *w, DType dtype) {
  Builder b = rewrite_builder(rw, node);
  ValueId whole = rewrite_get(rw, node->operands[1]); /* other ops may read it too */
  rewrite_set(rw, node->operands[1], build_constant(b, recipe_round(rw->from->recipes, w, dtype)));
  rewrite_copy(rw, node);
  rewrite_set(rw, node->operands[1], whole);
}

Status store_weights(const PassContext *context, const Graph *graph, const Graph **result) {
  DType dtype = context->weights_dtype;
  *result = graph;
  if (dtype == DTYPE_F32) return STATUS_OK;
  if (!context->target->has_half) {
    return diag_usage_error(context->diag,
                            "%s has no half-precision conversion: it cannot have weights of f16",
                            context->target->name);
  }
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    const Recipe *w = weights_of(graph, node);
    matched |= w != NULL;
    if (w) {
      store(&rw, node, w, dtype);
    } else {
      rewrite_copy(&rw, node);
    }
  }
  if (matched) *result = rewrite_end(&rw);
  return STATUS_OK;
}
