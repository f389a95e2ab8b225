/* Turns convolutions into what the kernels know:
 *
 *   conv2d(x, w, b){groups=1}         ->  linear(patches(x), w', b)
 *   conv2d(x, w, b){groups=1}, 1x1    ->  linear(x, w', b)
 *   conv2d(x, w, b){groups=C}, O = C  ->  depthwise(x, w'', b)
 *   conv2d(x, w, b){groups=g}         ->  grouped(x, w+, b)
 *   the same, wide groups             ->  concat of linear(patches(slice(x)), w', b) of each group
 *
 * w [O,C,KH,KW] becomes w' [O, KH*KW*C], or [O, C*KH*KW] as it stands where x is an input of the
 * caller in NCHW, whose patches are cheaper to read channel by channel; w'' is [KH*KW, C], and w+
 * [P, KH*KW*C/g, O/P] with P panels of as many groups as PLAN_PANEL columns hold. A group that
 * fills such a panel alone is wide.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { MAX_PARTS = 32 }; /* what a concat takes */

/* w' of w. */
static const Recipe *matrix_of(RecipeTable *table, const Recipe *w, bool channels_first) {
  const int64_t *d = w->type.dims;
  static const uint32_t channels_last[4] = {0, 2, 3, 1};
  if (!channels_first) w = recipe_permute(table, w, channels_last);
  return recipe_reshape(table, w, type_matrix(d[0], d[1] * d[2] * d[3]));
}

/* w'' of w [C,1,KH,KW]. */
static const Recipe *taps_of(RecipeTable *table, const Recipe *w) {
  static const uint32_t transpose[2] = {1, 0};
  int64_t channels = w->type.dims[0], taps = w->type.dims[2] * w->type.dims[3];
  return recipe_permute(table, recipe_reshape(table, w, type_matrix(channels, taps)), transpose);
}

/* The first two lines of the head: a window of one tap needs no patches. */
static ValueId lower_dense(Rewrite *rw, const Node *node, Window window) {
  const Node *source = graph_def(rw->from, node->operands[0]);
  Builder b = rewrite_builder(rw, node);
  ValueId x = rewrite_get(rw, node->operands[0]);
  bool channels_first = source->op == OP_INPUT && source->attrs.INPUT.nchw;
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  if (!window_is_one(&window)) x = build_patches(b, x, VALUE_NONE, window, channels_first);
  ValueId matrix = build_constant(b, matrix_of(rw->to->recipes, w, channels_first));
  return build_linear(b, x, matrix, rewrite_get(rw, node_operand(node, 2)));
}

/* The third line of the head. */
static ValueId lower_depthwise(Rewrite *rw, const Node *node, Window window) {
  Builder b = rewrite_builder(rw, node);
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  return build_depthwise(b, rewrite_get(rw, node->operands[0]),
                         build_constant(b, taps_of(rw->to->recipes, w)),
                         rewrite_get(rw, node_operand(node, 2)), window);
}

/* The largest divisor of `groups` that is at most `most`. */
static int64_t bundle_of(int64_t groups, int64_t most) {
  int64_t bundle = most < groups ? most : groups;
  while (groups % bundle != 0) --bundle;
  return bundle;
}

/* `count` elements of the convolution's bias from `begin` on; none where it has none. */
static ValueId slice_bias(Rewrite *rw, const Node *node, Builder b, int64_t begin, int64_t count) {
  const Recipe *bias = pattern_vector(rw->from, node, 2);
  return bias ? build_constant(b, recipe_slice(rw->to->recipes, bias, begin, count)) : VALUE_NONE;
}

/* One product for each group. */
static ValueId lower_wide_groups(Rewrite *rw, const Node *node, Window window) {
  Builder b = rewrite_builder(rw, node);
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  int64_t groups = node->attrs.CONV2D.groups, rows = w->type.dims[0] / groups;
  int64_t depth = w->type.dims[1];
  ValueId parts[MAX_PARTS] = {0};
  for (int64_t i = 0; i < groups; ++i) {
    ValueId x = rewrite_get(rw, node->operands[0]);
    x = build_slice(b, x, (int32_t)(i * depth), (int32_t)depth);
    const Recipe *own = recipe_slice(rw->to->recipes, w, i * rows, rows);
    if (!window_is_one(&window)) x = build_patches(b, x, VALUE_NONE, window, false);
    ValueId matrix = build_constant(b, matrix_of(rw->to->recipes, own, false));
    parts[i] = build_linear(b, x, matrix, slice_bias(rw, node, b, i * rows, rows));
  }
  return build_concat(b, parts, (uint32_t)groups);
}

/* w+ of `groups` groups. */
static const Recipe *panels_of(RecipeTable *table, const Recipe *w, int64_t groups) {
  static const uint32_t columns_last[3] = {0, 2, 1};
  const Recipe *matrix = matrix_of(table, w, false);
  int64_t each = w->type.dims[0] / groups, most = PLAN_PANEL / each;
  int64_t panels = groups / bundle_of(groups, most > 1 ? most : 1);
  int64_t dims[] = {panels, w->type.dims[0] / panels, matrix->type.dims[1]};
  return recipe_permute(table, recipe_reshape(table, matrix, type_make(3, dims)), columns_last);
}

/* Wide groups, as long as a concat takes them all; else `grouped`. */
static ValueId lower_groups(Rewrite *rw, const Node *node, Window window) {
  Builder b = rewrite_builder(rw, node);
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  int32_t groups = node->attrs.CONV2D.groups;
  if (w->type.dims[0] / groups >= PLAN_PANEL && groups <= MAX_PARTS) {
    return lower_wide_groups(rw, node, window);
  }
  return build_grouped(b, rewrite_get(rw, node->operands[0]),
                       build_constant(b, panels_of(rw->to->recipes, w, groups)),
                       rewrite_get(rw, node_operand(node, 2)), window, groups);
}

/* Picks the line of the head by `groups` and channels. Fails where weights or bias are not
 * constants: nothing could bring them into another layout. */
static Status lower(const PassContext *context, Rewrite *rw, const Node *node) {
  const AttrsCONV2D *a = &node->attrs.CONV2D;
  Window window = a->window;
  int64_t in = type_channels(graph_type(rw->from, node->operands[0]));
  int64_t out = type_channels(graph_type(rw->from, node_result(node, 0)));
  bool has_bias = node->operand_count == 3;
  if (!graph_recipe(rw->from, node->operands[1]) ||
      (has_bias && !pattern_vector(rw->from, node, 2))) {
    return graph_misfit(context->diag, node, "conv2d: its weights are not constants");
  }
  if (a->groups == 1) {
    rewrite_set(rw, node_result(node, 0), lower_dense(rw, node, window));
  } else if (a->groups == in && out == in) {
    rewrite_set(rw, node_result(node, 0), lower_depthwise(rw, node, window));
  } else {
    rewrite_set(rw, node_result(node, 0), lower_groups(rw, node, window));
  }
  return STATUS_OK;
}

Status lower_convolutions(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_CONV2D)) return STATUS_OK;
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_CONV2D) {
      RETURN_IF_ERROR(lower(context, &rw, node));
    } else {
      rewrite_copy(&rw, node);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
