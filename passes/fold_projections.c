/* Multiplies an FC into the FCs whose mixture it reads, once per image:
 *
 *   y = linear(sum over b of mul(linear(x_b, w_b, c_b), a_b), p, q)        a_b a vector per image
 *
 *   ->  m_b = linear(scale_matrix(a_b, transpose(w_b)), p)                 one matrix per image
 *       e   = linear(sum over b of mul(a_b, c_b), p, q)                    one vector per image
 *       y   = sum over b of linear(x_b, m_b), plus e
 *
 * The projection of an ATM costs H*W * C * C multiply-adds for each image, the matrices 3 * C * C *
 * C: it pays where maps are large. Fires where nothing else reads the FCs, the scaled values or
 * their sums. Decides per resolution, by the cost model; needs known shapes.
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { MAX_BRANCHES = 8 };

typedef struct Mixture {
  const Node *scaled[MAX_BRANCHES]; /* mul(linear, vector per image), from left to right */
  uint32_t count;
  int64_t depth; /* channels that the branches read in all */
} Mixture;

/* Adds what `v` consists of to `mixture`; false when some of it is no scaled FC. */
static bool collect(const Graph *graph, const uint32_t *uses, ValueId v, uint32_t nesting,
                    Mixture *mixture) {
  const Node *node = graph_def(graph, v);
  if (uses[v.index] != 1 || nesting > MAX_BRANCHES || graph_type(graph, v).rank != 4) return false;
  if (node->op == OP_ADD) {
    return collect(graph, uses, node->operands[0], nesting + 1, mixture) &&
           collect(graph, uses, node->operands[1], nesting + 1, mixture);
  }
  if (node->op != OP_MUL || graph_type(graph, node->operands[1]).rank != 2) return false;
  const Node *linear = graph_def(graph, node->operands[0]);
  if (uses[node->operands[0].index] != 1 || !pattern_is_plain_linear(graph, linear)) return false;
  if (mixture->count == MAX_BRANCHES) return false;
  mixture->scaled[mixture->count++] = node;
  mixture->depth += type_channels(graph_type(graph, linear->operands[0]));
  return true;
}

/* Whether `node` is the FC `y` of the head, over a map on which folding pays. Sets *mixture. */
static bool matches(const Graph *graph, const uint32_t *uses, const Node *node, Mixture *mixture) {
  *mixture = (Mixture){0};
  if (!pattern_is_plain_linear(graph, node)) return false;
  Type type = graph_type(graph, node->first_result);
  return type.rank == 4 && type_is_known(type) &&
         collect(graph, uses, node->operands[0], 0, mixture) &&
         cost_model_fold_projection((uint64_t)(type.dims[1] * type.dims[2]),
                                    (uint64_t)mixture->depth);
}

/* linear(x_b, m_b) of branch `scaled`. */
static ValueId build_branch(const Rewrite *rw, Builder b, const Node *scaled, ValueId projection) {
  static const uint32_t transpose[2] = {1, 0};
  const Node *linear = graph_def(rw->from, scaled->operands[0]);
  const Recipe *w = graph_recipe(rw->from, linear->operands[1]);
  ValueId rows =
      build_scale_matrix(b, rewrite_get(rw, scaled->operands[1]),
                         build_constant(b, recipe_permute(b.graph->recipes, w, transpose)));
  ValueId matrix = build_linear(b, rows, projection, VALUE_NONE);
  return build_image_linear(b, rewrite_get(rw, linear->operands[0]), matrix, VALUE_NONE);
}

/* mul(a_b, c_b), or VALUE_NONE where the branch has no bias. */
static ValueId build_bias(const Rewrite *rw, Builder b, const Node *scaled) {
  const Node *linear = graph_def(rw->from, scaled->operands[0]);
  ValueId bias = node_operand(linear, 2);
  if (value_is_none(bias)) return VALUE_NONE;
  return build_mul(b, rewrite_get(rw, scaled->operands[1]), rewrite_get(rw, bias));
}

/* `sum` plus `term`, either of which may be absent. */
static ValueId plus(Builder b, ValueId sum, ValueId term) {
  if (value_is_none(sum)) return term;
  return value_is_none(term) ? sum : build_add(b, sum, term);
}

/* The last line of the head. e has no map in it: all rows of an image get the same bias. */
static ValueId fold(const Rewrite *rw, const Node *node, const Mixture *mixture) {
  Builder b = rewrite_builder(rw, node);
  ValueId projection = rewrite_get(rw, node->operands[1]);
  ValueId bias = rewrite_get(rw, node_operand(node, 2));
  ValueId biases = VALUE_NONE, y = VALUE_NONE;
  for (uint32_t i = 0; i < mixture->count; ++i) {
    biases = plus(b, biases, build_bias(rw, b, mixture->scaled[i]));
  }
  if (!value_is_none(biases)) bias = build_linear(b, biases, projection, bias);
  for (uint32_t i = 0; i < mixture->count; ++i) {
    y = plus(b, y, build_branch(rw, b, mixture->scaled[i], projection));
  }
  return plus(b, y, bias);
}

Status fold_projections(const PassContext *context, const Graph *graph, const Graph **result) {
  const uint32_t *uses = graph_use_counts(graph, context->arena);
  bool matched = false;
  Mixture mixture;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (matches(graph, uses, node, &mixture)) {
      rewrite_set(&rw, node_result(node, 0), fold(&rw, node, &mixture));
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
