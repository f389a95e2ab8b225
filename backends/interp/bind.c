/* Gives the open dimensions of a graph those of its inputs: appends its nodes to a new graph, with
 * the inputs declared anew, so that all types are inferred again. */
#include "backends/interp/interp.h"

/* `type` is `declared`, or fills in its open dimensions. */
static bool accepts(Type declared, Type type) {
  if (declared.rank != type.rank || !type_is_known(type)) return false;
  for (uint32_t i = 0; i < type.rank; ++i) {
    if (declared.dims[i] != DIM_OPEN && declared.dims[i] != type.dims[i]) return false;
  }
  return true;
}

/* Checks the inputs; *exact tells whether the graph takes just these. */
static Status check_inputs(const Graph *graph, Diag *diag, const InterpTensor *inputs,
                           bool *exact) {
  uint32_t next = 0;
  *exact = true;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_INPUT) continue;
    Type type = inputs[next++].type;
    char is[TYPE_TEXT_MAX], takes[TYPE_TEXT_MAX];
    if (!accepts(node->attrs.INPUT.declared, type)) {
      return diag_error(diag, (Position){0}, "input \"%s\" is %s, the model takes %s",
                        node->attrs.INPUT.name, type_format(type, is),
                        type_format(node->attrs.INPUT.declared, takes));
    }
    *exact = *exact && type_equal(type, node->attrs.INPUT.declared);
  }
  return STATUS_OK;
}

/* Appends `node` of the old graph to `bound`; `map` takes old values to new ones. */
static Status rebuild_node(const Node *node, Graph *bound, ValueId *map, Diag *diag) {
  Node copy = *node;
  ValueId *operands = ARENA_ARRAY(bound->arena, node->operand_count, ValueId);
  for (uint32_t i = 0; i < node->operand_count; ++i) operands[i] = map[node->operands[i].index];
  copy.operands = operands;
  NodeId id;
  const char *message = graph_try_append(bound, &copy, &id);
  if (message) return graph_misfit(diag, node, message);
  for (uint32_t i = 0; i < node->result_count; ++i) {
    map[node_result(node, i).index] = node_result(graph_node(bound, id), i);
  }
  return STATUS_OK;
}

Status interp_bind(const Graph *graph, Arena *arena, Diag *diag, const InterpTensor *inputs,
                   const Graph **result) {
  bool exact;
  *result = graph;
  RETURN_IF_ERROR(check_inputs(graph, diag, inputs, &exact));
  if (exact) return STATUS_OK;
  Graph *bound = graph_new_like(graph, arena);
  ValueId *map = ARENA_ARRAY(arena, graph->value_count, ValueId);
  uint32_t next = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    Node node = graph->nodes[i];
    if (node.op == OP_INPUT) node.attrs.INPUT.declared = inputs[next++].type;
    RETURN_IF_ERROR(rebuild_node(&node, bound, map, diag));
  }
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    const Output *output = &graph->outputs[i];
    graph_add_output(bound, output->name, map[output->value.index], output->nchw);
  }
  *result = bound;
  return STATUS_OK;
}
