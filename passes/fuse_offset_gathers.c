/* Gives the FC behind an axial sampling a sampling of its own where the samples are also summed:
 *
 *   s = axial_sample(x, o)              s1 = axial_sample(x, o); sum_chunks(s1)
 *   sum_chunks(s); linear(s, w)   ->    s2 = axial_sample(x, o); linear(s2, w)
 *
 * The sums must be known before the kernel of the FC begins, so that one sampling for both would be
 * kept in memory between two kernels. With two, the first stays in the rows of its block, and the
 * second feeds the product's operand. Gathering twice pays where a map does not stay in the cache:
 * the cost model decides, per resolution. Shifts (axial_shift) likewise.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"

/* [value]: a sampling that is summed. */
static bool *find_summed(const Graph *graph, Arena *arena) {
  bool *summed = ARENA_ARRAY(arena, graph->value_count, bool);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (graph->nodes[i].op == OP_SUM_CHUNKS) summed[graph->nodes[i].operands[0].index] = true;
  }
  return summed;
}

static bool pays(const Graph *graph, ValueId samples) {
  const Node *node = graph_def(graph, samples);
  int64_t elements;
  if (!type_count(graph_type(graph, samples), &elements)) return false;
  if (node->op == OP_AXIAL_SHIFT) return cost_model_shift_again((uint64_t)elements);
  return node->op == OP_AXIAL_SAMPLE &&
         cost_model_gather_again((uint64_t)elements, (uint32_t)node->attrs.AXIAL_SAMPLE.share);
}

static ValueId sample_again(const Rewrite *rw, const Node *node) {
  if (node->op == OP_AXIAL_SHIFT) {
    return build_axial_shift(rewrite_builder(rw, node), rewrite_get(rw, node->operands[0]),
                             node->attrs.AXIAL_SHIFT);
  }
  const AttrsAXIAL_SAMPLE *a = &node->attrs.AXIAL_SAMPLE;
  return build_axial_sample(rewrite_builder(rw, node), rewrite_get(rw, node->operands[0]),
                            rewrite_get(rw, node->operands[1]), a->axis, a->share);
}

Status fuse_offset_gathers(const PassContext *context, const Graph *graph, const Graph **result) {
  const bool *summed = find_summed(graph, context->arena);
  bool matched = false;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    ValueId x = node_operand(node, 0);
    bool linear = node->op == OP_LINEAR || node->op == OP_IMAGE_LINEAR;
    if (!linear || !summed[x.index] || !pays(graph, x)) {
      rewrite_copy(&rw, node);
      continue;
    }
    ValueId kept = rewrite_get(&rw, x);
    rewrite_set(&rw, x, sample_again(&rw, graph_def(graph, x)));
    rewrite_copy(&rw, node);
    rewrite_set(&rw, x, kept);
    matched = true;
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
