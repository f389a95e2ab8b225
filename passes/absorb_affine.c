/* Makes constant gains and biases behind a product part of it, as a batch norm behind a convolution
 * has them:
 *
 *   mul(linear(x, w, b), g)  ->  linear(x, mul_rows(w, g), mul(b, g))
 *   add(linear(x, w, b), c)  ->  linear(x, w, add(b, c))
 *
 * and the same of conv2d. Only where nothing else reads the product. A chain of them is absorbed
 * one by one, the nearest first. What vanishes into an FC behind it is left to fold-affine, which
 * comes before.
 *
 * Exact: recipes are evaluated in double and rounded once.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* A product whose weights, and bias where it has one, are constants. */
static bool is_plain_product(const Graph *graph, const Node *node) {
  if (node->op != OP_CONV2D) return pattern_is_plain_linear(graph, node);
  return graph_recipe(graph, node->operands[1]) &&
         (node->operand_count < 3 || pattern_vector(graph, node, 2));
}

/* The product of the new graph that `affine` can be made part of; NULL: there is none. */
static const Node *find_product(const Rewrite *rw, const Node *affine, const uint32_t *uses) {
  if (!pattern_is_affine(rw->from, affine) || uses[affine->operands[0].index] != 1) return NULL;
  const Node *product = graph_def(rw->to, rewrite_get(rw, affine->operands[0]));
  return is_plain_product(rw->to, product) ? product : NULL;
}

/* Appends `product` with the gain or bias of `affine`. */
static void absorb(Rewrite *rw, const Node *affine, const Node *product) {
  RecipeTable *table = rw->to->recipes;
  const Recipe *vector = pattern_vector(rw->from, affine, 1);
  const Recipe *w = graph_recipe(rw->to, product->operands[1]);
  const Recipe *bias = pattern_vector(rw->to, product, 2);
  if (affine->op == OP_MUL) {
    w = recipe_mul_rows(table, w, vector);
    bias = bias ? recipe_mul(table, bias, vector) : NULL;
  } else {
    bias = bias ? recipe_add(table, bias, vector) : vector;
  }
  Builder b = rewrite_builder(rw, affine);
  ValueId x = product->operands[0], weight = build_constant(b, w), y;
  OpKind op = product->op;
  AttrsCONV2D attrs = product->attrs.CONV2D;
  ValueId bias_value = bias ? build_constant(b, bias) : VALUE_NONE;
  if (op == OP_CONV2D) {
    y = build_conv2d(b, x, weight, bias_value, attrs.window, attrs.groups);
  } else {
    y = build_linear(b, x, weight, bias_value);
  }
  rewrite_set(rw, node_result(affine, 0), y);
}

Status absorb_affine(const PassContext *context, const Graph *graph, const Graph **result) {
  const uint32_t *uses = graph_use_counts(graph, context->arena);
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i], *product = find_product(&rw, node, uses);
    if (product) {
      absorb(&rw, node, product);
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
