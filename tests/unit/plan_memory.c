#include "passes/plan_memory.h"

#include <criterion/criterion.h>

static uint64_t place(const Lifetime *lifetimes, uint32_t count, uint64_t *offsets) {
  Arena *arena = arena_new();
  uint64_t bytes = plan_memory(lifetimes, count, offsets, arena);
  arena_free(arena);
  return bytes;
}

Test(plan_memory, of_nothing_is_nothing) {
  cr_assert_eq(place(NULL, 0, NULL), 0);
}

Test(plan_memory, rounds_to_the_alignment) {
  uint64_t offsets[2];
  Lifetime lifetimes[] = {{100, 0, 1}, {1, 1, 2}};
  cr_assert_eq(place(lifetimes, 2, offsets), 192);
  cr_assert_eq(offsets[0], 0);
  cr_assert_eq(offsets[1], 128);
}

Test(plan_memory, reuses_what_is_over) {
  uint64_t offsets[3];
  Lifetime chain[] = {{640, 0, 1}, {640, 1, 2}, {640, 2, 3}};
  cr_assert_eq(place(chain, 3, offsets), 1280);
  cr_assert_eq(offsets[0], 0);
  cr_assert_eq(offsets[1], 640);
  cr_assert_eq(offsets[2], 0);
}

Test(plan_memory, lives_up_to_and_with_its_last_time) {
  uint64_t offsets[2];
  Lifetime touching[] = {{64, 0, 3}, {64, 3, 4}}, apart[] = {{64, 0, 2}, {64, 3, 4}};
  cr_assert_eq(place(touching, 2, offsets), 128);
  cr_assert_eq(place(apart, 2, offsets), 64);
}

Test(plan_memory, fills_gaps_with_small_buffers) {
  uint64_t offsets[4];
  /* The first dies early; two small ones fit into its place while the large one lives behind it. */
  Lifetime lifetimes[] = {{512, 0, 1}, {1024, 0, 5}, {256, 2, 5}, {256, 3, 5}};
  cr_assert_eq(place(lifetimes, 4, offsets), 1536);
  cr_assert_eq(offsets[1], 0);
  cr_assert_eq(offsets[0], 1024);
  cr_assert_eq(offsets[2], 1024);
  cr_assert_eq(offsets[3], 1280);
}

static bool lives_with(const Lifetime *a, const Lifetime *b) {
  return a->first <= b->last && b->first <= a->last;
}

static bool overlap(const Lifetime *a, uint64_t a_at, const Lifetime *b, uint64_t b_at) {
  return lives_with(a, b) && a_at < b_at + b->bytes && b_at < a_at + a->bytes;
}

Test(plan_memory, never_overlaps_what_lives_together) {
  enum { COUNT = 200 };
  Lifetime lifetimes[COUNT];
  uint64_t offsets[COUNT];
  uint32_t random = 1;
  for (uint32_t round = 0; round < 20; ++round) {
    for (uint32_t i = 0; i < COUNT; ++i) {
      random = random * 1664525 + 1013904223;
      uint32_t first = (random >> 8) % 100, length = (random >> 16) % (1u << random % 8);
      lifetimes[i] = (Lifetime){1 + (random >> 4) % 5000, first, first + length};
    }
    uint64_t bytes = place(lifetimes, COUNT, offsets);
    for (uint32_t i = 0; i < COUNT; ++i) {
      cr_assert_eq(offsets[i] % 64, 0);
      cr_assert_leq(offsets[i] + lifetimes[i].bytes, bytes);
      bool stands = offsets[i] == 0; /* on the floor, or on another one */
      for (uint32_t j = 0; j < COUNT; ++j) {
        if (j == i) continue;
        cr_assert(!overlap(&lifetimes[i], offsets[i], &lifetimes[j], offsets[j]));
        stands |= lives_with(&lifetimes[i], &lifetimes[j]) &&
                  offsets[j] + (lifetimes[j].bytes + 63) / 64 * 64 == offsets[i];
      }
      cr_assert(stands);
    }
  }
}
