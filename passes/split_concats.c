/* Turns a convolution of a large concatenated map into a sum of convolutions of its parts, so that
 * the map need not be:
 *
 *   linear(patches(concat(a, resize(b), c)), w, bias)  ->
 *     y0 = linear(patches(a), w.a, bias)
 *     y1 = add(linear(patches(resize(b, y0)), w.b), y0)
 *     y2 = add(linear(patches(c), w.c), y1)
 *
 * w [O, KH*KW*C] has, for each tap, a column for each channel: w.a are those of a's channels. A
 * part that is a resize of its own takes the size of the sum so far, which says that it is made
 * behind it: so one resized map is there at a time, and a sum takes the memory of the one before.
 *
 * Not where anything else reads the concatenated map or its patches, and not where the sums would
 * be more than what is saved (cost_model.c).
 */
#include "ir/rewrite.h"
#include "passes/cost_model.h"
#include "passes/pass.h"
#include "passes/pattern.h"

/* The concatenated map whose patches `node` alone multiplies, where it is better not made; else
 * NULL. */
static const Node *find_concat(const Graph *graph, const uint32_t *uses, const Node *node) {
  const Node *patches = pattern_convolved(graph, node);
  if (!patches) return NULL;
  const Node *concat = graph_def(graph, patches->operands[0]);
  if (concat->op != OP_CONCAT) return NULL;
  Type map = graph_type(graph, concat->first_result);
  int64_t elements, channels = type_channels(graph_type(graph, node->first_result));
  if (!type_is_known(map) || !type_count(map, &elements) ||
      !cost_model_split_concat(4 * (uint64_t)elements, (uint64_t)type_channels(map),
                               concat->operand_count * (uint64_t)channels)) {
    return NULL;
  }
  bool alone = uses[node->operands[0].index] == 1 && uses[patches->operands[0].index] == 1;
  return alone ? concat : NULL;
}

/* The columns of w [O, taps*channels] that are for channels [begin, begin+count) of every tap. */
static const Recipe *columns_of(RecipeTable *table, const Recipe *w, int64_t channels,
                                int64_t begin, int64_t count) {
  static const uint32_t channels_first[3] = {2, 0, 1}, channels_last[3] = {1, 2, 0};
  int64_t rows = w->type.dims[0], taps = w->type.dims[1] / channels;
  w = recipe_reshape(table, w, type_make(3, (int64_t[]){rows, taps, channels}));
  w = recipe_slice(table, recipe_permute(table, w, channels_first), begin, count);
  return recipe_reshape(table, recipe_permute(table, w, channels_last),
                        type_matrix(rows, taps * count));
}

/* `part` of the concatenated map, made behind `sum` where it can be. */
static ValueId part_behind(Rewrite *rw, Builder b, const uint32_t *uses, ValueId part,
                           ValueId sum) {
  const Node *node = graph_def(rw->from, part);
  bool own = node->op == OP_RESIZE && node->operand_count == 1 && uses[part.index] == 1;
  if (value_is_none(sum) || !own) return rewrite_get(rw, part);
  AttrsRESIZE resize = {.aligned = node->attrs.RESIZE.aligned,
                        .nearest = node->attrs.RESIZE.nearest};
  return build_resize(b, rewrite_get(rw, node->operands[0]), sum, resize);
}

/* The sum of the head. */
static void split(Rewrite *rw, const uint32_t *uses, const Node *node, const Node *concat) {
  Builder b = rewrite_builder(rw, node);
  RecipeTable *table = rw->to->recipes;
  const Window window = graph_def(rw->from, node->operands[0])->attrs.PATCHES.window;
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  int64_t channels = type_channels(graph_type(rw->from, concat->first_result)), begin = 0;
  ValueId sum = VALUE_NONE, bias = rewrite_get(rw, node_operand(node, 2));
  for (uint32_t i = 0; i < concat->operand_count; ++i) {
    int64_t count = type_channels(graph_type(rw->from, concat->operands[i]));
    ValueId part = part_behind(rw, b, uses, concat->operands[i], sum);
    ValueId matrix = build_constant(b, columns_of(table, w, channels, begin, count));
    ValueId own = build_linear(b, build_patches(b, part, VALUE_NONE, window, false), matrix, bias);
    sum = value_is_none(sum) ? own : build_add(b, own, sum);
    bias = VALUE_NONE;
    begin += count;
  }
  rewrite_set(rw, node_result(node, 0), sum);
}

Status split_concats(const PassContext *context, const Graph *graph, const Graph **result) {
  bool matched = false;
  const uint32_t *uses = graph_use_counts(graph, context->arena);
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i], *concat = find_concat(graph, uses, node);
    if (concat) {
      split(&rw, uses, node, concat);
      matched = true;
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = matched ? rewrite_end(&rw) : graph;
  return STATUS_OK;
}
