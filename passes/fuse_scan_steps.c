/* Lets a scan make its own steps:
 *
 *   selective_scan(u, p, a, softplus(linear(x, w [C,R], b)), ..)
 *     ->  selective_scan(u, p, a, x, pack(w, 16), b, ..){rank=R}
 *
 * A map of steps has as many channels as u, and x has R of them: what is written and read back
 * between two kernels, by other tasks of other processors, is a few tokens in the scan's nearest
 * cache. Panels are as wide as the strips of channels that tasks have.
 *
 * Not where anything else reads the steps or the FC, where its weights are not constant or it has
 * no bias, where the ways' ranks differ, or where the rank is long (cost_model.c): each strip reads
 * x again, in a loop that holds less of w than a product's tile.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { STEPS = 3, MOST_OPERANDS = 9 }; /* operands of a scan */

/* The FC behind steps `v`, which nothing else reads; or NULL. */
static const Node *find_linear(const Graph *graph, const uint32_t *uses, ValueId v) {
  const Node *softplus = graph_def(graph, v);
  if (softplus->op != OP_SOFTPLUS || uses[v.index] != 1) return NULL;
  const Node *linear = graph_def(graph, softplus->operands[0]);
  bool alone = uses[softplus->operands[0].index] == 1;
  return alone && pattern_is_plain_linear(graph, linear) && pattern_vector(graph, linear, 2)
             ? linear
             : NULL;
}

/* The rank of all its steps; 0 where it keeps them. */
static int32_t rank_of(const Graph *graph, const uint32_t *uses, const Node *node) {
  int64_t rank = 0;
  if (node->op != OP_SELECTIVE_SCAN || node->attrs.SELECTIVE_SCAN.rank) return 0;
  for (uint32_t k = STEPS; k < node->operand_count; ++k) {
    const Node *linear = find_linear(graph, uses, node->operands[k]);
    if (!linear) return 0;
    int64_t own = graph_recipe(graph, linear->operands[1])->type.dims[1];
    if (rank && own != rank) return 0;
    rank = own;
  }
  return cost_model_scan_makes_steps((uint64_t)rank) ? (int32_t)rank : 0;
}

static void fuse(Rewrite *rw, const uint32_t *uses, const Node *node, int32_t rank) {
  Builder b = rewrite_builder(rw, node);
  ValueId operands[MOST_OPERANDS];
  uint32_t count = 0;
  for (; count < STEPS; ++count) operands[count] = rewrite_get(rw, node->operands[count]);
  for (uint32_t k = STEPS; k < node->operand_count; ++k) {
    const Node *linear = find_linear(rw->from, uses, node->operands[k]);
    const Recipe *w = graph_recipe(rw->from, linear->operands[1]);
    operands[count++] = rewrite_get(rw, linear->operands[0]);
    operands[count++] = build_constant(b, recipe_pack(rw->to->recipes, w, PLAN_STRIP));
    operands[count++] = rewrite_get(rw, linear->operands[2]);
  }
  AttrsSELECTIVE_SCAN scan = node->attrs.SELECTIVE_SCAN;
  scan.rank = rank;
  rewrite_set(rw, node_result(node, 0), build_selective_scan(b, operands, scan));
}

Status fuse_scan_steps(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_SELECTIVE_SCAN)) return STATUS_OK;
  bool matched = false;
  const uint32_t *uses = graph_use_counts(graph, context->arena);
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    int32_t rank = rank_of(graph, uses, node);
    if (rank) {
      fuse(&rw, uses, node, rank);
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  if (matched) *result = rewrite_end(&rw);
  return STATUS_OK;
}
