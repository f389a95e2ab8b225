/* Lays the weights of every FC out as its kernel reads them, in panels of 32 output channels:
 *
 *   linear(x, w [O,K], b)      ->  packed_linear(x, pack(w, 32), b){panel=32, channels=O}
 *   scale_matrix(v, w [K,C])   ->  scale_matrix(v, pack(transpose(w), 32))
 *
 * One layout for all targets and all resolutions: packed weights are shared between them. So are
 * those that fold_projections scales for one resolution, and that an FC reads in another.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* linear */
static void pack_linear(Rewrite *rw, const Node *node) {
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  Builder b = rewrite_builder(rw, node);
  ValueId packed = build_constant(b, recipe_pack(rw->to->recipes, w, PLAN_PANEL));
  rewrite_set(rw, node_result(node, 0),
              build_packed_linear(b, rewrite_get(rw, node->operands[0]), packed,
                                  rewrite_get(rw, node_operand(node, 2)), PLAN_PANEL,
                                  (int32_t)w->type.dims[0]));
}

/* w [K,C] as [C,K]: what it is the transposed of, where it is that. */
static const Recipe *transposed(RecipeTable *table, const Recipe *w) {
  static const uint32_t transpose[2] = {1, 0};
  bool is_transposed = w->kind == RECIPE_PERMUTE && w->permutation[0] == 1;
  return is_transposed ? w->operands[0] : recipe_permute(table, w, transpose);
}

/* scale_matrix */
static void pack_matrix(Rewrite *rw, const Node *node) {
  RecipeTable *table = rw->to->recipes;
  const Recipe *w = transposed(table, graph_recipe(rw->from, node->operands[1]));
  Builder b = rewrite_builder(rw, node);
  ValueId packed = build_constant(b, recipe_pack(table, w, PLAN_PANEL));
  rewrite_set(rw, node_result(node, 0),
              build_scale_matrix(b, rewrite_get(rw, node->operands[0]), packed));
}

/* Whether it scales a constant matrix that is not packed. */
static bool scales_matrix(const Graph *graph, const Node *node) {
  if (node->op != OP_SCALE_MATRIX) return false;
  const Recipe *w = graph_recipe(graph, node->operands[1]);
  return w && w->type.rank == 2 && w->type.dtype == DTYPE_F32;
}

Status pack_weights(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (pattern_is_plain_linear(graph, node)) {
      pack_linear(&rw, node);
      matched = true;
    } else if (scales_matrix(graph, node)) {
      pack_matrix(&rw, node);
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
