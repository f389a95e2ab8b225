/* Computes convolutions of 3x3 taps at stride 1 by quads of 2x2 rows, with 16 multiply-adds for 36
 * (Lavin and Gray 2015, arXiv:1509.09308):
 *
 *   linear(patches(x){3x3}, w, b)  ->  winograd(x, winograd(w), b)
 *
 * where cost_model.c says that it is faster. The weights are transformed in double and rounded
 * once, so that sums of differences of x are all that is less exact: within twice the error of the
 * product of patches. Weights in half precision are stored as they are, and not transformed.
 *
 * Needs known sizes. Patches with channels first are of the caller, and have few.
 */
#include "ir/plan.h"
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* 3x3 taps, side by side, of rows side by side. */
static bool is_window(const Window *w) {
  return w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 && w->stride_w == 1 &&
         window_is_dense(w);
}

/* The patches that `node` multiplies, where quads are better; or NULL. */
static const Node *match(const Graph *graph, const Node *node) {
  const Node *patches = pattern_convolved(graph, node);
  if (!patches || !is_window(&patches->attrs.PATCHES.window)) return NULL;
  Type type = graph_type(graph, node->first_result);
  if (!type_is_known(type)) return NULL;
  uint64_t quads = (uint64_t)((type.dims[1] + 1) / 2 * ((type.dims[2] + 1) / 2));
  uint64_t depth = (uint64_t)type_channels(graph_type(graph, patches->operands[0]));
  return cost_model_winograd(quads, depth, (uint64_t)type_channels(type)) ? patches : NULL;
}

static void replace(Rewrite *rw, const Node *node, const Node *patches) {
  Builder b = rewrite_builder(rw, node);
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  AttrsWINOGRAD attrs = {.window = patches->attrs.PATCHES.window, .panel = PLAN_PANEL};
  attrs.channels = (int32_t)w->type.dims[0];
  ValueId weights = build_constant(b, recipe_winograd(rw->to->recipes, w, PLAN_PANEL));
  rewrite_set(rw, node_result(node, 0),
              build_winograd(b, rewrite_get(rw, patches->operands[0]), weights,
                             rewrite_get(rw, node_operand(node, 2)), attrs));
}

Status choose_winograd(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (context->weights_dtype != DTYPE_F32) return STATUS_OK;
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i], *patches = match(graph, node);
    matched |= patches != NULL;
    if (patches) {
      replace(&rw, node, patches);
    } else {
      rewrite_copy(&rw, node);
    }
  }
  if (matched) *result = rewrite_end(&rw);
  return STATUS_OK;
}
