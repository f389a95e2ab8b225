/* A map from old values to new ones beside a graph that grows. What nothing uses is dropped at the
 * end, so that a pass need not know whether what it replaces has other users. */
#include "ir/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/panic.h"

enum { SPARE = 1 }; /* as many again: memory that nobody touches costs nothing */
enum { FEW_OPERANDS = 8 };

Rewrite rewrite_begin(const Graph *from, Arena *arena) {
  Rewrite rewrite = {
      .from = from,
      .to = graph_new_like(from, arena),
      .map = ARENA_ARRAY(arena, from->value_count, ValueId),
  };
  graph_reserve(rewrite.to, from->node_count + from->node_count / SPARE,
                from->value_count + from->value_count / SPARE);
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
  ValueId few[FEW_OPERANDS], *operands = few;
  if (node->operand_count > FEW_OPERANDS) {
    operands = ARENA_ARRAY(rewrite->to->arena, node->operand_count, ValueId);
  }
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
  return (Builder){.graph = rewrite->to,
                   .label = origin->label,
                   .position = origin->position ? *origin->position : (Position){0}};
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
  graph_drop_dead(rewrite->to);
  return rewrite->to;
}

Graph *rewrite_all(const Graph *graph, Arena *arena) {
  Rewrite rewrite = {.from = graph,
                     .to = graph_new_like(graph, arena),
                     .map = memory_new(graph->value_count, sizeof(ValueId), "a graph")};
  graph_reserve(rewrite.to, graph->node_count, graph->value_count);
  for (uint32_t i = 0; i < graph->node_count; ++i) rewrite_copy(&rewrite, &graph->nodes[i]);
  copy_outputs(&rewrite);
  free(rewrite.map);
  return rewrite.to;
}

const Graph *rewrite_drop_dead(const Graph *graph, Arena *arena) {
  const bool *live = graph_live(graph, arena);
  if (memchr(live, false, graph->node_count) == NULL) return graph;
  Rewrite rewrite = rewrite_begin(graph, arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    if (live[i]) rewrite_copy(&rewrite, &graph->nodes[i]);
  }
  copy_outputs(&rewrite);
  return rewrite.to;
}
