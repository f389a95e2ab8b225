/* Which dict of a checkpoint is the state, and what its tensors are: calls of the known functions
 * with a storage, an offset, a size and strides, all of which must agree. */
#include <inttypes.h>
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "frontend/error_list.h"
#include "support/checked_math.h"
#include "support/string_builder.h"
#include "support/utf8.h"

static const char default_state[] = "model", prefix[] = "module.";

typedef struct State {
  Checkpoint *c;
  const PickleValue *dict;
  ErrorList errors;
} State;

/* -- the state --------------------------------------------------------------------------------- */

/* The string keys of `dict` that have a dict, for messages. */
static const char *list_states(Checkpoint *c, const PickleValue *dict) {
  StringBuilder out = {.arena = c->arena};
  for (uint32_t i = 0; i < dict->count && out.length < 200; i += 2) {
    if (dict->items[i]->kind != PICKLE_STRING || dict->items[i + 1]->kind != PICKLE_DICT) continue;
    string_builder_printf(&out, "%s%s", out.length ? ", " : "",
                          error_list_quote(c->arena, dict->items[i]->text));
  }
  return out.length ? out.text : "none";
}

/* Without --state and without "model": the whole, unless there are dicts in it. */
static Status choose_whole(Checkpoint *c, const PickleValue *root, const PickleValue **state) {
  *state = root;
  for (uint32_t i = 1; i < root->count; i += 2) {
    if (root->items[i]->kind == PICKLE_DICT) {
      return diag_error(c->diag, c->position, "no state \"%s\"; --state=KEY chooses among: %s",
                        default_state, list_states(c, root));
    }
  }
  return STATUS_OK;
}

static Status choose_state(Checkpoint *c, const PickleValue *root, const char *key,
                           const PickleValue **state) {
  if (root->kind != PICKLE_DICT) {
    return diag_error(c->diag, c->position, "the checkpoint is %s, not a dict",
                      unpickle_describe(c->arena, root));
  }
  *state = unpickle_find(root, key ? key : default_state);
  if (!key && (!*state || (*state)->kind == PICKLE_CALL)) return choose_whole(c, root, state);
  if (!*state) {
    return diag_error(c->diag, c->position, "no state %s; there are: %s",
                      error_list_quote(c->arena, key), list_states(c, root));
  }
  if ((*state)->kind != PICKLE_DICT) {
    return diag_error(c->diag, c->position, "state %s is %s, not a dict of tensors",
                      error_list_quote(c->arena, key ? key : default_state),
                      unpickle_describe(c->arena, *state));
  }
  return STATUS_OK;
}

/* -- a tensor ---------------------------------------------------------------------------------- */

/* `tuple` as whole numbers from 0, `*count` of them. */
static bool read_numbers(const PickleValue *tuple, int64_t *out, uint32_t *count) {
  if (tuple->kind != PICKLE_TUPLE || tuple->count > WEIGHTS_MAX_RANK) return false;
  for (uint32_t i = 0; i < tuple->count; ++i) {
    if (tuple->items[i]->kind != PICKLE_INT || tuple->items[i]->integer < 0) return false;
    out[i] = tuple->items[i]->integer;
  }
  *count = tuple->count;
  return true;
}

/* Sets `*bytes` of the dense tensor and `*reach`, the elements of the storage that it needs. */
static bool measure(const FileTensor *tensor, const View *view, size_t *bytes, size_t *reach) {
  bool empty = false, fits = checked_add_size(view->offset, 1, reach);
  *bytes = tensor->element->bytes;
  for (uint32_t d = 0; d < tensor->rank; ++d) {
    size_t span, dim = (size_t)tensor->dims[d];
    empty = empty || dim == 0;
    if (dim == 0) continue;
    fits = fits && checked_mul_size(*bytes, dim, bytes) &&
           checked_mul_size(view->strides[d], dim - 1, &span) &&
           checked_add_size(*reach, span, reach);
  }
  if (empty) *bytes = *reach = 0;
  return fits;
}

/* Reads shape and place of the tensor; what is wrong with them, or NULL. */
static const char *read_view(Checkpoint *c, const PickleValue *arguments, FileTensor *tensor,
                             View *view) {
  int64_t strides[WEIGHTS_MAX_RANK];
  uint32_t rank;
  if (arguments->count < 4) return "its record is not a storage, an offset, a size and strides";
  const PickleValue *offset = arguments->items[1];
  const char *bad = checkpoint_storages_find(c, arguments->items[0], &view->storage);
  if (bad) return bad;
  const PickleGlobal *type = c->storages[view->storage].type;
  tensor->element = type->element ? weights_element_type(type->element) : NULL;
  if (!tensor->element) {
    return arena_printf(c->arena, "elements of a %s are not supported", type->name);
  }
  if (offset->kind != PICKLE_INT || offset->integer < 0) return "its offset is not a whole number";
  if (!read_numbers(arguments->items[2], tensor->dims, &tensor->rank) ||
      !read_numbers(arguments->items[3], strides, &rank) || rank != tensor->rank) {
    return arena_printf(c->arena,
                        "its size and strides are not tuples of equally many whole numbers, "
                        "at most %d",
                        WEIGHTS_MAX_RANK);
  }
  view->offset = (uint64_t)offset->integer;
  for (uint32_t d = 0; d < rank; ++d) view->strides[d] = (uint64_t)strides[d];
  return NULL;
}

/* Its place in the data, behind the tensor before, and that it lies within its storage. */
static const char *place_tensor(Checkpoint *c, FileTensor *tensor, const View *view) {
  const Weights *weights = c->weights;
  const Storage *storage = &c->storages[view->storage];
  size_t bytes, reach;
  const char *shape = weights_shape_text(c->arena, tensor->rank, tensor->dims);
  tensor->begin = weights->tensor_count ? weights->tensors[weights->tensor_count - 1].end : 0;
  if (!measure(tensor, view, &bytes, &reach) ||
      !checked_add_size(tensor->begin, bytes, &tensor->end)) {
    return arena_printf(c->arena, "the size of shape %s overflows", shape);
  }
  if (reach <= storage->elements) return NULL;
  return arena_printf(c->arena,
                      "shape %s at offset %" PRIu64 " reaches element %zu of a storage of %" PRIu64,
                      shape, view->offset, reach - 1, storage->elements);
}

static const char *read_tensor(Checkpoint *c, const PickleValue *value, FileTensor *tensor,
                               View *view) {
  if (value->kind == PICKLE_CALL && value->global->role == PICKLE_PARAMETER &&
      value->arguments->count > 0) {
    value = value->arguments->items[0];
  }
  if (value->kind != PICKLE_CALL || value->global->role != PICKLE_TENSOR) {
    return arena_printf(c->arena, "%s, not a tensor", unpickle_describe(c->arena, value));
  }
  const char *bad = read_view(c, value->arguments, tensor, view);
  return bad ? bad : place_tensor(c, tensor, view);
}

/* -- all of them ------------------------------------------------------------------------------- */

static bool has_prefix(const PickleValue *key) {
  return key->kind == PICKLE_STRING && strncmp(key->text, prefix, sizeof prefix - 1) == 0;
}

/* Where training wrapped the model for several devices. */
static size_t common_prefix(const PickleValue *state) {
  for (uint32_t i = 0; i < state->count; i += 2) {
    if (!has_prefix(state->items[i])) return 0;
  }
  return sizeof prefix - 1;
}

/* A tensor's name must fit a safetensors file too. */
static bool is_name(const PickleValue *key, size_t skip) {
  if (key->kind != PICKLE_STRING || strlen(key->text) != key->count) return false;
  const char *name = key->text + skip, *end = key->text + key->count;
  if (name == end || strcmp(name, "__metadata__") == 0) return false;
  for (size_t length; name < end; name += length) {
    length = utf8_length(name, (size_t)(end - name));
    if (length == 0) return false;
  }
  return true;
}

static void add_tensor(State *s, const PickleValue *key, const PickleValue *value, size_t skip) {
  Checkpoint *c = s->c;
  Weights *weights = c->weights;
  uint32_t index = weights->tensor_count;
  if (!is_name(key, skip)) {
    const char *text = key->kind == PICKLE_STRING ? error_list_quote(c->arena, key->text)
                                                  : unpickle_describe(c->arena, key);
    error_list_add(&s->errors, c->position, "a key of the state, %s, cannot name a tensor", text);
    return;
  }
  FileTensor *tensor = &weights->tensors[index];
  View *view = &c->views[index];
  *view = (View){0};
  *tensor = (FileTensor){.name = key->text + skip};
  uint32_t other;
  const char *bad = index == WEIGHTS_MAX_TENSORS ? "there are too many before it"
                    : value == s->dict           ? "the state itself, not a tensor"
                    : name_table_find(&weights->names, tensor->name, &other)
                        ? "there are two of that name"
                        : read_tensor(c, value, tensor, view);
  if (bad) {
    error_list_add(&s->errors, c->position, "tensor %s: %s",
                   error_list_quote(c->arena, tensor->name), bad);
    return;
  }
  name_table_set(&weights->names, tensor->name, index);
  Storage *storage = &c->storages[view->storage];
  view->previous = storage->last_tensor;
  storage->last_tensor = index;
  ++weights->tensor_count;
}

Status checkpoint_state_read(Checkpoint *c, const PickleValue *root, const char *state) {
  const PickleValue *dict = root;
  RETURN_IF_ERROR(choose_state(c, root, state, &dict));
  Weights *weights = c->weights;
  uint32_t pairs = dict->count / 2;
  uint32_t room = (pairs < WEIGHTS_MAX_TENSORS ? pairs : WEIGHTS_MAX_TENSORS) + 1;
  weights->tensors = ARENA_ARRAY(c->arena, room, FileTensor);
  c->views = ARENA_ARRAY(c->arena, room, View);
  State s = {c, dict, {.arena = c->arena, .diag = c->diag, .file = weights->path}};
  size_t skip = common_prefix(dict);
  /* Names that are there twice or too long cost time each: no longer than errors are printed. */
  for (uint32_t i = 0; i < dict->count && !error_list_full(&s.errors); i += 2) {
    add_tensor(&s, dict->items[i], dict->items[i + 1], skip);
  }
  return error_list_end(&s.errors);
}
