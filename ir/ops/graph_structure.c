/* What is no computation: inputs, constants, kernels. */
#include "ir/ops/op_impl.h"

const char *infer_INPUT(const Infer *in, Type *result) {
  const AttrsINPUT *a = &in->node->attrs.INPUT;
  *result = in->node->attrs.INPUT.declared;
  if (!a->name || !*a->name) return infer_misfit(in, "needs a name");
  if (result->rank < 1 || result->rank > TYPE_MAX_RANK) return infer_misfit(in, "needs a type");
  RETURN_IF_FAULT(infer_check_range(in, "nchw", a->nchw, 0, 1));
  if (a->nchw && result->rank != 4) {
    return infer_misfit(in, "nchw needs a map, got %s", INFER_TEXT(*result));
  }
  return NULL;
}

ValueId build_input(Builder b, const char *name, Type type, bool nchw) {
  return builder_append(
      b, (Node){.op = OP_INPUT, .attrs.INPUT = {.declared = type, .name = name, .nchw = nchw}});
}

const char *infer_CONSTANT(const Infer *in, Type *result) {
  if (!in->node->recipe) return infer_misfit(in, "needs a recipe");
  *result = in->node->recipe->type;
  return NULL;
}

ValueId build_constant(Builder b, const Recipe *recipe) {
  return builder_append(b, (Node){.op = OP_CONSTANT, .recipe = recipe});
}

/* The body's inputs are the operands, one by one; constants come in as operands, and kernels are
 * not nested. */
static const char *check_kernel(const Infer *in) {
  const Graph *body = in->node->body;
  if (!body) return infer_misfit(in, "needs a body");
  if (body->output_count == 0) return infer_misfit(in, "the body has no output");
  uint32_t inputs = 0;
  for (uint32_t i = 0; i < body->node_count; ++i) {
    const Node *node = &body->nodes[i];
    if (node->op == OP_CONSTANT || node->op == OP_KERNEL) {
      return infer_misfit(in, "the body has a %s", op_info(node->op)->text);
    }
    if (node->op != OP_INPUT) continue;
    if (inputs < in->node->operand_count) {
      Type given = graph_type(in->graph, in->node->operands[inputs]);
      if (!type_equal(given, node->attrs.INPUT.declared)) {
        return infer_misfit(in, "operand %u is %s, the body's input %s", inputs, INFER_TEXT(given),
                            INFER_TEXT(node->attrs.INPUT.declared));
      }
    }
    ++inputs;
  }
  if (inputs == in->node->operand_count) return NULL;
  return infer_misfit(in, "%u operands, the body has %u inputs", in->node->operand_count, inputs);
}

/* Kernels have their body's types. */
const char *infer_KERNEL(const Infer *in, Type *result) {
  RETURN_IF_FAULT(check_kernel(in));
  RETURN_IF_FAULT(infer_check_range(in, "prefetch", in->node->attrs.KERNEL.prefetch, 0, INT32_MAX));
  for (uint32_t i = 0; i < in->node->body->output_count; ++i) {
    result[i] = graph_type(in->node->body, in->node->body->outputs[i].value);
  }
  return NULL;
}

ValueId build_kernel(Builder b, const ValueId *operands, uint32_t count, const Graph *body) {
  return builder_append(
      b, (Node){.op = OP_KERNEL, .operands = operands, .operand_count = count, .body = body});
}
