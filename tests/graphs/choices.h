/* What a random graph is made from: a list of numbers, each drawn below a limit. The list is kept,
 * so that a graph can be made again from a part of it: whatever the numbers are, they make a valid
 * graph, and smaller ones a smaller graph. So a failure is shrunk without knowing of graphs. */
#ifndef ATMC_TESTS_CHOICES_H
#define ATMC_TESTS_CHOICES_H

#include <stdbool.h>
#include <stdint.h>

enum { CHOICES_MOST = 4096 };

/* A source of numbers: the same state gives the same ones. */
typedef struct Lot {
  uint64_t state;
} Lot;

/* A number below `limit` (at least 1). */
static inline uint32_t lot_below(Lot *lot, uint32_t limit) {
  lot->state = lot->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(((lot->state >> 32) * limit) >> 32);
}

/* In [-1, 1), a multiple of 2^-23. */
static inline double lot_uniform(Lot *lot) {
  return lot_below(lot, 1 << 24) / (double)(1 << 23) - 1;
}

typedef struct Choices {
  Lot lot;       /* where they are not replayed */
  bool replayed; /* `items` are given; behind them all are 0 */
  uint32_t next, count;
  uint32_t items[CHOICES_MOST];
} Choices;

/* The next number below `limit` (at least 1). 0 is the simplest choice. */
static inline uint32_t choose(Choices *c, uint32_t limit) {
  if (limit < 2) return 0;
  uint32_t at = c->next++;
  if (c->replayed) {
    uint32_t item = at < c->count ? c->items[at] : 0;
    return item < limit ? item : limit - 1;
  }
  uint32_t item = lot_below(&c->lot, limit);
  if (at < CHOICES_MOST) {
    c->items[at] = item;
    c->count = at + 1;
  }
  return at < CHOICES_MOST ? item : 0;
}

/* One time in `times`; never where all choices are 0. */
static inline bool choose_rarely(Choices *c, uint32_t times) {
  return choose(c, times) == times - 1;
}

#endif
