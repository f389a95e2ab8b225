/* Moves channel shuffles behind an FC into its weights:
 *
 *   shuffle(linear(x, w, b)){groups}  ->  linear(x, rows of w shuffled, b shuffled)
 *
 * where nothing else reads the FC. So mixing weights that a model makes channel by channel come out
 * branch by branch, at no cost.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* `node` shuffles an FC that nothing else reads. */
static bool matches(const Graph *graph, const Node *node, const uint32_t *uses) {
  return node->op == OP_SHUFFLE && uses[node->operands[0].index] == 1 &&
         pattern_is_plain_linear(graph, graph_def(graph, node->operands[0]));
}

/* The rows of a matrix, or the elements of a vector, viewed as [groups, ..] and transposed. */
static const Recipe *shuffle_rows(RecipeTable *table, const Recipe *r, int64_t groups) {
  static const uint32_t transpose[3] = {1, 0, 2};
  const int64_t *d = r->type.dims;
  Type split = type_make(r->type.rank + 1, (const int64_t[]){groups, d[0] / groups, d[1]});
  return recipe_reshape(table, recipe_permute(table, recipe_reshape(table, r, split), transpose),
                        r->type);
}

/* Replaces `shuffle` by its FC with rows in the order that the shuffle puts channels in. */
static void fold(Rewrite *rw, const Node *shuffle) {
  const Graph *from = rw->from;
  const Node *linear = graph_def(from, shuffle->operands[0]);
  int64_t groups = shuffle->attrs.SHUFFLE.groups;
  Builder b = rewrite_builder(rw, linear);
  RecipeTable *table = rw->to->recipes;
  const Recipe *w = graph_recipe(from, linear->operands[1]),
               *bias = pattern_vector(from, linear, 2);
  ValueId x = rewrite_get(rw, linear->operands[0]);
  ValueId matrix = build_constant(b, shuffle_rows(table, w, groups));
  ValueId vector = bias ? build_constant(b, shuffle_rows(table, bias, groups)) : VALUE_NONE;
  rewrite_set(rw, node_result(shuffle, 0), build_linear(b, x, matrix, vector));
}

Status fold_shuffles(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_SHUFFLE)) return STATUS_OK;
  const uint32_t *uses = graph_use_counts(graph, context->arena);
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (matches(graph, node, uses)) {
      fold(&rw, node);
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
