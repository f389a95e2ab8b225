/* What lowering a layer needs whatever its op: messages at its keys, the tensors that it names, and
 * extents, which tell maps of different sizes apart while H and W are open. */
#include "frontend/layer.h"

#include <inttypes.h>
#include <string.h>

#include "support/checked_math.h"

void layer_error(Lowering *l, const char *key, const char *format, ...) {
  if (l->misfit) return;
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(l->arena, format, args);
  va_end(args);
  Position position =
      key ? json_fields_place(l->source, l->object, key) : json_source_place(l->source, l->object);
  error_list_add(&l->errors, position, "%s", message);
}

bool layer_is_map(Lowering *l, const LayerSpec *spec, const Layer *input) {
  if (graph_type(l->model->graph, input->value).rank == 4) return true;
  layer_error(l, "inputs", "%s needs a map, but %s gives one vector per image", spec->op,
              error_list_quote(l->arena, input->name));
  return false;
}

int32_t layer_axis(Lowering *l, const LayerSpec *spec) {
  if (strcmp(spec->axis, "h") == 0) return 1;
  if (strcmp(spec->axis, "w") == 0) return 2;
  layer_error(l, "axis", "\"axis\" must be \"h\" or \"w\", not %s",
              error_list_quote(l->arena, spec->axis));
  return 0;
}

bool layer_ratio_fits(Lowering *l, const LayerSpec *spec, int64_t channels) {
  if (channels <= LAYER_MAX_CHANNELS / spec->mlp_ratio) return true;
  layer_error(l, "mlp_ratio",
              "%" PRId64 " channels times %" PRId64 " are more than %d hidden channels", channels,
              spec->mlp_ratio, LAYER_MAX_CHANNELS);
  return false;
}

/* Channels are never open. */
bool layer_is_open(const Lowering *l, const Layer *map) {
  Type type = graph_type(l->model->graph, map->value);
  return type.dims[1] == DIM_OPEN || type.dims[2] == DIM_OPEN;
}

int64_t layer_channels(const Lowering *l, const Layer *input) {
  return type_channels(graph_type(l->model->graph, input->value));
}

void layer_add_part(Lowering *l, const Layer *layer, uint32_t number, ValueId value,
                    ExtentId extent) {
  Layer part = *layer;
  part.name = arena_printf(l->arena, "%s.%u", layer->name, number);
  part.value = value;
  part.extent = extent;
  name_table_set(&l->layer_names, part.name, l->layer_count);
  ARENA_PUSH(l->arena, l->layers, l->layer_count, l->layer_capacity, part);
}

/* Notes a tensor, and counts its elements: the first one beyond LAYER_MAX_PARAMETERS is
 * reported. */
static void add_need(Lowering *l, const char *name, Type type) {
  int64_t count = 0;
  bool fitted = l->parameters <= LAYER_MAX_PARAMETERS;
  if (!type_count(type, &count) || !checked_add_i64(l->parameters, count, &l->parameters)) {
    l->parameters = INT64_MAX;
  }
  if (fitted && l->parameters > LAYER_MAX_PARAMETERS) {
    layer_error(l, NULL, "the model has more than %" PRId64 " parameters", LAYER_MAX_PARAMETERS);
  }
  WeightNeed need = {
      .name = name, .type = type, .position = json_source_place(l->source, l->object)};
  name_table_set(&l->need_names, name, l->need_count);
  ARENA_PUSH(l->growing, l->needs, l->need_count, l->need_capacity, need);
}

const Recipe *layer_tensor(Lowering *l, const char *prefix, const char *suffix, Type type) {
  const char *name = arena_printf(l->arena, "%s.%s", prefix, suffix);
  uint32_t index;
  if (!name_table_find(&l->need_names, name, &index)) {
    add_need(l, name, type);
  } else if (!type_equal(l->needs[index].type, type)) {
    char here[TYPE_TEXT_MAX], there[TYPE_TEXT_MAX];
    layer_error(l, "name", "tensor %s is %s here, but %s in line %u",
                error_list_quote(l->arena, name), type_format(type, here),
                type_format(l->needs[index].type, there), l->needs[index].position.line);
  }
  return recipe_tensor(l->model->graph->recipes, name, type);
}

void layer_constant(Lowering *l, const char *prefix, const char *suffix, const Recipe *value) {
  WeightConstant constant = {arena_printf(l->arena, "%s.%s", prefix, suffix), value,
                             json_source_place(l->source, l->object)};
  ARENA_PUSH(l->arena, l->constants, l->constant_count, l->constant_capacity, constant);
}

const char *layer_part(Lowering *l, const LayerSpec *spec, const char *part) {
  return arena_printf(l->arena, "%s.%s", spec->name, part);
}

ValueId layer_linear(Lowering *l, const char *prefix, ValueId x, int64_t channels, bool bias) {
  Builder b = l->builder;
  int64_t depth = type_channels(graph_type(b.graph, x));
  const Recipe *weight = layer_tensor(l, prefix, "weight", type_matrix(channels, depth));
  ValueId w = build_constant(b, weight), v = VALUE_NONE;
  if (bias) v = build_constant(b, layer_tensor(l, prefix, "bias", type_vector(channels)));
  return build_linear(b, x, w, v);
}

ValueId layer_norm(Lowering *l, const char *prefix, ValueId x, double eps) {
  Builder b = l->builder;
  Type type = type_vector(type_channels(graph_type(b.graph, x)));
  ValueId gain = build_constant(b, layer_tensor(l, prefix, "weight", type));
  ValueId bias = build_constant(b, layer_tensor(l, prefix, "bias", type));
  return build_layer_norm(b, x, gain, bias, eps);
}

ValueId layer_mix_rows(Lowering *l, const char *prefix, ValueId x, AttrsMIX_ROWS a) {
  Builder b = l->builder;
  int64_t from = (int64_t)a.in_h * a.in_w, to = (int64_t)a.out_h * a.out_w;
  ValueId w = build_constant(b, layer_tensor(l, prefix, "weight", type_matrix(to, from)));
  ValueId v = build_constant(b, layer_tensor(l, prefix, "bias", type_vector(to)));
  return build_mix_rows(b, x, w, v, a);
}

ValueId layer_batch_norm(Lowering *l, const char *prefix, ValueId x, double eps) {
  Builder b = l->builder;
  RecipeTable *table = b.graph->recipes;
  Type type = type_vector(type_channels(graph_type(b.graph, x)));
  const Recipe *weight = layer_tensor(l, prefix, "weight", type);
  const Recipe *bias = layer_tensor(l, prefix, "bias", type);
  const Recipe *mean = layer_tensor(l, prefix, "running_mean", type);
  const Recipe *variance = layer_tensor(l, prefix, "running_var", type);
  const Recipe *safe = recipe_add(table, variance, recipe_fill(table, eps, type));
  const Recipe *gain = recipe_mul(table, weight, recipe_rsqrt(table, safe));
  const Recipe *moved =
      recipe_mul(table, recipe_mul(table, mean, gain), recipe_fill(table, -1, type));
  x = build_mul(b, x, build_constant(b, gain));
  return build_add(b, x, build_constant(b, recipe_add(table, bias, moved)));
}

ValueId layer_mlp(Lowering *l, const char *prefix, ValueId x, int64_t hidden) {
  int64_t channels = type_channels(graph_type(l->builder.graph, x));
  ValueId y = layer_linear(l, arena_printf(l->arena, "%s.fc1", prefix), x, hidden, true);
  y = build_gelu(l->builder, y);
  return layer_linear(l, arena_printf(l->arena, "%s.fc2", prefix), y, channels, true);
}

/* -- extents ----------------------------------------------------------------------------------- */

/* Ids are indices: equal extents that come from numbers or windows have one id, so that ids
 * compare. */
static ExtentId add_extent(Lowering *l, Extent extent) {
  ARENA_PUSH(l->arena, l->extents, l->extent_count, l->extent_capacity, extent);
  return l->extent_count - 1;
}

ExtentId layer_input_extent(Lowering *l) {
  return add_extent(l, (Extent){.kind = EXTENT_INPUT});
}

ExtentId layer_derived_extent(Lowering *l) {
  return add_extent(l, (Extent){.kind = EXTENT_DERIVED});
}

ExtentId layer_size_extent(Lowering *l, int64_t height, int64_t width) {
  for (ExtentId i = 0; i < l->extent_count; ++i) {
    const Extent *extent = &l->extents[i];
    if (extent->kind == EXTENT_SIZE && extent->height == height && extent->width == width) return i;
  }
  return add_extent(l, (Extent){.kind = EXTENT_SIZE, .height = height, .width = width});
}

/* Whether there are as many places as elements on the axis. */
static bool keeps_size(WindowAxis axis) {
  return axis.stride == 1 && axis.before + axis.behind == window_extent(axis) - 1;
}

ExtentId layer_window_extent(Lowering *l, ExtentId before, Window window) {
  if (keeps_size(window_rows(&window)) && keeps_size(window_columns(&window))) return before;
  for (ExtentId i = 0; i < l->extent_count; ++i) {
    const Extent *extent = &l->extents[i];
    if (extent->kind == EXTENT_WINDOW && extent->before == before &&
        window_equal(&extent->window, &window)) {
      return i;
    }
  }
  return add_extent(l, (Extent){.kind = EXTENT_WINDOW, .before = before, .window = window});
}

/* What the windows of an extent begin with. */
static ExtentKind root_kind(const Lowering *l, ExtentId id) {
  while (l->extents[id].kind == EXTENT_WINDOW) id = l->extents[id].before;
  return l->extents[id].kind;
}

bool layer_extents_meet(const Lowering *l, ExtentId a, ExtentId b) {
  if (a == b) return true;
  if (a == EXTENT_NONE || b == EXTENT_NONE) return false;
  if (l->extents[a].kind == EXTENT_SIZE && l->extents[b].kind == EXTENT_SIZE) return false;
  return root_kind(l, a) != EXTENT_INPUT || root_kind(l, b) != EXTENT_INPUT;
}

bool layer_rows_meet(Lowering *l, const Layer *a, const Layer *b) {
  if (layer_extents_meet(l, a->extent, b->extent)) return true;
  bool unknown = a->is_input && b->is_input; /* two inputs of any size */
  layer_error(l, "inputs", "%s and %s %s in height and width", error_list_quote(l->arena, a->name),
              error_list_quote(l->arena, b->name), unknown ? "may differ" : "differ");
  return false;
}
