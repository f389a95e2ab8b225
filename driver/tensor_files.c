/* --input and --output: which file is of which tensor of the model, and whether they fit. */
#include "driver/tensor_files.h"

#include <string.h>

#include "driver/label_picture.h"
#include "driver/layout.h"
#include "driver/output.h"
#include "driver/photo.h"
#include "driver/photo_input.h"
#include "support/atomic_file.h"
#include "support/nearest.h"
#include "support/npy.h"

/* The names of a model's inputs or of its outputs. */
typedef struct Names {
  const char *kind; /* "input" */
  const char **items;
  uint32_t count;
} Names;

/* Fills nodes with the inputs too. */
static Names input_names(const Compilation *c, NodeId *nodes) {
  const Graph *graph = c->model->graph;
  Names names = {.kind = "input", .count = graph_inputs(graph, NULL, 0)};
  graph_inputs(graph, nodes, names.count);
  names.items = ARENA_ARRAY(c->arena, names.count, const char *);
  for (uint32_t i = 0; i < names.count; ++i) {
    names.items[i] = graph_node(graph, nodes[i])->attrs.INPUT.name;
  }
  return names;
}

static Names output_names(const Compilation *c) {
  const Graph *graph = c->model->graph;
  Names names = {.kind = "output", .count = graph->output_count};
  names.items = ARENA_ARRAY(c->arena, names.count, const char *);
  for (uint32_t i = 0; i < names.count; ++i) names.items[i] = graph->outputs[i].name;
  return names;
}

/* The usage error, with the nearest name, or the first. */
static Status unknown_name(const Compilation *c, const Names *names, const char *name) {
  const char *near = nearest_name(name, names->items, names->count);
  if (near) {
    return diag_usage_error(c->diag, "--%s: the model has no %s \"%s\"; did you mean %s?",
                            names->kind, names->kind, name, near);
  }
  return diag_usage_error(c->diag, "--%s: the model has no %s \"%s\"; its first is %s", names->kind,
                          names->kind, name, names->items[0]);
}

/* Splits [NAME=]FILE. A text without `=` is a file, for the only tensor. */
static Status split(const Compilation *c, const Names *names, const char *text, uint32_t *index,
                    const char **path) {
  const char *equals = strchr(text, '=');
  *index = 0;
  *path = equals ? equals + 1 : text;
  if (!equals && names->count == 1) return STATUS_OK;
  if (!equals) {
    return diag_usage_error(c->diag, "--%s: the model has %u %ss; say which one as %s=%s",
                            names->kind, names->count, names->kind, names->items[0], text);
  }
  const char *name = arena_strndup(c->arena, text, (size_t)(equals - text));
  for (; *index < names->count; ++*index) {
    if (!strcmp(names->items[*index], name)) return STATUS_OK;
  }
  return unknown_name(c, names, name);
}

/* The path of each tensor; NULL where none was given. */
static Status assign(const Compilation *c, const Names *names, const TextList *list,
                     const char **paths) {
  for (uint32_t i = 0; i < names->count; ++i) paths[i] = NULL;
  for (uint32_t i = 0; i < list->count; ++i) {
    uint32_t index;
    const char *path;
    RETURN_IF_ERROR(split(c, names, list->items[i], &index, &path));
    if (paths[index]) {
      return diag_usage_error(c->diag, "--%s: %s is given twice", names->kind, names->items[index]);
    }
    for (uint32_t j = 0; j < names->count; ++j) {
      if (!paths[j] || strcmp(paths[j], path) != 0 || !strcmp(names->kind, "input")) continue;
      return diag_usage_error(c->diag, "--output: %s is given twice", path);
    }
    paths[index] = path;
  }
  return STATUS_OK;
}

/* "1,3,224,224". */
static const char *dims_text(const Compilation *c, uint32_t rank, const int64_t *dims) {
  StringBuilder text = {.arena = c->arena};
  for (uint32_t i = 0; i < rank; ++i) {
    string_builder_printf(&text, i ? ",%lld" : "%lld", (long long)dims[i]);
  }
  return string_builder_text(&text);
}

/* "N,3,H,W": the shape of `input` as stored, with letters for what is open. */
static const char *form_text(const Compilation *c, const Node *input) {
  static const char *const letters[] = {"N", "H", "W", "C"};
  static const uint32_t stored[2][4] = {{0, 1, 2, 3}, {0, 3, 1, 2}};
  Type declared = input->attrs.INPUT.declared;
  StringBuilder text = {.arena = c->arena};
  for (uint32_t i = 0; i < declared.rank; ++i) {
    uint32_t d = declared.rank == 4 ? stored[input->attrs.INPUT.nchw != 0][i] : i;
    if (i) string_builder_add(&text, ",");
    if (declared.dims[d] == DIM_OPEN) {
      string_builder_add(&text, letters[d]);
    } else {
      string_builder_printf(&text, "%lld", (long long)declared.dims[d]);
    }
  }
  return string_builder_text(&text);
}

/* One image without its dimension of images is a batch of one. */
static void add_batch(Type declared, NpyArray *array) {
  if (array->rank + 1 != declared.rank) return;
  memmove(array->dims + 1, array->dims, array->rank * sizeof *array->dims);
  array->dims[0] = 1;
  ++array->rank;
}

/* What `input`, the model's input `index`, takes: floats, bytes, or a photo. */
static Status read_array(const Compilation *c, const char *path, uint32_t index, const Node *input,
                         NpyArray *array) {
  *array = (NpyArray){0};
  bool photo;
  RETURN_IF_ERROR(photo_is_file(c->diag, path, &photo));
  if (photo) return photo_input_read(c, path, index, input, array);
  bool bytes = input->attrs.INPUT.declared.dtype == DTYPE_U8;
  RETURN_IF_ERROR((bytes ? npy_read_bytes : npy_read)(c->arena, c->diag, path, array));
  add_batch(input->attrs.INPUT.declared, array);
  return STATUS_OK;
}

/* `array` has the rank, the channels and, where it is fixed, the size of `input`; *type is its
 * logical type. */
static Status check_array(const Compilation *c, const char *path, const Node *input,
                          const NpyArray *array, Type *type) {
  Type declared = input->attrs.INPUT.declared;
  bool nchw = input->attrs.INPUT.nchw != 0;
  *type = layout_logical(type_make(array->rank, array->dims), nchw);
  type->dtype = declared.dtype;
  bool fits = array->rank == declared.rank;
  for (uint32_t i = 0; fits && i < declared.rank; ++i) {
    fits = declared.dims[i] == DIM_OPEN || declared.dims[i] == type->dims[i];
  }
  if (fits) return STATUS_OK;
  return diag_error(c->diag, diag_file(path), "shape [%s]; input \"%s\" is [%s]",
                    dims_text(c, array->rank, array->dims), input->attrs.INPUT.name,
                    form_text(c, input));
}

/* Maps of open size must agree in it, all inputs in the number of images. */
static Status same_resolution(const Compilation *c, const char *path, Type first, Type type,
                              bool open) {
  bool same = type.dims[0] == first.dims[0];
  if (open) same = same && type.dims[1] == first.dims[1] && type.dims[2] == first.dims[2];
  if (same) return STATUS_OK;
  return diag_error(c->diag, diag_file(path), "another N, H or W than in the first input");
}

static Shape shape_of(Type type) {
  if (type.rank != 4) return (Shape){type.dims[0], type.dims[1], 1, 1};
  return (Shape){type.dims[0], type.dims[3], type.dims[1], type.dims[2]};
}

Status tensor_files_read(const Compilation *c, const void **data, Shape *shape) {
  uint32_t count = graph_inputs(c->model->graph, NULL, 0);
  NodeId *nodes = ARENA_ARRAY(c->arena, count, NodeId);
  Names names = input_names(c, nodes);
  const char **paths = ARENA_ARRAY(c->arena, count, const char *);
  RETURN_IF_ERROR(assign(c, &names, &c->options->inputs, paths));
  Type first = {0};
  bool found_open = false;
  for (uint32_t i = 0; i < count; ++i) {
    if (!paths[i]) {
      return diag_usage_error(c->diag, "--input: no file for %s", names.items[i]);
    }
    NpyArray array;
    Type type;
    const Node *input = graph_node(c->model->graph, nodes[i]);
    RETURN_IF_ERROR(read_array(c, paths[i], i, input, &array));
    RETURN_IF_ERROR(check_array(c, paths[i], input, &array, &type));
    bool open = shapes_is_open(input);
    RETURN_IF_ERROR(same_resolution(c, paths[i], i ? first : type, type, open && found_open));
    if (i == 0 || (!found_open && (open || (first.rank != 4 && type.rank == 4)))) first = type;
    found_open = found_open || open;
    data[i] = array.bytes ? (const void *)array.bytes : array.data;
  }
  *shape = shape_of(first);
  const char *problem = shapes_problem(*shape, c->arena);
  return problem ? diag_error(c->diag, diag_file(paths[0]), "%s", problem) : STATUS_OK;
}

/* --overlay goes where no output goes. */
static Status check_overlay(const Compilation *c, uint32_t output_count, TensorTargets *targets) {
  const char *path = c->options->overlay;
  if (!path) return STATUS_OK;
  for (uint32_t i = 0; i < output_count; ++i) {
    if (!targets->paths[i] || strcmp(targets->paths[i], path) != 0) continue;
    return diag_usage_error(c->diag, "--overlay: %s is where an output goes", path);
  }
  RETURN_IF_ERROR(label_picture_overlay_check(c, &targets->labels, &targets->photo));
  return output_check(c->options, c->arena, c->diag, path);
}

Status tensor_files_targets(const Compilation *c, TensorTargets *targets) {
  Names names = output_names(c);
  targets->paths = ARENA_ARRAY(c->arena, names.count, const char *);
  RETURN_IF_ERROR(assign(c, &names, &c->options->outputs, targets->paths));
  for (uint32_t i = 0; i < names.count; ++i) {
    const char *path = targets->paths[i];
    if (!path) continue;
    if (label_picture_is_path(path)) RETURN_IF_ERROR(label_picture_check(c, i, path));
    RETURN_IF_ERROR(output_check(c->options, c->arena, c->diag, path));
  }
  return check_overlay(c, names.count, targets);
}

/* The file of output `index`, whose elements as stored are `data`: a picture or an array. */
static Status format_output(const Compilation *c, const char *path, uint32_t index, Type type,
                            void *data, PictureFile *file) {
  if (label_picture_is_path(path)) {
    return label_picture_indexed(c, path, (LabelMap){type, data}, file);
  }
  Type stored = layout_stored(type, c->model->graph->outputs[index].nchw);
  NpyArray array = {.rank = stored.rank, .count = layout_count(stored), .data = data};
  array.descr = dtype_info(type.dtype)->npy;
  memcpy(array.dims, stored.dims, sizeof array.dims);
  npy_format(c->arena, &array, &file->data, &file->bytes);
  return STATUS_OK;
}

/* The file of --overlay. */
static Status format_overlay(const Compilation *c, const TensorTargets *targets,
                             const RunTensors *run, PictureFile *file) {
  const Type *types;
  uint32_t count;
  RETURN_IF_ERROR(
      shapes_input_types(c->model->graph, run->shape, c->arena, c->diag, &types, &count));
  Type photo = types[targets->photo];
  ImageBytes image = {run->inputs[targets->photo], photo.dims[1], photo.dims[2]};
  LabelMap map = {run->types[targets->labels], run->outputs[targets->labels]};
  return label_picture_overlay(c, map, targets->photo, image, file);
}

Status tensor_files_write(const Compilation *c, const TensorTargets *targets,
                          const RunTensors *run) {
  AtomicFiles *files = atomic_files_new(c->arena, c->diag);
  Status status = STATUS_OK;
  PictureFile file;
  for (uint32_t i = 0; i < c->model->graph->output_count && !status; ++i) {
    const char *path = targets->paths[i];
    if (!path) continue;
    status = format_output(c, path, i, run->types[i], run->outputs[i], &file);
    if (!status) status = atomic_files_write(files, path, file.data, file.bytes, false);
  }
  const char *overlay = c->options->overlay;
  if (!status && overlay) status = format_overlay(c, targets, run, &file);
  if (!status && overlay) {
    status = atomic_files_write(files, overlay, file.data, file.bytes, false);
  }
  if (!status) status = output_commit(files, c->diag);
  atomic_files_discard(files);
  return status;
}
