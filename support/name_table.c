/* Open addressing, at most half full; the hash is keyed by the process (support/hash.h), so that a
 * file cannot choose names that fall together. */
#include "support/name_table.h"

#include <string.h>

#include "support/hash.h"

/* The slot that holds `name`, or the free one where it belongs. */
static NameSlot *find_slot(NameSlot *slots, uint32_t capacity, const char *name) {
  uint32_t i = (uint32_t)hash_bytes(0, name, strlen(name)) & (capacity - 1);
  while (slots[i].name && strcmp(slots[i].name, name) != 0) i = (i + 1) & (capacity - 1);
  return &slots[i];
}

bool name_table_find(const NameTable *table, const char *name, uint32_t *index) {
  if (table->count == 0) return false;
  const NameSlot *slot = find_slot(table->slots, table->capacity, name);
  if (slot->name) *index = slot->index;
  return slot->name != NULL;
}

/* `capacity`, a power of two, is larger than before. The old slots stay in the arena. */
static void grow(NameTable *table, uint32_t capacity) {
  NameSlot *slots = ARENA_ARRAY(table->arena, capacity, NameSlot);
  for (uint32_t i = 0; i < table->capacity; ++i) {
    if (table->slots[i].name) *find_slot(slots, capacity, table->slots[i].name) = table->slots[i];
  }
  table->slots = slots;
  table->capacity = capacity;
}

void name_table_reserve(NameTable *table, uint32_t count) {
  uint32_t capacity = 16;
  while (capacity / 2 < count) capacity *= 2;
  if (capacity > table->capacity) grow(table, capacity);
}

void name_table_set(NameTable *table, const char *name, uint32_t index) {
  if (2 * (table->count + 1) > table->capacity) {
    grow(table, table->capacity ? 2 * table->capacity : 16);
  }
  NameSlot *slot = find_slot(table->slots, table->capacity, name);
  if (!slot->name) ++table->count;
  *slot = (NameSlot){name, index};
}
