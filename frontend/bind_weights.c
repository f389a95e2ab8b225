/* Matches the tensors that a model needs with those that a file has. All differences are listed. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/error_list.h"
#include "frontend/weights.h"
#include "frontend/weights_prefix.h"

/* The dimensions that are wanted; of a matrix also those of a 1x1 convolution, which is the same
 * numbers. */
static bool has_shape(const FileTensor *tensor, Type type) {
  bool convolution = type.rank == 2 && tensor->rank == 4;
  if (tensor->rank != type.rank && !convolution) return false;
  for (uint32_t d = 0; d < tensor->rank; ++d) {
    if (tensor->dims[d] != (d < type.rank ? type.dims[d] : 1)) return false;
  }
  return true;
}

/* The file has the tensor, with the shape and an element type that the model takes. */
static void check_need(const Weights *weights, const WeightNeed *need, ErrorList *errors) {
  Position position = diag_file(weights->path);
  Arena *arena = weights->arena;
  const char *name = error_list_quote(arena, need->name);
  const char *shape = weights_shape_text(arena, need->type.rank, need->type.dims);
  uint32_t index;
  if (!name_table_find(&weights->names, need->name, &index)) {
    if (need->optional) return;
    error_list_add(errors, position, "tensor %s %s is missing (layer at %s:%u)", name, shape,
                   need->position.file, need->position.line);
    return;
  }
  const FileTensor *tensor = &weights->tensors[index];
  if (tensor->problem) {
    error_list_add(errors, position, "tensor %s: %s (layer at %s:%u)", name, tensor->problem,
                   need->position.file, need->position.line);
    return;
  }
  if (!has_shape(tensor, need->type)) {
    error_list_add(errors, position, "tensor %s has shape %s, expected %s (layer at %s:%u)", name,
                   weights_shape_text(arena, tensor->rank, tensor->dims), shape,
                   need->position.file, need->position.line);
  } else if (!tensor->element->bindable) {
    error_list_add(errors, position, "tensor %s is %s; weights must be F32, F64, F16 or BF16", name,
                   tensor->element->name);
  }
}

/* Of a head that serves training alone, as frameworks call it. */
static bool is_of_training(const FileTensor *tensor) {
  static const char head[] = "auxiliary_head.";
  return !weights_is_no_float(tensor) && strncmp(tensor->name, head, sizeof head - 1) == 0;
}

/* Floats that nobody needs are errors: most often a name is misspelt on one side. */
static void check_extra(const Weights *weights, const Model *model, ErrorList *errors) {
  NameTable known = {.arena = weights->arena};
  for (uint32_t i = 0; i < model->need_count; ++i) name_table_set(&known, model->needs[i].name, i);
  for (uint32_t i = 0; i < model->constant_count; ++i) {
    name_table_set(&known, model->constants[i].name, i);
  }
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const FileTensor *tensor = &weights->tensors[i];
    uint32_t index;
    if (tensor->problem || weights_is_no_float(tensor) || is_of_training(tensor)) continue;
    if (name_table_find(&known, tensor->name, &index) || error_list_skip(errors)) continue;
    error_list_add(errors, diag_file(weights->path),
                   "tensor %s is not used by the model (--allow-extra ignores it)",
                   error_list_quote(weights->arena, tensor->name));
  }
}

/* Integers that say nothing about a model: counters of batch norms are known to be such. */
static bool is_worth_a_note(const FileTensor *tensor) {
  static const char counter[] = "num_batches_tracked";
  size_t length = strlen(tensor->name);
  if (!weights_is_no_float(tensor)) return false;
  return length < sizeof counter - 1 ||
         strcmp(tensor->name + length - (sizeof counter - 1), counter) != 0;
}

static void note_left_out(const Weights *weights, Diag *diag) {
  uint32_t count;
  const char *names = weights_some(weights, is_worth_a_note, &count);
  if (count) {
    diag_note(diag, diag_file(weights->path), "left out, of other types than floats: %u (%s)",
              count, names);
  }
  names = weights_some(weights, is_of_training, &count);
  if (count) {
    diag_note(diag, diag_file(weights->path), "left out, of training alone: %u (%s)", count, names);
  }
}

/* The channels of the first output that is one vector per image; 0: there is none. */
static int64_t class_count(const Model *model) {
  const Graph *graph = model->graph;
  for (uint32_t i = 0; i < graph->output_count; ++i) {
    Type type = graph_type(graph, graph->outputs[i].value);
    if (type.rank == 2) return type_channels(type);
  }
  return 0;
}

/* Takes the names of classes that the file has, where they are as many as the model's classes. */
static void name_classes(Model *model, const Weights *weights, Diag *diag) {
  ClassNames names = weights->class_names;
  int64_t wanted = class_count(model);
  uint32_t found = names.count;
  if (wanted == 0) return;
  if (!names.count) {
    names = class_names_parse(weights->arena, weights->classes, (uint32_t)wanted, &found);
  }
  if (names.count != wanted) {
    diag_warning(diag, diag_file(weights->path), "%s names %u classes, the model has %lld: ignored",
                 weights->class_names.count ? "its metadata" : "__metadata__.classes", found,
                 (long long)wanted);
    return;
  }
  model->class_names = names.items;
  model->class_count = names.count;
}

/* Of F64, those that are none as floats. */
static uint64_t count_not_finite_f64(const Weights *weights, const FileTensor *tensor) {
  uint64_t count = 0;
  for (uint64_t at = tensor->begin; at < tensor->end; at += sizeof(double)) {
    double value;
    memcpy(&value, weights->data + at, sizeof value);
    count += !isfinite((float)value);
  }
  return count;
}

/* Counts of 32 bits are the wider vectors. */
#define COUNT_NOT_FINITE(name, type)                                             \
  static uint32_t name(const char *data, uint32_t elements, uint32_t exponent) { \
    uint32_t count = 0;                                                          \
    for (uint32_t i = 0; i < elements; ++i) {                                    \
      type bits; /* little-endian (weights.c) */                                 \
      memcpy(&bits, data + i * sizeof bits, sizeof bits);                        \
      count += (bits & exponent) == exponent;                                    \
    }                                                                            \
    return count;                                                                \
  }

COUNT_NOT_FINITE(count_words, uint32_t)
COUNT_NOT_FINITE(count_halves, uint16_t)

/* Infinities and NaN among the elements of `tensor`. */
static uint64_t count_not_finite(const Weights *weights, const FileTensor *tensor) {
  enum { PIECE = 1 << 16 };
  uint32_t bytes = tensor->element->bytes;
  if (bytes == sizeof(double)) return count_not_finite_f64(weights, tensor);
  uint64_t count = 0;
  for (uint64_t at = tensor->begin; at < tensor->end; at += PIECE) {
    uint64_t left = tensor->end - at;
    uint32_t elements = (uint32_t)(left < PIECE ? left : PIECE) / bytes;
    count += (bytes == sizeof(float) ? count_words : count_halves)(weights->data + at, elements,
                                                                   tensor->element->exponent);
  }
  return count;
}

/* They compile, and are seldom meant: a training that diverged. */
static void warn_not_finite(const Weights *weights, const Model *model, Diag *diag) {
  for (uint32_t i = 0; i < model->need_count; ++i) {
    uint32_t index = 0;
    if (!name_table_find(&weights->names, model->needs[i].name, &index)) continue;
    uint64_t count = count_not_finite(weights, &weights->tensors[index]);
    if (count == 0) continue;
    diag_warning(diag, diag_file(weights->path), "tensor %s holds infinities or NaN: %" PRIu64,
                 error_list_quote(weights->arena, model->needs[i].name), count);
  }
}

Status weights_bind(Weights *weights, Model *model, bool allow_extra, Diag *diag) {
  ErrorList errors = {.arena = weights->arena, .diag = diag, .file = weights->path};
  weights_take_renamed(weights, model, diag);
  RETURN_IF_ERROR(weights_find_prefix(weights, model, diag));
  for (uint32_t i = 0; i < model->need_count; ++i) check_need(weights, &model->needs[i], &errors);
  weights_check_constants(weights, model, &errors);
  if (!allow_extra) check_extra(weights, model, &errors);
  bool named = weights->classes || weights->class_names.count;
  if (named && !model->class_names) name_classes(model, weights, diag);
  if (errors.count == 0) warn_not_finite(weights, model, diag);
  if (errors.count == 0) weights_note_rounded(weights, diag);
  if (errors.count == 0 && !allow_extra) note_left_out(weights, diag);
  Status status = error_list_end(&errors);
  if (status) weights_explain(weights, model, diag);
  return status;
}
