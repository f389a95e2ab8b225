/* The container of PyTorch before 1.6: pickles of a magic number, the version of the format, the
 * properties of the system, the objects, and the list of the storages' keys; then for each of these
 * the number of its elements, eight bytes, and the elements. A storage's size must be known to find
 * the next one.
 *
 *   | magic | version | system | objects | keys | n elements | n elements | ..
 *   `------------------ pickles ---------------' `- key 0 -'  `- key 1 -'
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "frontend/error_list.h"

enum { LEGACY_VERSION = 1001 };

/* The pickles at the beginning of the file. */
typedef struct Pickles {
  char *data; /* malloced */
  size_t bytes, at;
} Pickles;

/* Reads the pickle at hand and moves on behind it; `name` is for messages. */
static Status next_pickle(Checkpoint *c, Pickles *pickles, const char *name, Pickle *pickle) {
  PickleSource source = {.file = c->position.file,
                         .name = name,
                         .data = pickles->data + pickles->at,
                         .bytes = pickles->bytes - pickles->at};
  RETURN_IF_ERROR(unpickle(c->arena, c->diag, &source, pickle));
  pickles->at += pickle->bytes;
  return STATUS_OK;
}

/* The format had one version. */
static Status check_version(Checkpoint *c, const PickleValue *version) {
  if (version->kind == PICKLE_INT && version->integer == LEGACY_VERSION) return STATUS_OK;
  return diag_error(c->diag, c->position, "the version of the format is not %d", LEGACY_VERSION);
}

/* The elements are read as they are. */
static Status check_system(Checkpoint *c, const PickleValue *system) {
  const PickleValue *little =
      system->kind == PICKLE_DICT ? unpickle_find(system, "little_endian") : NULL;
  if (little && little->kind == PICKLE_BOOL && little->integer) return STATUS_OK;
  return diag_error(c->diag, c->position, "the checkpoint is not little-endian");
}

/* The storage `key` is at `*at`, which moves on behind it. The file says its size once more there.
 */
static Status place_storage(Checkpoint *c, const PickleValue *key, uint64_t *at) {
  uint32_t index;
  uint64_t elements;
  if (key->kind != PICKLE_STRING || !name_table_find(&c->keys, key->text, &index) ||
      c->storages[index].located) {
    return diag_error(c->diag, c->position, "the list of storages has %s that is unknown or twice",
                      unpickle_describe(c->arena, key));
  }
  Storage *storage = &c->storages[index];
  if (c->file_bytes - *at < sizeof elements ||
      c->file_bytes - *at - sizeof elements < storage->bytes) {
    return diag_error(c->diag, c->position,
                      "storage %s of %" PRIu64 " bytes at %" PRIu64
                      " is beyond the end of the file",
                      error_list_quote(c->arena, storage->key), storage->bytes, *at);
  }
  RETURN_IF_ERROR(weights_read_bytes(c->fd, c->diag, c->position.file, *at, (char *)&elements,
                                     sizeof elements));
  if (elements != storage->elements) {
    return diag_error(c->diag, c->position,
                      "storage %s has %" PRIu64 " elements, its tensors expect %" PRIu64,
                      error_list_quote(c->arena, storage->key), elements, storage->elements);
  }
  storage->at = *at + sizeof elements;
  storage->located = true;
  *at = storage->at + storage->bytes;
  return STATUS_OK;
}

/* Whole models were saved with references to their classes: ("module", class, file, source). */
static bool is_class(const PickleValue *id) {
  return id->kind == PICKLE_TUPLE && id->count == 4 && id->items[0]->kind == PICKLE_STRING &&
         strcmp(id->items[0]->text, "module") == 0;
}

/* Storages are known from the objects' references; the list of keys says in which order they
 * follow. */
static Status place_storages(Checkpoint *c, const Pickle *objects, const PickleValue *keys,
                             uint64_t at) {
  for (uint32_t i = 0; i < objects->reference_count; ++i) {
    uint32_t index;
    if (is_class(objects->references[i]->arguments)) continue;
    const char *bad = checkpoint_storages_find(c, objects->references[i], &index);
    if (bad) return diag_error(c->diag, c->position, "a tensor: %s", bad);
  }
  if (keys->kind != PICKLE_LIST) {
    return diag_error(c->diag, c->position, "the list of storages is %s",
                      unpickle_describe(c->arena, keys));
  }
  for (uint32_t i = 0; i < keys->count; ++i) RETURN_IF_ERROR(place_storage(c, keys->items[i], &at));
  return STATUS_OK;
}

static Status read_pickles(Checkpoint *c, Pickles *pickles, Pickle *objects) {
  Pickle magic, version, system, keys;
  RETURN_IF_ERROR(
      weights_read_bytes(c->fd, c->diag, c->position.file, 0, pickles->data, pickles->bytes));
  RETURN_IF_ERROR(next_pickle(c, pickles, "pickle 1 (magic number)", &magic));
  RETURN_IF_ERROR(next_pickle(c, pickles, "pickle 2 (version)", &version));
  RETURN_IF_ERROR(check_version(c, version.root));
  RETURN_IF_ERROR(next_pickle(c, pickles, "pickle 3 (system)", &system));
  RETURN_IF_ERROR(check_system(c, system.root));
  RETURN_IF_ERROR(next_pickle(c, pickles, "pickle 4 (objects)", objects));
  RETURN_IF_ERROR(next_pickle(c, pickles, "pickle 5 (storages)", &keys));
  return place_storages(c, objects, keys.root, pickles->at);
}

/* Reads at most as many bytes as pickles may have: the storages stay in the file. */
static Status open_legacy(Checkpoint *c, Pickle *objects) {
  uint64_t bytes = c->file_bytes < PICKLE_MAX_BYTES ? c->file_bytes : PICKLE_MAX_BYTES;
  Pickles pickles = {.data = malloc(bytes), .bytes = bytes};
  if (!pickles.data) {
    return diag_io_error(c->diag, c->position, "no memory for pickles of %" PRIu64 " bytes", bytes);
  }
  Status status = read_pickles(c, &pickles, objects);
  free(pickles.data);
  return status;
}

static Status locate_legacy(Checkpoint *c, Storage *storage) {
  if (storage->located) return STATUS_OK;
  return diag_error(c->diag, c->position, "storage %s is not in the file",
                    error_list_quote(c->arena, storage->key));
}

static Status read_legacy(Checkpoint *c, const Storage *storage, char *out) {
  return weights_read_bytes(c->fd, c->diag, c->position.file, storage->at, out, storage->bytes);
}

static void close_legacy(Checkpoint *c) {
  (void)c;
}

const Container checkpoint_legacy = {"PyTorch checkpoint of before 1.6", open_legacy, locate_legacy,
                                     read_legacy, close_legacy};
