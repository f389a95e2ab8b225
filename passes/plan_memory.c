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
#include "support/panic.h"

/* A buffer at bytes [begin, end) during times [first, last]; before it is placed, begin is 0 and
 * end its size. `index` is its number in `lifetimes`. */
typedef struct Placed {
  uint64_t begin, end;
  uint32_t first, last;
  uint32_t index;
} Placed;

enum { LEVELS = 32 };

/* What is placed, to be found by time. Buffers whose lives are shorter than 2^k stand at level k,
 * in bins of 2^k times, by their births: the bins under a life, and the one before them, have all
 * of the level that meets it. Of thousands, few do. */
typedef struct Shelf {
  const Placed **bins[LEVELS]; /* each the last one placed there */
  const Placed **next;         /* [count], in its bin, by index */
  const Placed **met;          /* [count], of one search */
} Shelf;

/* For qsort: descending sizes, then ascending births. */
static int by_size(const void *a, const void *b) {
  const Placed *x = a, *y = b;
  if (x->end != y->end) return x->end > y->end ? -1 : 1;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* For qsort, of pointers. */
static int by_begin(const void *a, const void *b) {
  const Placed *x = *(const Placed *const *)a, *y = *(const Placed *const *)b;
  return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static void put(Shelf *shelf, const Placed *buffer) {
  uint32_t level = 0;
  while ((buffer->last - buffer->first) >> level) ++level;
  CHECK(shelf->bins[level]);
  const Placed **bin = &shelf->bins[level][buffer->first >> level];
  shelf->next[buffer->index] = *bin;
  *bin = buffer;
}

/* Fills `met` with what lives at some time of `buffer`, from the lowest; how many. */
static uint32_t meet(const Shelf *shelf, const Placed *buffer) {
  uint32_t count = 0;
  for (uint32_t level = 0; level < LEVELS && shelf->bins[level]; ++level) {
    uint32_t bin = buffer->first >> level;
    for (bin -= bin > 0; bin <= buffer->last >> level; ++bin) {
      for (const Placed *p = shelf->bins[level][bin]; p; p = shelf->next[p->index]) {
        if (p->first <= buffer->last && p->last >= buffer->first) shelf->met[count++] = p;
      }
    }
  }
  if (count > 1) qsort(shelf->met, count, sizeof(const Placed *), by_begin);
  return count;
}

/* The lowest begin for `buffer`. */
static uint64_t find_gap(const Shelf *shelf, const Placed *buffer) {
  uint64_t begin = 0;
  uint32_t count = meet(shelf, buffer);
  for (uint32_t i = 0; i < count; ++i) {
    const Placed *other = shelf->met[i];
    if (other->begin >= begin && other->begin - begin >= buffer->end) break;
    if (other->end > begin) begin = other->end;
  }
  return begin;
}

static Shelf shelf_new(const Lifetime *lifetimes, uint32_t count, Arena *arena) {
  Shelf shelf = {.next = ARENA_ARRAY(arena, count, const Placed *),
                 .met = ARENA_ARRAY(arena, count, const Placed *)};
  uint32_t last = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (lifetimes[i].last > last) last = lifetimes[i].last;
  }
  for (uint32_t level = 0; level < LEVELS && (level == 0 || last >> (level - 1)); ++level) {
    shelf.bins[level] = ARENA_ARRAY(arena, (last >> level) + 1, const Placed *);
  }
  return shelf;
}

uint64_t plan_memory(const Lifetime *lifetimes, uint32_t count, uint64_t *offsets, Arena *arena) {
  Placed *buffers = ARENA_ARRAY(arena, count, Placed);
  Shelf shelf = shelf_new(lifetimes, count, arena);
  for (uint32_t i = 0; i < count; ++i) {
    buffers[i] = (Placed){0, round_up_size(lifetimes[i].bytes, PLAN_ALIGN), lifetimes[i].first,
                          lifetimes[i].last, i};
  }
  if (count > 0) qsort(buffers, count, sizeof *buffers, by_size);
  uint64_t total = 0;
  for (uint32_t i = 0; i < count; ++i) {
    Placed *buffer = &buffers[i];
    buffer->begin = find_gap(&shelf, buffer);
    buffer->end += buffer->begin;
    offsets[buffer->index] = buffer->begin;
    if (buffer->end > total) total = buffer->end;
    put(&shelf, buffer);
  }
  return total;
}
