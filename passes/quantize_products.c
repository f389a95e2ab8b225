/* Multiplies whole numbers of 8 bits, where the user asks for it (PassContext.quantize):
 *
 *   linear(x, w, b)  ->  q, s = quantize_rows(x)
 *                        quantized_linear(q, quantize(w), b, s, scales of w, first)
 *
 * Each row of x has a scale of its own, found when it is there: nothing is calibrated. The rows of
 * w have theirs, known now. What is quantized:
 *
 *   - products of maps with constants, of at least MIN_CHANNELS channels on both sides. Vectors per
 *     image (mixing weights, the head) are few multiply-adds, and everything depends on them;
 *   - not those of the model's own input: its patches are short, and its numbers the most precise;
 *   - not those that say where a map is sampled: offsets are places, not values;
 *   - not those of layers that the user names (PassContext.keep_float).
 *
 * It runs before fold-projections, which leaves quantized products alone: the matrices that it
 * would make for each image would have to be quantized for each image too.
 */
#include <string.h>

#include "ir/rewrite.h"
#include "ir/row_domain.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { MIN_CHANNELS = 32 };

typedef struct Quantizing {
  const PassContext *context;
  Rewrite rw;
  bool *places;  /* [value] says where a map is sampled */
  ValueId *rows; /* [value] its rows, quantized, in the new graph; or VALUE_NONE */
  ValueId *scales;
} Quantizing;

/* Marks the operands that place samples: all but the map. */
static void find_places(Quantizing *z) {
  const Graph *graph = z->rw.from;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op != OP_AXIAL_SAMPLE && node->op != OP_DEFORM_PATCHES) continue;
    for (uint32_t k = 1; k < node->operand_count; ++k) {
      z->places[row_domain_base(graph, node->operands[k]).index] = true;
    }
  }
}

/* Whether the layer `label`, or one that it is part of, is to stay as it is. */
static bool is_kept(const PassContext *context, const char *label) {
  for (uint32_t i = 0; label && i < context->keep_float_count; ++i) {
    const char *name = context->keep_float[i];
    size_t length = strlen(name);
    if (strncmp(label, name, length) == 0 && (!label[length] || label[length] == '.')) return true;
  }
  return false;
}

/* `x` is the model's input, or patches of it. */
static bool is_input(const Graph *graph, ValueId x) {
  const Node *node = graph_def(graph, x);
  if (node->op == OP_PATCHES) node = graph_def(graph, node->operands[0]);
  return node->op == OP_INPUT;
}

static bool takes(const Quantizing *z, const Node *node) {
  const Graph *graph = z->rw.from;
  if (!pattern_is_plain_linear(graph, node)) return false;
  Type x = graph_type(graph, node->operands[0]);
  const Recipe *w = graph_recipe(graph, node->operands[1]);
  return x.rank == 4 && w->type.dims[0] >= MIN_CHANNELS && w->type.dims[1] >= MIN_CHANNELS &&
         !is_input(graph, node->operands[0]) && !z->places[node->first_result.index] &&
         !is_kept(z->context, node->label);
}

static void quantize_rows(Quantizing *z, Builder b, ValueId x) {
  if (!value_is_none(z->rows[x.index])) return;
  DType as = plan_dot_dtype(z->context->target->dot);
  const Node *node = graph_def(z->rw.to, build_quantize_rows(b, rewrite_get(&z->rw, x), as));
  z->rows[x.index] = node_result(node, 0);
  z->scales[x.index] = node_result(node, 1);
}

/* What the sums begin with: -128 times each row of q, where rows count from 128. */
static const Recipe *first_sums(const Quantizing *z, const Recipe *q) {
  RecipeTable *table = z->rw.from->recipes;
  bool unsigned_rows = plan_dot_dtype(z->context->target->dot) == DTYPE_U8;
  const Recipe *first =
      unsigned_rows
          ? recipe_matvec(table, q, recipe_fill(table, -128, type_vector(q->type.dims[1])))
          : recipe_fill(table, 0, type_vector(q->type.dims[0]));
  return recipe_round(table, first, DTYPE_S32);
}

static void quantize(Quantizing *z, const Node *node) {
  RecipeTable *table = z->rw.from->recipes;
  Builder b = rewrite_builder(&z->rw, node);
  const Recipe *w = graph_recipe(z->rw.from, node->operands[1]);
  const Recipe *q = recipe_quantize(table, w);
  ValueId x = node->operands[0], bias = node_operand(node, 2);
  quantize_rows(z, b, x);
  ValueId zeros = value_is_none(bias)
                      ? build_constant(b, recipe_fill(table, 0, type_vector(w->type.dims[0])))
                      : rewrite_get(&z->rw, bias);
  const ValueId operands[6] = {
      z->rows[x.index],
      build_constant(b, recipe_round(table, recipe_pack4(table, q, PLAN_PANEL), DTYPE_S8)),
      zeros,
      z->scales[x.index],
      build_constant(b, recipe_quantize_scale(table, w)),
      build_constant(b, first_sums(z, q))};
  rewrite_set(&z->rw, node_result(node, 0),
              build_quantized_linear(b, operands, PLAN_PANEL, (int32_t)w->type.dims[0]));
}

Status quantize_products(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!context->quantize) return STATUS_OK;
  Quantizing z = {.context = context,
                  .rw = rewrite_begin(graph, context->arena),
                  .places = ARENA_ARRAY(context->arena, graph->value_count, bool),
                  .rows = ARENA_ARRAY(context->arena, graph->value_count, ValueId),
                  .scales = ARENA_ARRAY(context->arena, graph->value_count, ValueId)};
  for (uint32_t v = 0; v < graph->value_count; ++v) z.rows[v] = VALUE_NONE;
  find_places(&z);
  bool matched = false;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    bool taken = takes(&z, node);
    matched |= taken;
    if (taken) {
      quantize(&z, node);
    } else {
      rewrite_copy(&z.rw, node);
    }
  }
  if (matched) *result = rewrite_end(&z.rw);
  return STATUS_OK;
}
