#include "driver/sampling.h"

#include <string.h>

#include "driver/layout.h"
#include "ir/rewrite.h"
#include "support/nearest.h"

/* -- finding ----------------------------------------------------------------------------------- */

static bool samples(const Node *node) {
  return node->op == OP_AXIAL_SAMPLE || node->op == OP_DEFORM_PATCHES;
}

static const char *layer_of(const Node *node) {
  return node->label ? node->label : "";
}

static bool is_asked(const TextList *layers, const char *layer) {
  for (uint32_t i = 0; i < layers->count; ++i) {
    if (strcmp(layers->items[i], layer) == 0) return true;
  }
  return layers->count == 0;
}

/* Whether a sampling in front of node `index` moves along the same axis by the same offsets. */
static bool is_repeated(const Graph *graph, uint32_t index) {
  const Node *node = &graph->nodes[index];
  for (uint32_t i = 0; i < index; ++i) {
    const Node *other = &graph->nodes[i];
    if (other->op == node->op && value_equal(other->operands[1], node->operands[1]) &&
        op_attrs_equal(node->op, &other->attrs, &node->attrs)) {
      return true;
    }
  }
  return false;
}

/* Every layer of --layer has a sampling. */
static Status check_layers(const Compilation *c, const TextList *layers, const SamplingList *list,
                           const TextList *known) {
  for (uint32_t i = 0; i < layers->count; ++i) {
    bool found = false;
    for (uint32_t k = 0; k < list->count && !found; ++k) {
      found = strcmp(list->items[k].layer, layers->items[i]) == 0;
    }
    if (found) continue;
    const char *near = nearest_name(layers->items[i], known->items, known->count);
    if (near) {
      return diag_usage_error(c->diag, "--layer: no layer \"%s\" samples; did you mean %s?",
                              layers->items[i], near);
    }
    return diag_usage_error(c->diag, "--layer: no layer \"%s\" samples; the first is %s",
                            layers->items[i], known->items[0]);
  }
  return STATUS_OK;
}

/* The last map that nodes of the layer give; VALUE_NONE: they give none. */
static ValueId last_map(const Graph *graph, const char *layer) {
  ValueId last = VALUE_NONE;
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (node->op == OP_CONSTANT || strcmp(layer_of(node), layer) != 0) continue;
    if (graph_type(graph, node_result(node, 0)).rank == 4) last = node_result(node, 0);
  }
  return last;
}

/* The graph with the offsets, the map and the layer's result of each sampling as its outputs. */
static const Graph *expose(const Graph *graph, const uint32_t *nodes, SamplingList *list,
                           Arena *arena) {
  Graph *exposed = rewrite_all(graph, arena);
  exposed->output_count = 0;
  for (uint32_t i = 0; i < list->count; ++i) {
    const Node *node = &graph->nodes[nodes[i]];
    list->items[i].outputs = exposed->output_count;
    graph_add_output(exposed, arena_printf(arena, "offsets %u", i), node->operands[1], false);
    graph_add_output(exposed, arena_printf(arena, "map %u", i), node->operands[0], false);
    graph_add_output(exposed, arena_printf(arena, "result %u", i),
                     last_map(graph, list->items[i].layer), false);
  }
  return rewrite_drop_dead(exposed, arena);
}

Status sampling_find(Compilation *c, const TextList *layers, SamplingList *list) {
  const Graph *graph = rewrite_all(c->model->graph, c->arena);
  uint32_t *nodes = ARENA_ARRAY(c->arena, graph->node_count, uint32_t);
  TextList known = {0};
  *list = (SamplingList){0};
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const Node *node = &graph->nodes[i];
    if (!samples(node)) continue;
    ARENA_PUSH(c->arena, known.items, known.count, known.capacity, layer_of(node));
    if (!is_asked(layers, layer_of(node)) || (!layers->count && is_repeated(graph, i))) continue;
    nodes[list->count] = i;
    Sampling sampling = {.layer = layer_of(node),
                         .op = node->op,
                         .attrs = node->attrs,
                         .constant = graph_recipe(graph, node->operands[1]) != NULL};
    ARENA_PUSH(c->arena, list->items, list->count, list->capacity, sampling);
  }
  if (!known.count) {
    return diag_error(c->diag, diag_file(c->options->argument), "no layer samples by offsets");
  }
  RETURN_IF_ERROR(check_layers(c, layers, list, &known));
  list->graph = expose(graph, nodes, list, c->arena);
  return STATUS_OK;
}

/* -- running ----------------------------------------------------------------------------------- */

static Extent extent_of(Type type) {
  if (type.rank == 4) return interpret_extent(type);
  return (Extent){1, 1, 1, layout_count(type)};
}

static size_t count_of(Extent e) {
  return e.h * e.w * e.c;
}

/* Keeps what image `index` gave. */
static void keep(Compilation *c, SamplingList *list, uint32_t index, const InterpTensor *outputs) {
  for (uint32_t i = 0; i < list->count; ++i) {
    Sampling *s = &list->items[i];
    const InterpTensor *offsets = &outputs[s->outputs];
    if (index == 0) {
      s->offsets = extent_of(offsets->type);
      s->map = extent_of(outputs[s->outputs + 1].type);
      size_t images = s->constant ? 1 : list->images;
      s->values = ARENA_ARRAY(c->arena, images * count_of(s->offsets), float);
    }
    if (s->constant && index > 0) continue;
    float *values = s->values + (size_t)index * count_of(s->offsets);
    for (size_t k = 0; k < count_of(s->offsets); ++k) values[k] = (float)offsets->data[k];
  }
}

/* Image by image: maps of many would not fit into memory. */
static Status run_image(Compilation *c, const InterpTensor *images, SamplingList *list,
                        uint32_t index) {
  Arena *arena = arena_new();
  uint32_t count = graph_inputs(list->graph, NULL, 0);
  InterpTensor *in = ARENA_ARRAY(arena, count, InterpTensor);
  for (uint32_t i = 0; i < count; ++i) {
    in[i] = images[i];
    in[i].type.dims[0] = 1;
    in[i].data += index * layout_count(in[i].type);
  }
  InterpTensor *outputs = ARENA_ARRAY(arena, list->graph->output_count, InterpTensor);
  WeightSource source = weights_source(c->weights);
  Status status = interp_run(list->graph, &source, arena, c->diag, in, outputs);
  if (!status) keep(c, list, index, outputs);
  arena_free(arena);
  return status;
}

Status sampling_run(Compilation *c, const InterpTensor *images, SamplingList *list) {
  list->images = (uint32_t)images[0].type.dims[0];
  progress_step(&c->progress, "interpreting");
  for (uint32_t i = 0; i < list->images; ++i) {
    RETURN_IF_ERROR(run_image(c, images, list, i));
    progress_share(&c->progress, (double)(i + 1) / list->images);
  }
  progress_end(&c->progress);
  return STATUS_OK;
}

/* -- points ------------------------------------------------------------------------------------ */

static uint32_t scaled(uint32_t at, size_t from, size_t to) {
  uint32_t place = (uint32_t)((2 * (size_t)at + 1) * to / (2 * from));
  return place < to ? place : (uint32_t)to - 1;
}

Token sampling_same_place(Token token, Extent from, Extent to) {
  return (Token){scaled(token.y, from.h, to.h), scaled(token.x, from.w, to.w)};
}

/* The offsets of a token. */
static const float *offsets_of(const Sampling *s, uint32_t image, Token token) {
  if (s->constant) return s->values;
  return s->values + (size_t)image * count_of(s->offsets) +
         ((size_t)token.y * s->offsets.w + token.x) * s->offsets.c;
}

static SamplePoint axial_point(const Sampling *s, const float *offsets, Token token, uint32_t i) {
  const AttrsAXIAL_SAMPLE *a = &s->attrs.AXIAL_SAMPLE;
  double dy = a->axis == 1 ? offsets[i] : 0, dx = a->axis == 2 ? offsets[i] : 0;
  return (SamplePoint){token.y + dy, token.x + dx, a->share};
}

/* Slot `i` is tap i mod taps of group i / taps. */
static SamplePoint deform_point(const Sampling *s, const float *offsets, Token token, uint32_t i) {
  const AttrsDEFORM_PATCHES *a = &s->attrs.DEFORM_PATCHES;
  const Window *w = &a->window;
  int64_t tap = i % (int64_t)window_taps(w);
  int64_t row = tap / w->kernel_w * w->dilation_h, column = tap % w->kernel_w * w->dilation_w;
  double y = (double)(window_corner(window_rows(w), token.y) + row);
  double x = (double)(window_corner(window_columns(w), token.x) + column);
  double channels = (double)s->map.c / a->offset_groups;
  return (SamplePoint){y + offsets[2 * (size_t)i], x + offsets[2 * (size_t)i + 1], channels};
}

const SamplePoint *sampling_points(const Sampling *s, uint32_t image, Token token, Arena *arena,
                                   uint32_t *count) {
  const float *offsets = offsets_of(s, image, token);
  bool axial = s->op == OP_AXIAL_SAMPLE;
  *count = (uint32_t)(axial ? s->offsets.c : s->offsets.c / 2);
  SamplePoint *points = ARENA_ARRAY(arena, *count, SamplePoint);
  for (uint32_t i = 0; i < *count; ++i) {
    points[i] = (axial ? axial_point : deform_point)(s, offsets, token, i);
  }
  return points;
}

const char *sampling_kind(const Sampling *s) {
  if (s->op == OP_DEFORM_PATCHES) return "points";
  return s->attrs.AXIAL_SAMPLE.axis == 2 ? "horizontal" : "vertical";
}
