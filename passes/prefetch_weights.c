/* Lets a kernel with much arithmetic ask for the weights that those behind it will wait for:
 *
 *   kernel(...)  ->  kernel(...){prefetch}
 *
 * `prefetch` bytes of the constants that are first used behind the kernel, in that order, are
 * prefetched while it multiplies. A kernel on many rows prefetches its weights itself, all but the
 * first; one on a single row (the mixing weights of a block, the head) does nothing but wait for
 * them, and all of them come in while an earlier kernel runs. Which one, cost_model.c says. What is
 * computed stays the same.
 */
#include "ir/macs.h"
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/group_nodes.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* Bytes of the constants among the operands of `node`; with `seen`, of those not seen before. */
static uint64_t constant_bytes(const Graph *graph, const Node *node, bool *seen) {
  uint64_t bytes = 0;
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    ValueId v = node->operands[k];
    if (!graph_recipe(graph, v)) continue;
    if (seen && seen[v.index]) continue;
    if (seen) seen[v.index] = true;
    bytes += type_bytes(graph_type(graph, v));
  }
  return bytes;
}

/* [node_count]: bytes of constants first used by each node. */
static const uint64_t *new_bytes(const Graph *graph, Arena *arena) {
  uint64_t *bytes = ARENA_ARRAY(arena, graph->node_count, uint64_t);
  bool *seen = ARENA_ARRAY(arena, graph->value_count, bool);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    bytes[i] = constant_bytes(graph, &graph->nodes[i], seen);
  }
  return bytes;
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

/* Sets `prefetch` of the kernels, the last first: `pending` bytes behind the one at hand have
 * nobody yet who asks for them. One that cannot ask for all leaves them to an earlier one; if they
 * are as many as the cache holds, it asks for the nearest. Returns whether any asks for something.
 */
static bool assign(const Graph *graph, const uint64_t *bytes, uint64_t *prefetch) {
  uint64_t pending = 0;
  bool any = false;
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_KERNEL) continue;
    uint64_t macs = macs_of_products(node->body);
    PrefetchCost cost = cost_model_prefetch(macs, constant_bytes(graph, node, NULL));
    bool takes = pending <= cost.carried || pending == cost.limit;
    prefetch[i] = takes ? least(pending, cost.carried) : 0;
    any |= prefetch[i] > 0;
    uint64_t left = prefetch[i] ? 0 : pending;
    pending = least(left + bytes[i], left ? cost.limit : cost.waited);
  }
  return any;
}

Status prefetch_weights(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_KERNEL)) return STATUS_OK;
  uint64_t *prefetch = ARENA_ARRAY(context->arena, graph->node_count, uint64_t);
  if (!assign(graph, new_bytes(graph, context->arena), prefetch)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    Node node = graph->nodes[i];
    if (node.op == OP_KERNEL) node.attrs.KERNEL.prefetch = (int32_t)prefetch[i];
    rewrite_copy(&rw, &node);
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
