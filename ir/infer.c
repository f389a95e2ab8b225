/* Asks the op's function (ir/ops/) for the types of a node's results, between the checks that are
 * the same for all ops. Two dimensions agree when they are equal or one of them is open; where they
 * meet, the known one wins. */
#include "ir/infer.h"

#include "ir/ops/infer_check.h"

static InferFunction *const infer_functions[OP_KIND_COUNT] = {
#define OP(NAME, ...) [OP_##NAME] = infer_##NAME,
#include "ir/ops.def"
};

/* There are as many operands as the op takes, and they exist. */
static const char *check_operands(const Infer *in) {
  const OpInfo *info = op_info(in->node->op);
  if (in->count < info->min_operands || in->count > info->max_operands) {
    if (info->min_operands == info->max_operands) {
      return infer_misfit(in, "takes %u operands, got %u", info->min_operands, in->count);
    }
    return infer_misfit(in, "takes %u to %u operands, got %u", info->min_operands,
                        info->max_operands, in->count);
  }
  for (uint32_t i = 0; i < in->count; ++i) {
    if (in->node->operands[i].index >= in->graph->value_count) {
      return infer_misfit(in, "operand %u is missing", i);
    }
  }
  return NULL;
}

/* Most ops compute in f32 alone; a kernel takes what its body does. */
static const char *check_dtypes(const Infer *in) {
  if (op_has(in->node->op, OP_ANY_DTYPE)) return NULL;
  bool stored = op_has(in->node->op, OP_STORED_W);
  for (uint32_t i = 0; i < in->count; ++i) {
    DType dtype = in->operand[i].dtype;
    if (dtype == DTYPE_F32) continue;
    if (stored && i == 1 && dtype_info(dtype)->kind == DTYPE_REAL) continue;
    return infer_misfit(in, "operand %u is %s, must be of f32", i, INFER_TEXT(in->operand[i]));
  }
  return NULL;
}

/* Innermost dimensions are known, all fit into 32 bits, and a known type can be counted. */
static const char *check_result(const Infer *in, Type type) {
  for (uint32_t i = 0; i < type.rank; ++i) {
    bool open = type.dims[i] == DIM_OPEN && i + 1 < type.rank;
    if (!open && (type.dims[i] < 1 || type.dims[i] > INT32_MAX)) {
      return infer_misfit(in, "dimension %u of the result %s is out of range", i, INFER_TEXT(type));
    }
  }
  int64_t count;
  if (!type_is_known(type) || type_count(type, &count)) return NULL;
  return infer_misfit(in, "the result %s is too large", INFER_TEXT(type));
}

uint32_t infer_result_count(const Node *node) {
  return node->body ? node->body->output_count : op_info(node->op)->results;
}

const char *infer_types(const Graph *graph, const Node *node, Type *results, uint32_t *count) {
  Infer in; /* clearing its operands would take longer than the rest */
  in.graph = graph;
  in.node = node;
  in.count = node->operand_count;
  RETURN_IF_FAULT(check_operands(&in));
  for (uint32_t i = 0; i < in.count && i < INFER_MAX_OPERANDS; ++i) {
    in.operand[i] = graph_type(graph, node->operands[i]);
  }
  RETURN_IF_FAULT(check_dtypes(&in));
  RETURN_IF_FAULT(infer_functions[node->op](&in, results));
  *count = infer_result_count(node);
  for (uint32_t i = 0; i < *count; ++i) RETURN_IF_FAULT(check_result(&in, results[i]));
  return NULL;
}
