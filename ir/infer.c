/* One function per op (here, and in infer_maps.c for products and maps): it checks what ops.def
 * says of the op's operands and attributes and gives the type of the result. Two dimensions agree
 * when they are equal or one of them is open; where they meet, the known one wins. */
#include "ir/infer.h"

#include <inttypes.h>
#include <math.h>

#include "ir/infer_check.h"

const char *infer_INPUT(const Infer *in, Type *result) {
  const AttrsINPUT *a = &in->node->attrs.INPUT;
  *result = in->node->declared;
  if (!a->name || !*a->name) return infer_misfit(in, "needs a name");
  if (result->rank < 1 || result->rank > TYPE_MAX_RANK) return infer_misfit(in, "needs a type");
  INFER_TRY(infer_check_range(in, "nchw", a->nchw, 0, 1));
  if (a->nchw && result->rank != 4) {
    return infer_misfit(in, "nchw needs a map, got %s", INFER_TEXT(*result));
  }
  return NULL;
}

const char *infer_CONSTANT(const Infer *in, Type *result) {
  if (!in->node->recipe) return infer_misfit(in, "needs a recipe");
  *result = in->node->recipe->type;
  return NULL;
}

const char *infer_LAYER_NORM(const Infer *in, Type *result) {
  *result = in->operand[0];
  INFER_TRY(infer_check_rows(in, 0));
  INFER_TRY(infer_check_vector(in, 1, "the gain", type_channels(*result)));
  INFER_TRY(infer_check_vector(in, 2, "the bias", type_channels(*result)));
  return infer_check_eps(in, in->node->attrs.LAYER_NORM.eps);
}

const char *infer_NORMALIZE(const Infer *in, Type *result) {
  *result = in->operand[0];
  INFER_TRY(infer_check_rows(in, 0));
  return infer_check_eps(in, in->node->attrs.NORMALIZE.eps);
}

const char *infer_SOFTMAX(const Infer *in, Type *result) {
  *result = in->operand[0];
  INFER_TRY(infer_check_rows(in, 0));
  return infer_check_divides(in, "groups", in->node->attrs.SOFTMAX.groups, type_channels(*result));
}

const char *infer_SLICE(const Infer *in, Type *result) {
  const AttrsSLICE *a = &in->node->attrs.SLICE;
  INFER_TRY(infer_check_rows(in, 0));
  int64_t channels = type_channels(in->operand[0]);
  INFER_TRY(infer_check_range(in, "begin", a->begin, 0, INT32_MAX));
  INFER_TRY(infer_check_positive(in, "count", a->count));
  if ((int64_t)a->begin + a->count > channels) {
    return infer_misfit(in, "channels %d to %" PRId64 " of %" PRId64, a->begin,
                        (int64_t)a->begin + a->count, channels);
  }
  *result = type_with_channels(in->operand[0], a->count);
  return NULL;
}

const char *infer_CONCAT(const Infer *in, Type *result) {
  int64_t channels = 0;
  *result = in->operand[0];
  for (uint32_t i = 0; i < in->count; ++i) {
    Type y = in->operand[i];
    INFER_TRY(infer_check_rows(in, i));
    *result = type_with_channels(*result, type_channels(y));
    if (!infer_types_meet(result, y)) {
      return infer_misfit(in, "%s and %s differ in rows", INFER_TEXT(in->operand[0]),
                          INFER_TEXT(y));
    }
    channels += type_channels(y);
  }
  *result = type_with_channels(*result, channels);
  return NULL;
}

const char *infer_SHUFFLE(const Infer *in, Type *result) {
  *result = in->operand[0];
  INFER_TRY(infer_check_rows(in, 0));
  return infer_check_divides(in, "groups", in->node->attrs.SHUFFLE.groups, type_channels(*result));
}

/* add and mul: operand 1 is rows alike, a vector per image or a vector. */
static const char *infer_pointwise(const Infer *in, Type *result) {
  Type x = in->operand[0];
  Type y = in->operand[1];
  INFER_TRY(infer_check_rows(in, 0));
  *result = x;
  if (type_equal(y, type_vector(type_channels(x)))) return NULL;
  Type per_image = type_matrix(x.dims[0], type_channels(x));
  if (infer_types_meet(&per_image, y)) {
    result->dims[0] = per_image.dims[0];
    return NULL;
  }
  Type meet = x;
  if (!infer_types_meet(&meet, y)) {
    return infer_misfit(in, "%s and %s do not fit", INFER_TEXT(x), INFER_TEXT(y));
  }
  *result = meet;
  return NULL;
}

const char *infer_ADD(const Infer *in, Type *result) {
  return infer_pointwise(in, result);
}

const char *infer_MUL(const Infer *in, Type *result) {
  return infer_pointwise(in, result);
}

static const char *infer_unary(const Infer *in, Type *result) {
  *result = in->operand[0];
  return infer_check_rows(in, 0);
}

const char *infer_FILL(const Infer *in, Type *result) {
  double value = in->node->attrs.FILL.value;
  if (!isfinite(value)) return infer_misfit(in, "value is %g, must be finite", value);
  return infer_unary(in, result);
}

const char *infer_RELU(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

const char *infer_SIGMOID(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

const char *infer_GELU(const Infer *in, Type *result) {
  return infer_unary(in, result);
}

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
      if (!type_equal(given, node->declared)) {
        return infer_misfit(in, "operand %u is %s, the body's input %s", inputs, INFER_TEXT(given),
                            INFER_TEXT(node->declared));
      }
    }
    ++inputs;
  }
  if (inputs == in->node->operand_count) return NULL;
  return infer_misfit(in, "%u operands, the body has %u inputs", in->node->operand_count, inputs);
}

/* Kernels have their body's types. */
const char *infer_KERNEL(const Infer *in, Type *result) {
  INFER_TRY(check_kernel(in));
  INFER_TRY(infer_check_range(in, "prefetch", in->node->attrs.KERNEL.prefetch, 0, INT32_MAX));
  for (uint32_t i = 0; i < in->node->body->output_count; ++i) {
    result[i] = graph_type(in->node->body, in->node->body->outputs[i].value);
  }
  return NULL;
}

static InferFunction *const infer_functions[OP_KIND_COUNT] = {
#define OP(NAME, ...) [OP_##NAME] = infer_##NAME,
#include "ir/ops.def"
};

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

/* Ops compute in f32. */
static const char *check_dtypes(const Infer *in) {
  for (uint32_t i = 0; i < in->count; ++i) {
    if (in->operand[i].dtype == DTYPE_F32) continue;
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

const char *infer_types(const Graph *graph, const Node *node, Type *results, uint32_t *count) {
  Infer in = {.graph = graph, .node = node, .count = node->operand_count};
  INFER_TRY(check_operands(&in));
  if (node->op == OP_KERNEL) {
    INFER_TRY(infer_KERNEL(&in, results));
    *count = node->body->output_count;
    return NULL;
  }
  for (uint32_t i = 0; i < in.count; ++i) in.operand[i] = graph_type(graph, node->operands[i]);
  INFER_TRY(check_dtypes(&in));
  *count = 1;
  INFER_TRY(infer_functions[node->op](&in, results));
  return check_result(&in, *results);
}
