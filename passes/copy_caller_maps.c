/* Puts a copy between the caller's tensors and the kernels that cannot take their layout:
 *
 *   op(input)          ->  op(mul(input, ones))     unless op is patches, or copies itself
 *   output = op(...)   ->  output = mul(op(...), ones)
 *
 * Inputs and outputs of the caller have exact rows and may be NCHW. Of all stages only patches and
 * pointwise ones read them, and only stages that end pointwise (products, depthwise, normalize and
 * pointwise ones) write them. Multiplying by one is exact. The copy is an ordinary node: it joins
 * its neighbours' kernel where it can.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"

typedef struct Copies {
  Rewrite rw;
  ValueId *of; /* [old value] its copy in the new graph, or VALUE_NONE */
} Copies;

/* The copy of `old` in the new graph, made at its first use: all its readers share it. */
static ValueId copy_of(Copies *copies, const Graph *from, ValueId old) {
  ValueId *copy = &copies->of[old.index];
  if (value_is_none(*copy)) {
    Builder b = rewrite_builder(&copies->rw, graph_def(from, old));
    Type ones = type_vector(type_channels(graph_type(from, old)));
    *copy = build_mul(b, rewrite_get(&copies->rw, old),
                      build_constant(b, recipe_fill(from->recipes, 1, ones)));
  }
  return *copy;
}

/* Appends `node`, reading copies instead of the caller's inputs where it cannot take those. */
static void copy_node(Copies *copies, const Graph *from, Arena *arena, const Node *node) {
  Node changed = *node;
  ValueId *operands = ARENA_ARRAY(arena, node->operand_count, ValueId);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    bool plain = graph_def(from, node->operands[k])->op != OP_INPUT ||
                 (op_has(node->op, OP_READS_CALLER) && k == 0);
    operands[k] = plain ? rewrite_get(&copies->rw, node->operands[k])
                        : copy_of(copies, from, node->operands[k]);
  }
  changed.operands = operands;
  const Node *made = graph_node(copies->rw.to, graph_append(copies->rw.to, &changed));
  for (uint32_t k = 0; k < node->result_count; ++k) {
    rewrite_set(&copies->rw, node_result(node, k), node_result(made, k));
  }
}

Status copy_caller_maps(const PassContext *context, const Graph *graph, const Graph **result) {
  Arena *arena = context->arena;
  Copies copies = {rewrite_begin(graph, arena), ARENA_ARRAY(arena, graph->value_count, ValueId)};
  for (uint32_t i = 0; i < graph->value_count; ++i) copies.of[i] = VALUE_NONE;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    copy_node(&copies, graph, arena, &graph->nodes[i]);
  }
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    if (graph_type(graph, output->value).rank == 1) {
      return diag_error(context->diag, (Position){0}, "output \"%s\" is a constant", output->name);
    }
    ValueId v = op_has(graph_def(graph, output->value)->op, OP_EPILOGUE | OP_WRITES_CALLER)
                    ? rewrite_get(&copies.rw, output->value)
                    : copy_of(&copies, graph, output->value);
    graph_add_output(copies.rw.to, output->name, v, output->nchw);
  }
  graph_drop_dead(copies.rw.to);
  *result = copies.rw.to;
  return STATUS_OK;
}
