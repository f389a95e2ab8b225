/* Lets windows read the caller's bytes, and folds the normalization of these into the weights:
 *
 *   linear(patches(add(mul(pixels(x), g), c)), w, b)  ->
 *     linear(patches(x, -d / g), mul_columns(w, g), add(b, matvec(w, d))),  d = c + 128 g
 *
 * with g and d repeated for each tap of the window: patches of bytes are less 128, so that sums
 * stay as small, and as exact, as those of what was normalized (docs/adr/0014). What is around the
 * map is the byte, a fraction of one, that would be normalized to zero. Where the channels are
 * reversed, so are those of the weights; where the caller's channels are planes, patches are in
 * that order too.
 *
 * Weights are computed in double and rounded once. It fires only where the normalized map vanishes:
 * all that reads it are such patches, and all that reads these are FCs. Otherwise the map has to be
 * made, and windows read it. Gains and biases are numbers, and no gain is 0, which nothing
 * normalizes to.
 */
#include <math.h>

#include "ir/pixels.h"
#include "ir/rewrite.h"
#include "passes/pass.h"
#include "passes/pattern.h"

enum { MAX_CHANNELS = 32 }; /* photos have three */

/* A map of floats as byte c of `pixels`, as the caller has them, less 128, times gain[c], plus
 * bias[c]. */
typedef struct Normalized {
  const Node *pixels;
  uint32_t channels;
  double gain[MAX_CHANNELS], bias[MAX_CHANNELS];
} Normalized;

/* Puts what `affine` does before all of `n`. */
static bool prepend(const Graph *graph, const Node *affine, Normalized *n) {
  double numbers[MAX_CHANNELS];
  if (!recipe_read_numbers(pattern_vector(graph, affine, 1), numbers)) return false;
  for (uint32_t c = 0; c < n->channels; ++c) {
    if (affine->op == OP_ADD) {
      n->bias[c] += n->gain[c] * numbers[c];
    } else {
      n->gain[c] *= numbers[c];
    }
  }
  return true;
}

/* The first is the last, and so on. */
static void reverse(double *numbers, uint32_t count) {
  for (uint32_t i = 0; i < count / 2; ++i) {
    double first = numbers[i];
    numbers[i] = numbers[count - 1 - i];
    numbers[count - 1 - i] = first;
  }
}

/* Goes from a map to the pixels that it is made of, through gains and biases. */
static bool find_pixels(const Graph *graph, ValueId map, Normalized *n) {
  int64_t channels = type_channels(graph_type(graph, map));
  if (channels > MAX_CHANNELS) return false;
  *n = (Normalized){.channels = (uint32_t)channels};
  for (uint32_t c = 0; c < n->channels; ++c) n->gain[c] = 1;
  const Node *node = graph_def(graph, map);
  for (; pattern_is_affine(graph, node); node = graph_def(graph, node->operands[0])) {
    if (!prepend(graph, node, n)) return false;
  }
  for (uint32_t c = 0; c < n->channels; ++c) {
    if (!isfinite(n->gain[c]) || !isfinite(n->bias[c] / n->gain[c])) return false;
  }
  for (uint32_t c = 0; c < n->channels; ++c) n->bias[c] += PIXELS_MIDDLE * n->gain[c];
  n->pixels = node;
  if (node->op != OP_PIXELS) return false;
  if (node->attrs.PIXELS.reversed) {
    reverse(n->gain, n->channels);
    reverse(n->bias, n->channels);
  }
  return true;
}

/* Whether `node` reads operand `k` so that nothing is left of a normalized map. */
static bool takes(const Graph *graph, const Node *node, uint32_t k, const bool *vanishes) {
  if (k > 0) return false;
  if (node->op == OP_PATCHES) return node->operand_count == 1 && vanishes[node->first_result.index];
  return pattern_is_plain_linear(graph, node) &&
         graph_def(graph, node->operands[0])->op == OP_PATCHES;
}

/* Whether all that reads each value of `graph` are patches that vanish; of patches, FCs. */
static bool *find_vanishing(const Graph *graph, Arena *arena) {
  bool *vanishes = pattern_inner_values(graph, arena);
  for (uint32_t i = graph->node_count; i-- > 0;) {
    const Node *node = &graph->nodes[i];
    for (uint32_t k = 0; k < node->operand_count; ++k) {
      if (!takes(graph, node, k, vanishes)) vanishes[node->operands[k].index] = false;
    }
  }
  return vanishes;
}

static bool has_padding(const Window *w) {
  return w->pad_top > 0 || w->pad_left > 0 || w->pad_bottom > 0 || w->pad_right > 0;
}

/* Whether the pixels that `node` reads are planes of the caller. */
static bool reads_planes(const Graph *graph, const Normalized *n) {
  return graph_def(graph, n->pixels->operands[0])->attrs.INPUT.nchw;
}

/* The bytes in windows, instead of patches `node`. */
static void read_bytes(Rewrite *rw, const Node *node, const Normalized *n) {
  Builder b = rewrite_builder(rw, node);
  Window window = node->attrs.PATCHES.window;
  double zero[MAX_CHANNELS];
  for (uint32_t c = 0; c < n->channels; ++c) zero[c] = (0 - n->bias[c]) / n->gain[c];
  ValueId around = VALUE_NONE;
  if (has_padding(&window)) {
    around = build_constant(b, recipe_numbers(rw->to->recipes, zero, n->channels));
  }
  rewrite_set(rw, node_result(node, 0),
              build_patches(b, rewrite_get(rw, n->pixels->operands[0]), around, window,
                            reads_planes(rw->from, n)));
}

/* w [C,...] with the last channel first. */
static const Recipe *last_first(RecipeTable *table, const Recipe *w) {
  int64_t last = w->type.dims[0] - 1;
  const Recipe *result = recipe_slice(table, w, last, 1);
  while (last-- > 0) result = recipe_concat(table, result, recipe_slice(table, w, last, 1));
  return result;
}

/* The weights w of `patches` as [C,O,taps]; channels as the caller has them. */
static const Recipe *channels_outermost(RecipeTable *table, const Recipe *w,
                                        const AttrsPATCHES *patches, const Normalized *n) {
  static const uint32_t from_planes[3] = {1, 0, 2}, from_pixels[3] = {2, 0, 1};
  bool first = patches->channels_first;
  int64_t rows = w->type.dims[0], taps = w->type.dims[1] / n->channels;
  Type type =
      type_make(3, (int64_t[]){rows, first ? n->channels : taps, first ? taps : n->channels});
  w = recipe_permute(table, recipe_reshape(table, w, type), first ? from_planes : from_pixels);
  return n->pixels->attrs.PIXELS.reversed ? last_first(table, w) : w;
}

/* The way back. */
static const Recipe *matrix_of(RecipeTable *table, const Recipe *w, bool channels_first) {
  static const uint32_t planes[3] = {1, 0, 2}, pixels[3] = {1, 2, 0};
  Type type = type_matrix(w->type.dims[1], w->type.dims[0] * w->type.dims[2]);
  w = recipe_permute(table, w, channels_first ? planes : pixels);
  return recipe_reshape(table, w, type);
}

/* FC `node` of patches whose bytes are read as they are. */
static void fold(Rewrite *rw, const Node *node, const Normalized *n) {
  RecipeTable *table = rw->to->recipes;
  const AttrsPATCHES *patches = &graph_def(rw->from, node->operands[0])->attrs.PATCHES;
  const Recipe *bias = pattern_vector(rw->from, node, 2);
  const Recipe *w = graph_recipe(rw->from, node->operands[1]);
  w = channels_outermost(table, w, patches, n);
  const Recipe *shifts = recipe_mul_rows(table, w, recipe_numbers(table, n->bias, n->channels));
  shifts = matrix_of(table, shifts, true);
  Type depth = type_vector(shifts->type.dims[1]);
  const Recipe *moved = recipe_matvec(table, shifts, recipe_fill(table, 1, depth));
  w = recipe_mul_rows(table, w, recipe_numbers(table, n->gain, n->channels));
  Builder b = rewrite_builder(rw, node);
  ValueId matrix = build_constant(b, matrix_of(table, w, reads_planes(rw->from, n)));
  ValueId vector = build_constant(b, bias ? recipe_add(table, bias, moved) : moved);
  rewrite_set(rw, node_result(node, 0),
              build_linear(b, rewrite_get(rw, node->operands[0]), matrix, vector));
}

/* The patches that `node` is, or multiplies, where they vanish; or NULL. */
static const Node *find_patches(const Graph *graph, const Node *node, const bool *vanishes) {
  if (pattern_is_plain_linear(graph, node)) node = graph_def(graph, node->operands[0]);
  return node->op == OP_PATCHES && vanishes[node->operands[0].index] ? node : NULL;
}

Status read_pixels(const PassContext *context, const Graph *graph, const Graph **result) {
  *result = graph;
  if (!graph_has_op(graph, OP_PIXELS)) return STATUS_OK;
  const bool *vanishes = find_vanishing(graph, context->arena);
  Rewrite rw = rewrite_begin(graph, context->arena);
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i], *patches = find_patches(graph, node, vanishes);
    Normalized n;
    if (!patches || !find_pixels(graph, patches->operands[0], &n)) {
      rewrite_copy(&rw, node);
    } else if (node == patches) {
      read_bytes(&rw, node, &n);
    } else {
      fold(&rw, node, &n);
    }
  }
  *result = rewrite_end(&rw);
  return STATUS_OK;
}
