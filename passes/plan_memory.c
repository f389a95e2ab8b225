/* Greedy by size: the largest buffer first, each at the lowest offset that is free during its
 * whole life. The order of equal sizes is that of birth, so that the result is a function of the
 * lifetimes alone.
 *
 *   byte 3   .  .  c  c  c  .
 *   byte 2   a  a  a  .  d  d      a, then b, which may have a's bytes; c above both; d in the gap
 *   byte 1   a  a  a  b  b  b
 *   byte 0   a  a  a  b  b  b
 *   time     0  1  2  3  4  5
 */
#include "passes/plan_memory.h"

#include <stdlib.h>

#include "ir/plan.h"
#include "support/checked_math.h"

/* A buffer at bytes [begin, end) during times [first, last]; before it is placed, begin is 0 and
 * end its size. `index` is its number in `lifetimes`. */
typedef struct Placed {
  uint64_t begin, end;
  uint32_t first, last;
  uint32_t index;
} Placed;

/* For qsort: descending sizes, then ascending births. */
static int by_size(const void *a, const void *b) {
  const Placed *x = a, *y = b;
  if (x->end != y->end) return x->end > y->end ? -1 : 1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* The lowest begin for `buffer` among `placed`, which are sorted by begin. */
static uint64_t find_gap(const Placed *placed, uint32_t count, const Placed *buffer) {
  uint64_t begin = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (placed[i].last < buffer->first || placed[i].first > buffer->last) continue;
    if (placed[i].begin >= begin && placed[i].begin - begin >= buffer->end) break;
    if (placed[i].end > begin) begin = placed[i].end;
  }
  return begin;
}

/* Into `count` buffers that are sorted by begin. */
static void insert(Placed *placed, uint32_t count, Placed buffer) {
  uint32_t i = count;
  for (; i > 0 && placed[i - 1].begin > buffer.begin; --i) placed[i] = placed[i - 1];
  placed[i] = buffer;
}

uint64_t plan_memory(const Lifetime *lifetimes, uint32_t count, uint64_t *offsets, Arena *arena) {
  Placed *waiting = ARENA_ARRAY(arena, count, Placed); /* their `end` is their size */
  Placed *placed = ARENA_ARRAY(arena, count, Placed);
  for (uint32_t i = 0; i < count; ++i) {
    waiting[i] = (Placed){0, round_up_size(lifetimes[i].bytes, PLAN_ALIGN), lifetimes[i].first,
                          lifetimes[i].last, i};
  }
  if (count > 0) qsort(waiting, count, sizeof *waiting, by_size);
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Placed buffer = waiting[i];
    buffer.begin = find_gap(placed, i, &buffer);
    buffer.end += buffer.begin;
    offsets[buffer.index] = buffer.begin;
    if (buffer.end > total) total = buffer.end;
    insert(placed, i, buffer);
  }
  return total;
}
