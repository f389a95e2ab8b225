/* Multiplies whole numbers of 8 bits, where the user asks for it (PassContext.quantize):
 *
 *   linear(x, w, b)  ->  q, s = quantize_rows(x)
 *                        quantized_linear(q, quantize(w), b, s, scales of w, first)
 *
 * Each row of x has a scale of its own, found when it is there: nothing is calibrated. The rows of
 * w have theirs, known now. What is quantized:
 *
 *   - products of maps with constants, of at least MIN_CHANNELS channels on both sides. Vectors per
 *     image (mixing weights, the head) are few multiply-adds, and everything depends on them: they
 *     stay as they are. Where a map is multiplied by the same weights, these are kept once:
 *
 *       linear(v, w, b)  ->  scaled_linear(v, quantize(w), b, scales of w)
 *
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
  bool *shared;  /* [recipe id] weights that maps are multiplied by, quantized */
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

bool pass_layer_is_of(const char *label, const char *name) {
  size_t length = strlen(name);
  return strncmp(label, name, length) == 0 && (!label[length] || label[length] == '.');
}

/* Whether the layer `label`, or one that it is part of, is to stay as it is. */
static bool is_kept(const PassContext *context, const char *label) {
  const char *only = context->quantize_only;
  if (only && (!label || strcmp(label, only) != 0)) return true;
  for (uint32_t i = 0; label && i < context->keep_float_count; ++i) {
    if (pass_layer_is_of(label, context->keep_float[i])) return true;
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

/* How many k of a column stand together in weights. */
static uint32_t group_of(const Quantizing *z) {
  return plan_dot_group(z->context->target->dot);
}

/* The weights as products read them, and what one of them stands for. */
static ValueId packed(const Quantizing *z, Builder b, const Recipe *w) {
  RecipeTable *table = z->rw.from->recipes;
  const Recipe *q = recipe_quantize(table, w);
  q = group_of(z) == 8 ? recipe_pack8(table, q, PLAN_PANEL) : recipe_pack4(table, q, PLAN_PANEL);
  return build_constant(b, recipe_round(table, q, DTYPE_S8));
}

static ValueId scales_of(const Quantizing *z, Builder b, const Recipe *w) {
  return build_constant(b, recipe_quantize_scale(z->rw.from->recipes, w));
}

/* The bias of `node`, or zeros. */
static ValueId bias_of(const Quantizing *z, Builder b, const Node *node, int64_t channels) {
  ValueId bias = node_operand(node, 2);
  if (!value_is_none(bias)) return rewrite_get(&z->rw, bias);
  return build_constant(b, recipe_fill(z->rw.from->recipes, 0, type_vector(channels)));
}

static void quantize(Quantizing *z, const Node *node) {
  Builder b = rewrite_builder(&z->rw, node);
  const Recipe *w = graph_recipe(z->rw.from, node->operands[1]);
  ValueId x = node->operands[0];
  quantize_rows(z, b, x);
  const Recipe *first = first_sums(z, recipe_quantize(z->rw.from->recipes, w));
  const ValueId operands[6] = {
      z->rows[x.index],   packed(z, b, w),    bias_of(z, b, node, w->type.dims[0]),
      z->scales[x.index], scales_of(z, b, w), build_constant(b, first)};
  rewrite_set(&z->rw, node_result(node, 0),
              build_quantized_linear(b, operands, PLAN_PANEL, (int32_t)w->type.dims[0]));
}

/* -- vectors ----------------------------------------------------------------------------------- */

/* Marks the weights of products of maps. */
static void find_shared(Quantizing *z) {
  const Graph *graph = z->rw.from;
  uint32_t limit = 0;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Recipe *recipe = graph->nodes[i].recipe;
    if (recipe && recipe->id >= limit) limit = recipe->id + 1;
  }
  z->shared = ARENA_ARRAY(z->context->arena, limit, bool);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (takes(z, node)) z->shared[graph_recipe(graph, node->operands[1])->id] = true;
  }
}

/* A product of vectors by weights that a map is multiplied by too. */
static bool shares(const Quantizing *z, const Node *node) {
  const Graph *graph = z->rw.from;
  if (!pattern_is_plain_linear(graph, node)) return false;
  const Recipe *w = graph_recipe(graph, node->operands[1]);
  return graph_type(graph, node->operands[0]).rank == 2 && w->type.dims[1] % group_of(z) == 0 &&
         z->shared[w->id] && !is_kept(z->context, node->label);
}

static void scale(Quantizing *z, const Node *node) {
  Builder b = rewrite_builder(&z->rw, node);
  const Recipe *w = graph_recipe(z->rw.from, node->operands[1]);
  const ValueId operands[4] = {rewrite_get(&z->rw, node->operands[0]), packed(z, b, w),
                               bias_of(z, b, node, w->type.dims[0]), scales_of(z, b, w)};
  rewrite_set(&z->rw, node_result(node, 0),
              build_scaled_linear(b, operands, PLAN_PANEL, (int32_t)w->type.dims[0]));
}

/* Rewrites `node`; false: it stays as it is. */
static bool rewrite(Quantizing *z, const Node *node) {
  if (takes(z, node)) {
    quantize(z, node);
  } else if (shares(z, node)) {
    scale(z, node);
  } else {
    return false;
  }
  return true;
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
  find_shared(&z);
  bool matched = false;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    bool rewritten = rewrite(&z, node);
    matched |= rewritten;
    if (!rewritten) rewrite_copy(&z.rw, node);
  }
  if (matched) *result = rewrite_end(&z.rw);
  return STATUS_OK;
}
