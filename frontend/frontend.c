/* Reads a model description: the keys of the model, its inputs, its layers one by one, its outputs.
 * Errors are gathered; what depends on a layer that is wrong is not looked at further. */
#include "frontend/frontend.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "frontend/input_pixels.h"
#include "frontend/layer.h"
#include "ir/rewrite.h"
#include "support/atomic_file.h"
#include "support/nearest.h"

enum {
  MODEL_MAX_BYTES = 16 << 20,
  MODEL_MAX_PORTS = 64,
  MODEL_MAX_NAME = 64,
  CLASS_MAX_NAME = 256
};

/* The keys of the model, as they are read. */
typedef struct ModelSpec {
  int64_t atmc;
  const char *name;
  const cJSON *inputs, *layers, *outputs;
  JsonTexts classes;
} ModelSpec;

typedef struct PortSpec { /* an input or an output */
  const char *name;
  const char *layout;
  const char *from;
  int64_t result; /* of the layer's */
  int64_t channels;
  int64_t height, width;        /* of an input that takes one size alone; 0: any */
  const cJSON *pixels, *resize; /* of an input of bytes; NULL: floats, photos as they are */
} PortSpec;

static const JsonField model_fields[] = {
    {"atmc", JSON_INT, true, 1, 1, offsetof(ModelSpec, atmc)},
    {"name", JSON_TEXT, true, 1, MODEL_MAX_NAME, offsetof(ModelSpec, name)},
    {"inputs", JSON_OBJECTS, true, 1, MODEL_MAX_PORTS, offsetof(ModelSpec, inputs)},
    {"layers", JSON_OBJECTS, true, 1, LAYER_MAX_COUNT, offsetof(ModelSpec, layers)},
    {"outputs", JSON_OBJECTS, true, 1, MODEL_MAX_PORTS, offsetof(ModelSpec, outputs)},
    {"classes", JSON_TEXTS, false, 1, CLASS_MAX_NAME, offsetof(ModelSpec, classes)},
};
static const JsonField input_fields[] = {
    {"name", JSON_TEXT, true, 1, MODEL_MAX_NAME, offsetof(PortSpec, name)},
    {"layout", JSON_TEXT, false, 1, 8, offsetof(PortSpec, layout)},
    {"channels", JSON_INT, true, 1, LAYER_MAX_CHANNELS, offsetof(PortSpec, channels)},
    {"height", JSON_INT, false, 1, LAYER_MAX_SIDE, offsetof(PortSpec, height)},
    {"width", JSON_INT, false, 1, LAYER_MAX_SIDE, offsetof(PortSpec, width)},
    {"pixels", JSON_OBJECT, false, 0, 0, offsetof(PortSpec, pixels)},
    {"resize", JSON_OBJECT, false, 0, 0, offsetof(PortSpec, resize)},
};
static const JsonField output_fields[] = {
    {"name", JSON_TEXT, true, 1, MODEL_MAX_NAME, offsetof(PortSpec, name)},
    {"layout", JSON_TEXT, false, 1, 8, offsetof(PortSpec, layout)},
    {"from", JSON_TEXT, false, 1, LAYER_MAX_NAME, offsetof(PortSpec, from)},
    {"result", JSON_INT, false, 0, OP_MAX_RESULTS - 1, offsetof(PortSpec, result)},
};
#define TABLE(what, fields) {what, fields, sizeof(fields) / sizeof *(fields)}
static const JsonFields model_table = TABLE("the model", model_fields);
static const JsonFields input_table = TABLE("the input", input_fields);
static const JsonFields output_table = TABLE("the output", output_fields);

static const LayerFamily *const families[] = {
    &primitives_family, &dense_heads_family, &maps_family,  &layouts_family,
    &atmnet_family,     &cyclemlp_family,    &mixer_family, &resmlp_family,
    &gmlp_family,       &asmlp_family,       &vip_family,   &vmamba_family};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

/* -- names ------------------------------------------------------------------------------------- */

/* Names of the model and of its inputs and outputs become C identifiers. */
static bool check_identifier(Lowering *l, const char *name) {
  bool fits = isalpha((unsigned char)*name) || *name == '_';
  for (const char *c = name; *c; ++c) fits = fits && (isalnum((unsigned char)*c) || *c == '_');
  if (!fits) {
    layer_error(l, "name", "\"name\" must be a C identifier, not %s",
                error_list_quote(l->arena, name));
  }
  return fits;
}

/* Names of layers begin the names of tensors. */
static bool check_layer_name(Lowering *l, const char *name) {
  bool fits = true;
  for (const char *c = name; *c; ++c) {
    fits = fits && (isalnum((unsigned char)*c) || strchr("_.-/", *c));
  }
  if (!fits) {
    layer_error(l, "name", "\"name\" must be letters, digits, '_', '.', '-' and '/', not %s",
                error_list_quote(l->arena, name));
  }
  return fits;
}

/* `named`: others may refer to it by its name. */
static void add_layer(Lowering *l, Layer layer, bool named) {
  if (named) name_table_set(&l->layer_names, layer.name, l->layer_count);
  ARENA_PUSH(l->arena, l->layers, l->layer_count, l->layer_capacity, layer);
}

/* The last layer of that name before; NULL after an error. */
static const Layer *find_layer(Lowering *l, const char *key, const char *name) {
  uint32_t index;
  if (name_table_find(&l->layer_names, name, &index)) return &l->layers[index];
  uint32_t count = error_list_full(&l->errors) ? 0 : l->layer_count;
  const char **names = ARENA_ARRAY(l->arena, count, const char *);
  for (uint32_t i = 0; i < count; ++i) names[i] = l->layers[i].name;
  const char *nearest = nearest_name(name, names, count);
  layer_error(l, key, "no earlier layer is named %s%s", error_list_quote(l->arena, name),
              nearest ? arena_printf(l->arena, "; did you mean \"%s\"?", nearest) : "");
  return NULL;
}

/* -- inputs ------------------------------------------------------------------------------------ */

/* Of maps. */
static bool is_layout(const char *layout) {
  return strcmp(layout, "nchw") == 0 || strcmp(layout, "nhwc") == 0;
}

/* A map whose height and width are known has their extent, wherever it comes from. */
static void settle_extent(Lowering *l, Layer *layer) {
  if (value_is_none(layer->value)) return;
  Type type = graph_type(l->model->graph, layer->value);
  if (type.rank == 4 && type.dims[1] != DIM_OPEN && type.dims[2] != DIM_OPEN) {
    layer->extent = layer_size_extent(l, type.dims[1], type.dims[2]);
  }
}

/* The name of an input is new, and its layout fits what else it says. */
static bool check_input(Lowering *l, const PortSpec *spec) {
  uint32_t index;
  if (!check_identifier(l, spec->name)) return false;
  if (name_table_find(&l->layer_names, spec->name, &index)) {
    layer_error(l, "name", "there are two inputs %s", error_list_quote(l->arena, spec->name));
  } else if (spec->pixels && spec->layout) {
    layer_error(l, "layout", "\"pixels\" has the layout of this input");
  } else if (spec->resize && !spec->pixels) {
    layer_error(l, "resize", "\"resize\" needs \"pixels\" beside it");
  } else if (spec->layout && !is_layout(spec->layout) && strcmp(spec->layout, "nc") != 0) {
    layer_error(l, "layout", "\"layout\" of an input must be \"nchw\", \"nhwc\" or \"nc\", not %s",
                error_list_quote(l->arena, spec->layout));
  } else if (spec->layout && !is_layout(spec->layout) && (spec->height || spec->width)) {
    layer_error(l, spec->height ? "height" : "width",
                "an input of vectors has no height and width");
  } else {
    return true;
  }
  return false;
}

/* The input's node, and what normalizes it where its elements are bytes. */
static ValueId build_port(Lowering *l, const char *name, Type type, const PortSpec *spec,
                          const InputPixels *pixels) {
  bool nchw = strcmp(spec->pixels ? pixels->layout : spec->layout, "nchw") == 0;
  if (!spec->pixels) return build_input(l->builder, name, type, nchw);
  ValueId bytes = build_input(l->builder, name, type_with_dtype(type, DTYPE_U8), nchw);
  l->builder.label = name;
  ValueId value = input_pixels_lower(l, pixels, bytes);
  l->builder.label = NULL;
  return value;
}

/* An input is a layer without an op, so that layers refer to it by its name. */
static void read_input(Lowering *l, const cJSON *object) {
  l->object = object;
  PortSpec spec = {0};
  InputPixels pixels = {0};
  if (!json_fields_read(l->source, object, &input_table, &l->errors, &spec)) return;
  if (!check_input(l, &spec)) return;
  if (spec.pixels && !input_pixels_read(l, spec.pixels, spec.resize, spec.channels, &pixels)) {
    return;
  }
  if (!spec.layout) spec.layout = "nchw";
  bool is_map = is_layout(spec.layout);
  l->pixels[l->layer_count] = pixels.about;
  const char *name = arena_strdup(l->arena, spec.name);
  Type type = is_map ? type_map(DIM_OPEN, spec.height ? spec.height : DIM_OPEN,
                                spec.width ? spec.width : DIM_OPEN, spec.channels)
                     : type_matrix(DIM_OPEN, spec.channels);
  Layer layer = {.name = name,
                 .position = json_source_place(l->source, object),
                 .is_input = true,
                 .value = build_port(l, name, type, &spec, &pixels),
                 .extent = is_map ? layer_input_extent(l) : EXTENT_NONE,
                 .offsets_w = VALUE_NONE,
                 .offsets_h = VALUE_NONE};
  settle_extent(l, &layer);
  add_layer(l, layer, true);
}

/* -- layers ------------------------------------------------------------------------------------ */

/* The row of `op`; NULL after an error, which names the nearest. */
static const LayerOp *find_op(Lowering *l, const char *op) {
  const char *names[64];
  size_t count = 0;
  for (uint32_t f = 0; f < FAMILY_COUNT; ++f) {
    for (uint32_t i = 0; i < families[f]->count; ++i) {
      const LayerOp *row = &families[f]->ops[i];
      if (strcmp(row->op, op) == 0) return row;
      if (count < 64) names[count++] = row->op;
    }
  }
  const char *nearest = nearest_name(op, names, count);
  layer_error(l, "op", "unknown op %s%s", error_list_quote(l->arena, op),
              nearest ? arena_printf(l->arena, "; did you mean \"%s\"?", nearest) : "");
  return NULL;
}

/* The row of the layer at hand; NULL after an error. */
static const LayerOp *read_op(Lowering *l) {
  const cJSON *op = json_source_member(l->object, "op");
  if (cJSON_IsString(op)) return find_op(l, op->valuestring);
  layer_error(l, "op", op ? "\"op\" must be a string" : "the layer has no \"op\"");
  return NULL;
}

/* The layers that this one reads; false after an error, here or in one of them. */
static bool find_inputs(Lowering *l, const LayerOp *op, const LayerSpec *spec,
                        const Layer *inputs[LAYER_MAX_INPUTS]) {
  uint32_t given = spec->inputs.count, least = op->min_inputs, most = op->max_inputs;
  if (given == 0 && least == 1) {
    inputs[0] = &l->layers[l->layer_count - 1];
    return !value_is_none(inputs[0]->value);
  }
  if (given < least || given > most) {
    const char *range = least == most ? "" : arena_printf(l->arena, " to %u", most);
    layer_error(l, "inputs", "%s needs %u%s input%s, not %u", op->op, least, range,
                most == 1 ? "" : "s", given);
    return false;
  }
  bool fits = true;
  for (uint32_t i = 0; i < given; ++i) {
    inputs[i] = find_layer(l, "inputs", spec->inputs.items[i]);
    fits = fits && inputs[i] && !value_is_none(inputs[i]->value);
  }
  return fits;
}

/* Layers may repeat each other's names, and then the last counts; those of inputs stay theirs. */
static bool name_is_free(Lowering *l, const char *name) {
  uint32_t index;
  if (!name_table_find(&l->layer_names, name, &index) || !l->layers[index].is_input) return true;
  layer_error(l, "name", "%s is the name of an input", error_list_quote(l->arena, name));
  return false;
}

/* Calls `lower`. What the types alone tell, with sizes that the model fixes, it leaves to them. */
static void lower_layer(Lowering *l, const LayerOp *op, const LayerSpec *spec,
                        const Layer *const *inputs, Layer *layer) {
  l->builder.label = layer->name;
  l->builder.position = layer->position;
  op->lower(l, spec, inputs, layer);
  if (l->misfit) {
    error_list_add(&l->errors, layer->position, "%s", l->misfit);
    layer->value = VALUE_NONE;
  }
  l->misfit = NULL;
  settle_extent(l, layer);
}

/* Every layer is entered, whether it was right or not: one that was wrong has no value, and what
 * reads it says nothing more. */
static void read_layer(Lowering *l, const cJSON *object) {
  l->object = object;
  Layer layer = {.name = "a layer before",
                 .position = json_source_place(l->source, object),
                 .value = VALUE_NONE,
                 .extent = EXTENT_NONE,
                 .offsets_w = VALUE_NONE,
                 .offsets_h = VALUE_NONE};
  LayerSpec spec = {.stride = {1, 1},
                    .dilation = {1, 1},
                    .bias = true,
                    .count_padding = true,
                    .quantize = true,
                    .eps = LAYER_EPS,
                    .scales = {{1, 2, 3, 6}, 4}};
  const Layer *inputs[LAYER_MAX_INPUTS];
  const LayerOp *op = read_op(l);
  bool fits = op && json_fields_read(l->source, object, &op->keys, &l->errors, &spec);
  if (op) layer.name = arena_strdup(l->arena, spec.name ? spec.name : op->op);
  fits = fits && (!spec.name || (check_layer_name(l, spec.name) && name_is_free(l, spec.name)));
  if (fits && find_inputs(l, op, &spec, inputs)) lower_layer(l, op, &spec, inputs, &layer);
  if (!spec.quantize) {
    ARENA_PUSH(l->arena, l->keep_float, l->keep_float_count, l->keep_float_capacity, layer.name);
  }
  add_layer(l, layer, spec.name != NULL);
}

/* -- outputs ----------------------------------------------------------------------------------- */

/* No two outputs have one name or one value. */
static bool output_is_new(Lowering *l, const char *name, ValueId value) {
  const Graph *graph = l->model->graph;
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    if (strcmp(graph->outputs[i].name, name) == 0) {
      layer_error(l, "name", "there are two outputs %s", error_list_quote(l->arena, name));
      return false;
    }
    if (value_equal(graph->outputs[i].value, value)) {
      layer_error(l, "from", "outputs \"%s\" and \"%s\" are the same layer", graph->outputs[i].name,
                  name);
      return false;
    }
  }
  return true;
}

/* Result `index` of `layer`; false after an error, here or in the layer. */
static bool find_result(Lowering *l, const Layer *layer, int64_t index, ValueId *value) {
  if (value_is_none(layer->value)) return false;
  const Node *node = graph_def(l->model->graph, layer->value);
  value->index = layer->value.index + (uint32_t)index;
  if (index < node->result_count) return true;
  layer_error(l, "result", "%s has no result %" PRId64 "; the last is %u",
              error_list_quote(l->arena, layer->name), index, node->result_count - 1);
  return false;
}

/* An output is a layer's result, in the layout of the caller's choice where it is a map. */
static void read_output(Lowering *l, const cJSON *object) {
  l->object = object;
  PortSpec spec = {0};
  if (!json_fields_read(l->source, object, &output_table, &l->errors, &spec)) return;
  if (!check_identifier(l, spec.name)) return;
  const Layer *layer =
      spec.from ? find_layer(l, "from", spec.from) : &l->layers[l->layer_count - 1];
  ValueId value = VALUE_NONE;
  if (!layer || !find_result(l, layer, spec.result, &value)) return;
  if (!output_is_new(l, spec.name, value)) return;
  bool is_map = graph_type(l->model->graph, value).rank == 4;
  if (layer->is_input) {
    layer_error(l, "from", "an output must be a layer; %s is an input",
                error_list_quote(l->arena, layer->name));
  } else if (spec.layout && (is_map ? !is_layout(spec.layout) : strcmp(spec.layout, "nc") != 0)) {
    layer_error(l, "layout", "\"layout\" of this output must be %s, not %s",
                is_map ? "\"nchw\" or \"nhwc\"" : "\"nc\"",
                error_list_quote(l->arena, spec.layout));
  } else {
    graph_add_output(l->model->graph, arena_strdup(l->arena, spec.name), value,
                     is_map && (!spec.layout || strcmp(spec.layout, "nchw") == 0));
  }
}

/* Names of classes go with the first output that is a vector. */
static void read_classes(Lowering *l, const JsonTexts *classes) {
  const Graph *graph = l->model->graph;
  int64_t channels = 0;
  for (uint32_t i = graph->output_count; i-- > 0;) {
    if (graph_type(graph, graph->outputs[i].value).rank == 2) {
      channels = type_channels(graph_type(graph, graph->outputs[i].value));
    }
  }
  if (classes->count == 0) return;
  if (channels != classes->count) {
    layer_error(l, "classes", "%u class names for an output of %" PRId64 " classes", classes->count,
                channels);
    return;
  }
  const char **names = ARENA_ARRAY(l->arena, classes->count, const char *);
  for (uint32_t i = 0; i < classes->count; ++i) {
    names[i] = arena_strdup(l->arena, classes->items[i]);
  }
  l->model->class_names = names;
  l->model->class_count = classes->count;
}

/* -- the model --------------------------------------------------------------------------------- */

/* Calls `read` for each object of an array of at most `limit`; false, and none is read, where there
 * are more. */
static bool read_each(Lowering *l, const cJSON *array, const char *key, int limit,
                      void (*read)(Lowering *, const cJSON *)) {
  if (cJSON_GetArraySize(array) > limit) {
    error_list_add(&l->errors, json_source_place(l->source, array), "more than %d \"%s\"", limit,
                   key);
    return false;
  }
  for (const cJSON *item = array->child; item; item = item->next) read(l, item);
  return true;
}

/* Lowers the tree of `source` into `model`, whose graph is in `growing`: arrays that grow leave
 * much behind. */
static Status lower_model(Arena *arena, Arena *growing, RecipeTable *recipes,
                          const JsonSource *source, Model *model) {
  Lowering *l = ARENA_NEW(arena, Lowering);
  *l = (Lowering){.arena = arena,
                  .growing = growing,
                  .model = model,
                  .source = source,
                  .errors = {.arena = arena, .diag = source->diag, .file = source->file},
                  .object = source->root,
                  .layer_names.arena = growing,
                  .need_names.arena = growing};
  ModelSpec spec = {0};
  if (!cJSON_IsObject(source->root)) {
    return diag_error(source->diag, json_source_place(source, source->root),
                      "a model must be an object");
  }
  if (!json_fields_read(source, source->root, &model_table, &l->errors, &spec) ||
      !check_identifier(l, spec.name)) {
    return error_list_end(&l->errors);
  }
  model->name = arena_strdup(arena, spec.name);
  model->graph = graph_new(growing, recipes, model->name);
  l->builder = (Builder){.graph = model->graph, .misfit = &l->misfit};
  l->pixels = ARENA_ARRAY(arena, MODEL_MAX_PORTS, Pixels);
  model->pixels = l->pixels;
  read_each(l, spec.inputs, "inputs", MODEL_MAX_PORTS, read_input);
  if (l->errors.count) return error_list_end(&l->errors);
  if (read_each(l, spec.layers, "layers", LAYER_MAX_COUNT, read_layer)) {
    read_each(l, spec.outputs, "outputs", MODEL_MAX_PORTS, read_output);
  }
  l->object = source->root;
  if (!l->errors.count) read_classes(l, &spec.classes);
  model->needs = arena_copy(arena, l->needs, l->need_count * sizeof *l->needs);
  model->need_count = l->need_count;
  model->constants = l->constants;
  model->constant_count = l->constant_count;
  model->keep_float = l->keep_float;
  model->keep_float_count = l->keep_float_count;
  return error_list_end(&l->errors);
}

Status frontend_read_model(Arena *arena, RecipeTable *recipes, Diag *diag, const char *path,
                           Model **model) {
  char *text;
  size_t bytes;
  RETURN_IF_ERROR(atomic_file_read(arena, diag, path, MODEL_MAX_BYTES, &text, &bytes));
  path = arena_strdup(arena, path);
  *model = ARENA_NEW(arena, Model);
  **model = (Model){.path = path, .text = text};
  JsonSource source = {
      .arena = arena, .diag = diag, .file = path, .text = text, .bytes = (uint32_t)bytes};
  Status status = json_source_parse(&source);
  Arena *growing = arena_new();
  if (!status) status = lower_model(arena, growing, recipes, &source, *model);
  if (!status) (*model)->graph = rewrite_all((*model)->graph, arena);
  arena_free(growing);
  json_source_free(&source);
  return status;
}
