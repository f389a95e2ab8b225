/* Computes equal values once: a node with the op, attributes, recipe and (new) operands of an
 * earlier one is replaced by it.
 *
 *   a = f(x); b = f(x); g(a, b)  ->  a = f(x); g(a, a)
 *
 * Inputs and kernels are left alone. add and mul are compared as they stand: both orders of
 * operands are rare and their roundings equal, but their operands play different roles.
 */
#include <string.h>

#include "ir/rewrite.h"
#include "passes/pass.h"
#include "support/hash.h"

typedef struct Table {
  uint32_t *slots; /* index + 1 of a new node; 0: empty */
  uint32_t mask;
} Table;

/* Of what `same` compares: nodes that are the same have equal hashes. */
static uint64_t hash_node(const Rewrite *rw, const Node *node) {
  uint64_t hash = hash_word(node->op, node->recipe ? node->recipe->id + 1 : 0);
  hash = hash_word(hash, op_attrs_hash(node->op, &node->attrs));
  for (uint32_t i = 0; i < node->operand_count; ++i) {
    hash = hash_word(hash, rewrite_get(rw, node->operands[i]).index);
  }
  return hash;
}

/* `old` of the old graph, once copied, would equal `made` of the new one. */
static bool same(const Rewrite *rw, const Node *old, const Node *made) {
  if (old->op != made->op || old->recipe != made->recipe ||
      old->operand_count != made->operand_count) {
    return false;
  }
  if (!op_attrs_equal(old->op, &old->attrs, &made->attrs)) return false;
  for (uint32_t i = 0; i < old->operand_count; ++i) {
    if (!value_equal(rewrite_get(rw, old->operands[i]), made->operands[i])) return false;
  }
  return true;
}

/* An empty table that `nodes` entries fill by half at most: a search meets an empty slot soon. */
static Table table_new(Arena *arena, uint32_t nodes) {
  uint32_t size = 16;
  while (size < 2 * nodes) size *= 2;
  return (Table){ARENA_ARRAY(arena, size, uint32_t), size - 1};
}

/* The slot of the new node that equals `node`, or the empty one where it belongs. */
static uint32_t *find_slot(const Table *table, const Rewrite *rw, const Node *node) {
  uint32_t i = (uint32_t)hash_node(rw, node) & table->mask;
  while (table->slots[i] && !same(rw, node, &rw->to->nodes[table->slots[i] - 1])) {
    i = (i + 1) & table->mask;
  }
  return &table->slots[i];
}

Status eliminate_common_subexpressions(const PassContext *context, const Graph *graph,
                                       const Graph **result) {
  bool matched = false;
  Table table = table_new(context->arena, graph->node_count);
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    bool eligible = node->op != OP_INPUT && node->op != OP_KERNEL;
    uint32_t *slot = eligible ? find_slot(&table, &rw, node) : NULL;
    if (slot && *slot) {
      const Node *made = &rw.to->nodes[*slot - 1];
      for (uint32_t r = 0; r < node->result_count; ++r) {
        rewrite_set(&rw, node_result(node, r), node_result(made, r));
      }
      matched = matched || node->op != OP_CONSTANT;
    } else {
      rewrite_copy(&rw, node);
      if (slot) *slot = rw.to->node_count;
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
