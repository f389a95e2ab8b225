/* A map from old values to new ones beside a graph that grows. What nothing uses is dropped at the
 * end, so that a pass need not know whether what it replaces has other users. */
#include "ir/rewrite.h"

#include "support/panic.h"

Rewrite rewrite_begin(const Graph *from, Arena *arena) {
  Rewrite rewrite = {
      .from = from,
      .to = graph_new_like(from, arena),
      .map = ARENA_ARRAY(arena, from->value_count, ValueId),
  };
  for (uint32_t i = 0; i < from->value_count; ++i) rewrite.map[i] = VALUE_NONE;
  return rewrite;
}

ValueId rewrite_get(const Rewrite *rewrite, ValueId old) {
  if (value_is_none(old)) return VALUE_NONE;
  CHECK(old.index < rewrite->from->value_count);
  ValueId value = rewrite->map[old.index];
  if (value_is_none(value)) PANIC("value %%%u was neither copied nor set", old.index);
  return value;
}

void rewrite_set(Rewrite *rewrite, ValueId old, ValueId replacement) {
  CHECK(old.index < rewrite->from->value_count);
  CHECK(replacement.index < rewrite->to->value_count);
  rewrite->map[old.index] = replacement;
}

void rewrite_copy(Rewrite *rewrite, const Node *node) {
  ValueId *operands = ARENA_ARRAY(rewrite->to->arena, node->operand_count, ValueId);
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    operands[i] = rewrite_get(rewrite, node->operands[i]);
  }
  Node copy = *node;
  copy.operands = operands;
  const Node *result = graph_node(rewrite->to, graph_append(rewrite->to, &copy));
  for (uint32_t i = 0; i < node->result_count; ++i) {
    rewrite_set(rewrite, node_result(node, i), node_result(result, i));
  }
}

Builder rewrite_builder(const Rewrite *rewrite, const Node *origin) {
  if (!origin) return (Builder){.graph = rewrite->to};
  return (Builder){.graph = rewrite->to, .label = origin->label, .position = origin->position};
}

/* Outputs keep their names, order and layouts. */
static void copy_outputs(Rewrite *rewrite) {
  for (uint32_t i = 0; i < rewrite->from->output_count; ++i) {
    const Output *output = &rewrite->from->outputs[i];
    graph_add_output(rewrite->to, output->name, rewrite_get(rewrite, output->value), output->nchw);
  }
}

Graph *rewrite_end(Rewrite *rewrite) {
  copy_outputs(rewrite);
  return rewrite_drop_dead(rewrite->to, rewrite->to->arena);
}

/* For each node: does an output depend on it? */
static bool *find_live(const Graph *graph, Arena *arena) {
  bool *live = ARENA_ARRAY(arena, graph->node_count, bool);
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    live[graph->values[graph->outputs[i].value.index].node.index] = true;
  }
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_INPUT) live[i] = true;
    for (uint32_t j = 0; live[i] && j < node->operand_count; ++j) {
      live[graph->values[node->operands[j].index].node.index] = true;
    }
  }
  return live;
}

Graph *rewrite_drop_dead(const Graph *graph, Arena *arena) {
  const bool *live = find_live(graph, arena);
  Rewrite rewrite = rewrite_begin(graph, arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (live[i]) rewrite_copy(&rewrite, &graph->nodes[i]);
  }
  copy_outputs(&rewrite);
  return rewrite.to;
}
