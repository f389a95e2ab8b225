/* The storages of a checkpoint: each is known by its key, and however often the pickle refers to
 * it, it says the same type and size. */
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "support/checked_math.h"

/* `id` is ("storage", type, key, device, elements); NULL, or what is wrong. */
static const char *bad_reference(Arena *arena, const PickleValue *id) {
  if (id->kind != PICKLE_TUPLE || id->count < 5) return "its storage is not a tuple of five";
  const PickleValue *key = id->items[2], *elements = id->items[4];
  if (id->items[1]->kind != PICKLE_GLOBAL || id->items[1]->global->role != PICKLE_STORAGE) {
    return arena_printf(arena, "the type of its storage is %s",
                        unpickle_describe(arena, id->items[1]));
  }
  if (key->kind != PICKLE_STRING || strlen(key->text) != key->count) {
    return "its storage has no name";
  }
  if (elements->kind != PICKLE_INT || elements->integer < 0) return "its storage has no size";
  if (id->count > 5 && id->items[5]->kind != PICKLE_NONE) {
    return "its storage is a view of another storage, which is not supported";
  }
  return NULL;
}

const char *checkpoint_storages_find(Checkpoint *c, const PickleValue *reference,
                                     uint32_t *storage) {
  if (reference->kind != PICKLE_PERSISTENT) {
    return arena_printf(c->arena, "its storage is %s", unpickle_describe(c->arena, reference));
  }
  const PickleValue *id = reference->arguments;
  const char *bad = bad_reference(c->arena, id);
  if (bad) return bad;
  Storage new = {.key = id->items[2]->text,
                 .type = id->items[1]->global,
                 .elements = (uint64_t)id->items[4]->integer,
                 .last_tensor = NO_TENSOR};
  if (!checked_mul_size(new.elements, new.type->bytes, &new.bytes)) {
    return "its storage is too large";
  }
  if (name_table_find(&c->keys, new.key, storage)) {
    const Storage *old = &c->storages[*storage];
    bool same = old->type == new.type && old->elements == new.elements;
    return same ? NULL : "its storage has another type or size elsewhere";
  }
  if (c->storage_count == WEIGHTS_MAX_TENSORS) return "there are too many storages";
  *storage = c->storage_count;
  name_table_set(&c->keys, new.key, *storage);
  ARENA_PUSH(c->arena, c->storages, c->storage_count, c->storage_capacity, new);
  return NULL;
}
