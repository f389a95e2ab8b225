/* Folds constant gains and biases into the FCs that read them:
 *
 *   linear(mul(x, g), w, b)  ->  linear(x, mul_columns(w, g), b)
 *   linear(add(x, c), w, b)  ->  linear(x, w, add(b, matvec(w, c)))
 *
 * A chain of them folds from the outside in. It folds only where the affine value vanishes: every
 * use of it is such an FC, a mean (which keeps its own copy of the gain, in registers), or an
 * affine that itself vanishes. Otherwise x would have to be kept beside the affine value, for
 * nothing: the samplings of an ATM need the affine value, and the identity branch reads it at no
 * cost.
 *
 * Exact: recipes are evaluated in double and rounded once.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* Whether each value of `graph` disappears when the FCs behind it fold. */
static bool *find_vanishing(const Graph *graph, Arena *arena) {
  bool *vanishes = pattern_inner_values(graph, arena);
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    bool keeps_first = !pattern_is_plain_linear(graph, node) && node->op != OP_MEAN_HW &&
                       !(pattern_is_affine(graph, node) && vanishes[node->first_result.index]);
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      if (k > 0 || keeps_first) vanishes[node->operands[k].index] = false;
    }
  }
  return vanishes;
}

/* Makes FC `node` read what the chain of vanishing affines before it reads: the nearest first, so
 * that each gain also scales the columns for the shifts before it. */
static void fold(Rewrite *rw, const Node *node, const bool *vanishes) {
  const Graph *from = rw->from;
  RecipeTable *table = rw->to->recipes;
  const Recipe *w = graph_recipe(from, node->operands[1]);
  const Recipe *bias = pattern_vector(from, node, 2);
  ValueId x = node->operands[0];
  while (vanishes[x.index] && pattern_is_affine(from, graph_def(from, x))) {
    const Node *affine = graph_def(from, x);
    const Recipe *vector = pattern_vector(from, affine, 1);
    if (affine->op == OP_MUL) {
      w = recipe_mul_columns(table, w, vector);
    } else {
      const Recipe *moved = recipe_matvec(table, w, vector);
      bias = bias ? recipe_add(table, bias, moved) : moved;
    }
    x = affine->operands[0];
  }
  Builder b = rewrite_builder(rw, node);
  ValueId bias_value = bias ? build_constant(b, bias) : VALUE_NONE;
  rewrite_set(rw, node_result(node, 0),
              build_linear(b, rewrite_get(rw, x), build_constant(b, w), bias_value));
}

Status fold_affine(const PassContext *context, const Graph *graph, const Graph **result) {
  const bool *vanishes = find_vanishing(graph, context->arena);
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (pattern_is_plain_linear(graph, node) && vanishes[node->operands[0].index] &&
        pattern_is_affine(graph, graph_def(graph, node->operands[0]))) {
      fold(&rw, node, vanishes);
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
