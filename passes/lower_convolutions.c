/* Turns convolutions into what the kernels know:
 *
 *   conv2d(x, w, b){groups=1}         ->  linear(patches(x), w', b)
 *   conv2d(x, w, b){groups=1}, 1x1    ->  linear(x, w', b)
 *   conv2d(x, w, b){groups=C}, O = C  ->  depthwise(x, w'', b)
 *   conv2d(x, w, b){groups=g}         ->  concat over bundles of groups of
 * linear(patches(slice(x)))
 *
 * w [O,C,KH,KW] becomes w' [O, KH*KW*C], or [O, C*KH*KW] as it stands where x is an input of the
 * caller in NCHW, whose patches are cheaper to read channel by channel; w'' is [KH*KW, C].
 * Groups of few output channels are bundled until they fill a panel, their weights spread out with
 * zeros: that is cheaper than products of a few columns.
 */
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { MAX_BUNDLES = 32 }; /* what a concat takes */

static const Recipe *matrix_of(RecipeTable *table, const Recipe *w, bool channels_first) {
  const int64_t *d = w->type.dims;
  static const uint32_t channels_last[4] = {0, 2, 3, 1};
  if (!channels_first) w = recipe_permute(table, w, channels_last);
  return recipe_reshape(table, w, type_matrix(d[0], d[1] * d[2] * d[3]));
}

static const Recipe *taps_of(RecipeTable *table, const Recipe *w) {
  static const uint32_t transpose[2] = {1, 0};
  int64_t channels = w->type.dims[0], taps = w->type.dims[2] * w->type.dims[3];
  return recipe_permute(table, recipe_reshape(table, w, type_matrix(channels, taps)), transpose);
}

static bool is_pointwise(const AttrsCONV2D *a) {
  return a->kernel_h == 1 && a->kernel_w == 1 && a->stride_h == 1 && a->stride_w == 1 &&
         a->pad_h == 0 && a->pad_w == 0;
}

static ValueId lower_dense(Rewrite *rw, const Node *node, Window window) {
  const Node *source = graph_def(rw->from, node->operands[0]);
  Builder b = rewrite_builder(rw, node);
  ValueId x = rewrite_get(rw, node->operands[0]);
  bool channels_first = source->op == OP_INPUT && source->attrs.INPUT.nchw;
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  if (!is_pointwise(&node->attrs.CONV2D)) x = build_patches(b, x, window, channels_first);
  ValueId matrix = build_constant(b, matrix_of(rw->to->recipes, w, channels_first));
  return build_linear(b, x, matrix, rewrite_get(rw, node_operand(node, 2)));
}

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
  while (groups % bundle != 0) bundle--;
  return bundle;
}

/* How many groups make a product: enough to fill a panel, and so many that the results of all
 * products can be put side by side. */
static int64_t choose_bundle(int64_t groups, int64_t group_columns) {
  int64_t most = PLAN_PANEL / group_columns, bundle = bundle_of(groups, most > 1 ? most : 1);
  while (groups / bundle > MAX_BUNDLES) bundle = bundle_of(groups, 2 * bundle + 1);
  return bundle;
}

static ValueId slice_bias(Rewrite *rw, const Node *node, Builder b, int64_t begin, int64_t count) {
  const Recipe *bias = pattern_vector(rw->from, node, 2);
  return bias ? build_constant(b, recipe_slice(rw->to->recipes, bias, begin, count)) : VALUE_NONE;
}

static ValueId lower_groups(Rewrite *rw, const Node *node, Window window) {
  Builder b = rewrite_builder(rw, node);
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  int64_t groups = node->attrs.CONV2D.groups, columns = w->type.dims[0] / groups;
  int64_t bundle = choose_bundle(groups, columns), depth = bundle * w->type.dims[1];
  int64_t rows = bundle * columns;
  ValueId parts[MAX_BUNDLES] = {0};
  for (int64_t i = 0; i < groups / bundle; ++i) {
    ValueId x = rewrite_get(rw, node->operands[0]);
    if (bundle < groups) x = build_slice(b, x, (int32_t)(i * depth), (int32_t)depth);
    const Recipe *own = recipe_slice(rw->to->recipes, w, i * rows, rows);
    const Recipe *matrix =
        matrix_of(rw->to->recipes, recipe_spread_groups(rw->to->recipes, own, bundle), false);
    if (!is_pointwise(&node->attrs.CONV2D)) x = build_patches(b, x, window, false);
    parts[i] =
        build_linear(b, x, build_constant(b, matrix), slice_bias(rw, node, b, i * rows, rows));
  }
  return groups == bundle ? parts[0] : build_concat(b, parts, (uint32_t)(groups / bundle));
}

static Status lower(const PassContext *context, Rewrite *rw, const Node *node) {
  const AttrsCONV2D *a = &node->attrs.CONV2D;
  Window window = {a->kernel_h, a->kernel_w, a->stride_h, a->stride_w, a->pad_h, a->pad_w};
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
  if (!pattern_has_op(graph, OP_CONV2D)) return STATUS_OK;
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
