/* Takes means over H and W before FCs instead of after them: a mean commutes with every operation
 * that treats all rows alike.
 *
 *   mean_hw(linear(x, w, b))  ->  linear(mean_hw(x), w, b)
 *   mean_hw(add(x, y))        ->  add(mean_hw(x), mean_hw(y))
 *   mean_hw(add(x, v))        ->  add(mean_hw(x), v)        v a constant or a vector per image
 *   mean_hw(mul(x, v))        ->  mul(mean_hw(x), v)
 *   mean_hw(slice(x))         ->  slice(mean_hw(x))
 *
 * For ATM this is more than a saving: the mixing weights are known before the branch FCs run.
 *
 * A mean is taken up through a map that vanishes by it (nothing else needs the map), and through an
 * FC that is needed anyway but whose input is no wider than its result. Sums, gains and biases that
 * are needed anyway stop it.
 *
 * Four sweeps over the graph, none recursive: which maps would vanish, where going up pays, whose
 * means are then needed, and the building.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

typedef struct Means {
  Rewrite rw;
  bool *vanishes; /* [value] only means use it, directly or through what commutes */
  bool *pays;     /* [value] its mean is better taken of the operands */
  bool *needed;   /* [value] its mean is used in the new graph */
  ValueId *mean;  /* [value] the new value of its mean */
} Means;

/* Operand 1 of add or mul is the same for all rows of an image. */
static bool has_row_vector(const Graph *graph, const Node *node) {
  return graph_type(graph, node->operands[1]).rank < graph_type(graph, node->operands[0]).rank;
}

/* Whether the mean of what `node` makes is what `node` makes of the means of its maps. */
static bool commutes(const Graph *graph, const Node *node) {
  switch (node->op) {
    case OP_LINEAR: return pattern_is_plain_linear(graph, node);
    case OP_ADD:
    case OP_SLICE: return true;
    case OP_MUL: return has_row_vector(graph, node);
    default: return false;
  }
}

/* How many leading operands are maps whose means a commuted node needs. */
static uint32_t map_operands(const Graph *graph, const Node *node) {
  return node->op == OP_ADD && !has_row_vector(graph, node) ? 2 : 1;
}

/* From the last node to the first: a value vanishes unless a node reads it in itself, not only its
 * mean. */
static void find_vanishing(Means *means) {
  const Graph *graph = means->rw.from;
  for (uint32_t i = 0; i < graph->value_count; ++i) means->vanishes[i] = true;
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    means->vanishes[graph->outputs[i].value.index] = false;
  }
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    uint32_t spared = node->op == OP_MEAN_HW ? 1 : 0;
    if (commutes(graph, node) && means->vanishes[node->first_result.index]) {
      spared = map_operands(graph, node);
    }
    for (uint32_t k = spared; k < node->operand_count; ++k) {
      means->vanishes[node->operands[k].index] = false;
    }
  }
}

/* Whether the mean of what `node` makes is better taken of its operands; `pays` of those is known.
 */
static bool is_paying(const Means *means, const Node *node) {
  const Graph *graph = means->rw.from;
  if (graph_type(graph, node->first_result).rank != 4 || !commutes(graph, node)) return false;
  bool vanishes = means->vanishes[node->first_result.index];
  switch (node->op) {
    case OP_LINEAR:
      return vanishes || type_channels(graph_type(graph, node->operands[0])) <=
                             type_channels(graph_type(graph, node->first_result));
    case OP_SLICE: return means->pays[node->operands[0].index];
    case OP_ADD:
      if (has_row_vector(graph, node)) return vanishes;
      return vanishes &&
             (means->pays[node->operands[0].index] || means->pays[node->operands[1].index]);
    default: return vanishes;
  }
}

/* From the last node to the first: the mean of a map is needed where a node takes it, or where a
 * commuted node behind needs it. */
static void find_needed(Means *means) {
  const Graph *graph = means->rw.from;
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    uint32_t r = node->first_result.index;
    if (node->op == OP_MEAN_HW) means->needed[node->operands[0].index] = true;
    if (node->result_count == 1 && means->needed[r] && means->pays[r]) {
      for (uint32_t k = 0; k < map_operands(graph, node); ++k) {
        means->needed[node->operands[k].index] = true;
      }
    }
  }
}

/* `node` over again, on the means of its maps: [N,C] instead of [N,H,W,C]. */
static ValueId commute(const Means *means, const Node *node) {
  const Rewrite *rw = &means->rw;
  Builder b = rewrite_builder(rw, node);
  ValueId x = means->mean[node->operands[0].index];
  if (node->op == OP_LINEAR) {
    return build_linear(b, x, rewrite_get(rw, node->operands[1]),
                        rewrite_get(rw, node_operand(node, 2)));
  }
  if (node->op == OP_SLICE) {
    return build_slice(b, x, node->attrs.SLICE.begin, node->attrs.SLICE.count);
  }
  ValueId y = has_row_vector(rw->from, node) ? rewrite_get(rw, node->operands[1])
                                             : means->mean[node->operands[1].index];
  return node->op == OP_ADD ? build_add(b, x, y) : build_mul(b, x, y);
}

/* Writes the new graph: next to each copied node the means of its results that are needed. Maps
 * that vanish are copied too, and dropped as dead by rewrite_end. */
static void build(Means *means) {
  const Graph *graph = means->rw.from;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_MEAN_HW) {
      rewrite_set(&means->rw, node_result(node, 0), means->mean[node->operands[0].index]);
      continue;
    }
    rewrite_copy(&means->rw, node);
    for (uint32_t k = 0; k < node->result_count; ++k) {
      ValueId r = node_result(node, k);
      if (!means->needed[r.index]) continue;
      Builder b = rewrite_builder(&means->rw, node);
      means->mean[r.index] = means->pays[r.index] ? commute(means, node)
                                                  : build_mean_hw(b, rewrite_get(&means->rw, r));
    }
  }
}

Status commute_means(const PassContext *context, const Graph *graph, const Graph **result) {
  Arena *arena = context->arena;
  uint32_t count = graph->value_count;
  Means means = {.vanishes = ARENA_ARRAY(arena, count, bool),
                 .pays = ARENA_ARRAY(arena, count, bool),
                 .needed = ARENA_ARRAY(arena, count, bool),
                 .mean = ARENA_ARRAY(arena, count, ValueId)};
  means.rw = rewrite_begin(graph, arena);
  find_vanishing(&means);
  bool matched = false;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (graph->nodes[i].result_count == 1) {
      means.pays[graph->nodes[i].first_result.index] = is_paying(&means, &graph->nodes[i]);
    }
  }
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (graph->nodes[i].op == OP_MEAN_HW && means.pays[graph->nodes[i].operands[0].index]) {
      matched = true;
    }
  }
  *result = graph;
  if (!matched) return STATUS_OK;
  find_needed(&means);
  build(&means);
  *result = rewrite_end(&means.rw);
  return STATUS_OK;
}
