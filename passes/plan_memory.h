/* Placing buffers in one block of memory: lifetimes in, offsets out. */
#ifndef ATMC_PASSES_PLAN_MEMORY_H
#define ATMC_PASSES_PLAN_MEMORY_H

#include <stdint.h>

#include "support/arena.h"

/* A buffer that must keep its bytes from time `first` to time `last`, both included. */
typedef struct Lifetime {
  uint64_t bytes;
  uint32_t first, last;
} Lifetime;

/* Writes an offset (a multiple of PLAN_ALIGN) for each buffer so that no two that live at one time
 * overlap, and returns the bytes needed, a multiple of PLAN_ALIGN too. */
uint64_t plan_memory(const Lifetime *lifetimes, uint32_t count, uint64_t *offsets, Arena *arena);

#endif
