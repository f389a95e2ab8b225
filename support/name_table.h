/* A hash table from names to indices, in an arena. Not thread-safe. */
#ifndef ATMC_SUPPORT_NAME_TABLE_H
#define ATMC_SUPPORT_NAME_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "support/arena.h"

typedef struct NameSlot {
  const char *name; /* NULL: free */
  uint32_t index;
} NameSlot;

typedef struct NameTable { /* zero but for `arena`: empty */
  Arena *arena;
  NameSlot *slots; /* [capacity], open addressing; capacity is 0 or a power of two */
  uint32_t count;
  uint32_t capacity;
} NameTable;

/* The index of `name`; false when it is not there. */
bool name_table_find(const NameTable *table, const char *name, uint32_t *index);
/* Makes room for `count` names in all, below 2^30: a table that grows leaves its old slots behind
 * in the arena. */
void name_table_reserve(NameTable *table, uint32_t count);
/* Sets the index of `name`, whose text must outlive the table. */
void name_table_set(NameTable *table, const char *name, uint32_t index);

#endif
