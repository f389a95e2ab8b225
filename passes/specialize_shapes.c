/* Binds the graph's inputs to the types of the context and infers every other type anew.
 *
 * The one pass that fails for user errors: an input of the wrong rank or number of channels, or a
 * resolution that some layer cannot take. Sizes that no buffer could have are refused here, so that
 * later arithmetic on counts of elements cannot overflow.
 */
#include <inttypes.h>

#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/plan_parts.h"

enum { MAX_ELEMENTS = INT32_MAX };                  /* of one map */
static const int64_t MAX_PADDED = INT64_C(4) << 30; /* with its rows in whole vectors */

/* `type` is known, and the declared one of the input where that is. */
static Status check_input(const PassContext *context, const Node *node, Type type) {
  char wants[TYPE_TEXT_MAX], gets[TYPE_TEXT_MAX];
  bool fits = type_is_known(type) && type.rank == node->attrs.INPUT.declared.rank;
  for (uint32_t i = 0; fits && i < type.rank; ++i) {
    fits = node->attrs.INPUT.declared.dims[i] == DIM_OPEN ||
           node->attrs.INPUT.declared.dims[i] == type.dims[i];
  }
  if (fits) return STATUS_OK;
  return diag_error(context->diag, (Position){0}, "input \"%s\": shape %s, the model takes %s",
                    node->attrs.INPUT.name, type_format(type, gets),
                    type_format(node->attrs.INPUT.declared, wants));
}

/* All inputs must agree in the number of images: dims[0]. */
static Status check_inputs(const PassContext *context, const Graph *graph) {
  uint32_t count = graph_inputs(graph, NULL, 0);
  NodeId *nodes = ARENA_ARRAY(context->arena, count, NodeId);
  graph_inputs(graph, nodes, count);
  if (count != context->input_count) {
    return diag_error(context->diag, (Position){0},
                      "%u input shapes given, the model has %u inputs", context->input_count,
                      count);
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Type *type = &context->input_types[i];
    RETURN_IF_ERROR(check_input(context, graph_node(graph, nodes[i]), *type));
    if (type->dims[0] != context->input_types[0].dims[0]) {
      return diag_error(context->diag, (Position){0},
                        "input \"%s\": %" PRId64 " images, the first input has %" PRId64,
                        graph_node(graph, nodes[i])->attrs.INPUT.name, type->dims[0],
                        context->input_types[0].dims[0]);
    }
  }
  return STATUS_OK;
}

/* Whether rows of whole vectors, however short, keep a map below MAX_PADDED floats. */
static bool fits_padded(Type type, int64_t elements) {
  int64_t channels = type_channels(type);
  return elements == 0 || elements / channels <= MAX_PADDED / plan_pitch(type);
}

/* No result of `node` is too large. The message has the label of its layer. */
static Status check_size(const PassContext *context, const Graph *graph, const Node *node) {
  for (uint32_t k = 0; k < node->result_count; ++k) {
    int64_t elements;
    char text[TYPE_TEXT_MAX];
    Type type = graph_type(graph, node_result(node, k));
    if (!type_is_known(type)) continue;
    bool few = type_count(type, &elements) && elements <= MAX_ELEMENTS;
    if (few && fits_padded(type, elements)) continue;
    type_format(type, text);
    const char *op = op_info(node->op)->text;
    return graph_misfit(
        context->diag, node,
        few ? arena_printf(context->arena, "%s: %s takes more than 16 GiB", op, text)
            : arena_printf(context->arena, "%s: %s has more than %d elements", op, text,
                           MAX_ELEMENTS));
  }
  return STATUS_OK;
}

/* Appends `node` to the new graph. What inference says against it is the user's error: the layers
 * did not know this resolution. */
static Status specialize(const PassContext *context, Rewrite *rw, const Node *node) {
  Node copy = *node;
  ValueId *operands = ARENA_ARRAY(context->arena, node->operand_count, ValueId);
  for (uint32_t k = 0; k < node->operand_count; ++k) {
    operands[k] = rewrite_get(rw, node->operands[k]);
  }
  copy.operands = operands;
  NodeId id;
  const char *message = graph_try_append(rw->to, &copy, &id);
  if (message) return graph_misfit(context->diag, node, message);
  const Node *made = graph_node(rw->to, id);
  for (uint32_t k = 0; k < node->result_count; ++k) {
    rewrite_set(rw, node_result(node, k), node_result(made, k));
  }
  return check_size(context, rw->to, made);
}

Status specialize_shapes(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!context->input_types) return STATUS_OK;
  RETURN_IF_ERROR(check_inputs(context, graph));
  Rewrite rw = rewrite_begin(graph, context->arena);
  uint32_t inputs = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    Node node = graph->nodes[i];
    if (node.op == OP_INPUT) node.attrs.INPUT.declared = context->input_types[inputs++];
    RETURN_IF_ERROR(specialize(context, &rw, &node));
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
