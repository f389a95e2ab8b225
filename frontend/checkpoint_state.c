/* The tensors of a state: calls of the known functions with a storage, an offset, a size and
 * strides, all of which must agree. What is no such tensor has a problem, which matters where the
 * model wants it. */
#include <inttypes.h>
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "frontend/error_list.h"
#include "support/checked_math.h"
#include "support/utf8.h"

/* Whose names begin a tensor's where training wrapped the model, once or several times. */
static const char *const wrappers[] = {"module.", "_orig_mod."};
enum { WRAPPER_COUNT = sizeof wrappers / sizeof *wrappers, MAX_WRAPPERS = 4 };

/* Problems cost memory each: behind so many, they are worded alike. */
enum { MAX_PROBLEMS = 1000 };

typedef struct State {
  Checkpoint *c;
  const PickleValue *dict;
  ErrorList errors;
  uint32_t problems;
} State;

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

/* The seventh argument says what else is to be done with the numbers, as {"neg": True}. */
static const char *read_marks(Arena *arena, const PickleValue *arguments) {
  const PickleValue *marks = arguments->count > 6 ? arguments->items[6] : NULL;
  if (!marks || marks->kind == PICKLE_NONE) return NULL;
  if (marks->kind != PICKLE_DICT) {
    return arena_printf(arena, "its metadata are %s", unpickle_describe(arena, marks));
  }
  for (uint32_t i = 0; i < marks->count; i += 2) {
    const PickleValue *key = marks->items[i], *value = marks->items[i + 1];
    if (value->kind == PICKLE_BOOL && !value->integer) continue;
    const char *name = key->kind == PICKLE_STRING ? error_list_quote(arena, key->text)
                                                  : unpickle_describe(arena, key);
    return arena_printf(arena,
                        "its metadata say %s, which is not supported; save it with resolve_neg() "
                        "and resolve_conj(), or as a clone",
                        name);
  }
  return NULL;
}

/* Tensors of other kinds than those that are read, by the functions that make them. */
static const struct OddTensor {
  const char *function, *what;
} odd_tensors[] = {
    {"_rebuild_sparse_tensor", "a sparse tensor; save its to_dense()"},
    {"_rebuild_sparse_csr_tensor", "a sparse tensor; save its to_dense()"},
    {"_rebuild_qtensor", "a quantized tensor; save its dequantize()"},
    {"_rebuild_meta_tensor_no_storage", "a tensor on the device meta, which has no numbers"},
    {"_rebuild_nested_tensor", "a nested tensor"},
    {"_rebuild_tensor_v3", "a tensor of a rare element type; save its float()"},
    {"_reconstruct", "an array of numpy; save torch.from_numpy() of it"},
};
enum { ODD_TENSOR_COUNT = sizeof odd_tensors / sizeof *odd_tensors };

static const char *describe_odd(Arena *arena, const PickleValue *value) {
  for (uint32_t i = 0; value->kind == PICKLE_OPAQUE && value->module && i < ODD_TENSOR_COUNT; ++i) {
    if (strcmp(odd_tensors[i].function, value->what) == 0) return odd_tensors[i].what;
  }
  return arena_printf(arena, "%s, not a tensor", unpickle_describe(arena, value));
}

static const char *read_tensor(Checkpoint *c, const PickleValue *value, FileTensor *tensor,
                               View *view) {
  if (value->kind == PICKLE_CALL && value->global->role == PICKLE_PARAMETER &&
      value->arguments->count > 0) {
    value = value->arguments->items[0];
  }
  if (value->kind != PICKLE_CALL || value->global->role != PICKLE_TENSOR) {
    return describe_odd(c->arena, value);
  }
  const char *bad = read_view(c, value->arguments, tensor, view);
  if (!bad) bad = read_marks(c->arena, value->arguments);
  return bad ? bad : place_tensor(c, tensor, view);
}

/* -- all of them ------------------------------------------------------------------------------- */

/* Whether every key has `prefix` behind its first `skip` bytes. */
static bool all_have(const PickleValue *state, size_t skip, const char *prefix) {
  for (uint32_t i = 0; i < state->count; i += 2) {
    const PickleValue *key = state->items[i];
    if (key->kind != PICKLE_STRING || key->count < skip) return false;
    if (strncmp(key->text + skip, prefix, strlen(prefix)) != 0) return false;
  }
  return state->count > 0;
}

/* The bytes of the wrappers' names that all keys begin with. */
static size_t common_prefix(const PickleValue *state) {
  size_t skip = 0;
  for (uint32_t depth = 0; depth < MAX_WRAPPERS; ++depth) {
    uint32_t w = 0;
    while (w < WRAPPER_COUNT && !all_have(state, skip, wrappers[w])) ++w;
    if (w == WRAPPER_COUNT) break;
    skip += strlen(wrappers[w]);
  }
  return skip;
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

/* What makes the file wrong, whatever the model wants; NULL: nothing. */
static const char *refuse(const State *s, const FileTensor *tensor) {
  const Weights *weights = s->c->weights;
  uint32_t other;
  if (weights->tensor_count == WEIGHTS_MAX_TENSORS) return "there are too many before it";
  return name_table_find(&weights->names, tensor->name, &other) ? "there are two of that name"
                                                                : NULL;
}

/* Reads the tensor at the end of the list; what it cannot be is its problem. */
static void read_entry(State *s, const PickleValue *value) {
  Checkpoint *c = s->c;
  Weights *weights = c->weights;
  uint32_t index = weights->tensor_count;
  FileTensor *tensor = &weights->tensors[index];
  View *view = &c->views[index];
  *view = (View){.previous = NO_TENSOR};
  uint64_t begin = index ? weights->tensors[index - 1].end : 0;
  const char *problem = value == s->dict             ? "the state itself, not a tensor"
                        : s->problems > MAX_PROBLEMS ? "not read: there are too many odd ones"
                                                     : read_tensor(c, value, tensor, view);
  if (problem) {
    ++s->problems;
    ++weights->tensor_count;
    *tensor = (FileTensor){.name = tensor->name, .problem = problem, .begin = begin, .end = begin};
    return;
  }
  Storage *storage = &c->storages[view->storage];
  view->previous = storage->last_tensor;
  storage->last_tensor = index;
  ++weights->tensor_count;
}

static void add_entry(State *s, const PickleValue *key, const PickleValue *value, size_t skip) {
  Checkpoint *c = s->c;
  Weights *weights = c->weights;
  if (key->kind != PICKLE_STRING) return; /* nobody can want it */
  if (!is_name(key, skip)) {
    error_list_add(&s->errors, c->position, "a key of the state, %s, cannot name a tensor",
                   error_list_quote(c->arena, key->text));
    return;
  }
  FileTensor *tensor = &weights->tensors[weights->tensor_count];
  *tensor = (FileTensor){.name = key->text + skip};
  const char *bad = refuse(s, tensor);
  if (bad) {
    error_list_add(&s->errors, c->position, "tensor %s: %s",
                   error_list_quote(c->arena, tensor->name), bad);
    return;
  }
  name_table_set(&weights->names, tensor->name, weights->tensor_count);
  read_entry(s, value);
}

Status checkpoint_state_read(Checkpoint *c, const PickleValue *root, const char *state) {
  const PickleValue *dict = root;
  RETURN_IF_ERROR(checkpoint_choose(c, root, state, &dict));
  if (!dict) return STATUS_OK;
  Weights *weights = c->weights;
  uint32_t pairs = dict->count / 2;
  uint32_t room = (pairs < WEIGHTS_MAX_TENSORS ? pairs : WEIGHTS_MAX_TENSORS) + 1;
  weights->tensors = ARENA_ARRAY(c->arena, room, FileTensor);
  c->views = ARENA_ARRAY(c->arena, room, View);
  State s = {
      .c = c, .dict = dict, .errors = {.arena = c->arena, .diag = c->diag, .file = weights->path}};
  size_t skip = common_prefix(dict);
  if (skip) weights->unwrapped = arena_strndup(c->arena, dict->items[0]->text, skip);
  /* Names that are there twice or too long cost time each: no longer than errors are printed. */
  for (uint32_t i = 0; i < dict->count && !error_list_full(&s.errors); i += 2) {
    add_entry(&s, dict->items[i], dict->items[i + 1], skip);
  }
  return error_list_end(&s.errors);
}
