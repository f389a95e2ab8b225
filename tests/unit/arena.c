#include "support/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(arena, memory_is_zeroed_aligned_and_distinct) {
  Arena *arena = arena_new();
  char *previous = NULL;
  for (size_t bytes = 0; bytes < 3000; bytes += 7) {
    char *memory = arena_alloc(arena, bytes);
    cr_assert_eq((uintptr_t)memory % 16, 0);
    for (size_t i = 0; i < bytes; ++i) cr_assert_eq(memory[i], 0);
    memset(memory, 0xff, bytes);
    cr_assert_neq(memory, previous);
    previous = memory;
  }
  arena_free(arena);
  arena_free(NULL);
}

Test(arena, large_blocks_leave_the_small_one_in_use) {
  Arena *arena = arena_new();
  char *before = arena_alloc(arena, 16);
  char *large = arena_alloc(arena, 1 << 20);
  memset(large, 1, 1 << 20);
  cr_assert_eq((char *)arena_alloc(arena, 16), before + 16 + ARENA_GUARD);
  arena_free(arena);

  arena = arena_new();
  cr_assert_not_null(arena_alloc(arena, 1 << 20), "a large block may come first");
  cr_assert_not_null(arena_alloc(arena, 1));
  arena_free(arena);
}

Test(arena, an_arena_owns_what_it_adopts) {
  Arena *arena = arena_new(), *other = arena_new(), *empty = arena_new();
  char *before = arena_alloc(arena, 16), *large = arena_alloc(other, 1 << 20);
  char *small = arena_alloc(other, 16);
  memset(large, 1, 1 << 20);
  memset(small, 2, 16);
  size_t bytes = arena_bytes(arena) + arena_bytes(other);
  arena_adopt(arena, other);
  arena_adopt(arena, empty);
  arena_adopt(arena, NULL);
  cr_assert_eq(arena_bytes(arena), bytes);
  cr_assert_eq((char *)arena_alloc(arena, 16), before + 16 + ARENA_GUARD,
               "its own block stays in use");
  cr_assert_eq(large[(1 << 20) - 1] + small[15], 3);
  other = arena_new();
  arena_adopt(other, arena);
  cr_assert_eq((char *)arena_alloc(other, 16), before + 2 * (16 + ARENA_GUARD),
               "and that of another, without its own");
  arena_free(other);
}

Test(arena, an_empty_arena_is_like_new) {
  Arena *arena = arena_new();
  arena_reset(arena);
  char *first = arena_alloc(arena, 100);
  memset(first, 0xff, 100);
  memset(arena_alloc(arena, 1 << 20), 0xff, 1 << 20);
  arena_reset(arena);
  char *again = arena_alloc(arena, 100);
  cr_assert_eq(again, first);
  for (int i = 0; i < 100; ++i) cr_assert_eq(again[i], 0);
  arena_reset(arena);
  cr_assert_leq(arena_bytes(arena), 1 << 17);
  arena_free(arena);
}

Test(arena, arrays_grow_and_keep_their_elements) {
  Arena *arena = arena_new();
  uint32_t *items = NULL;
  size_t count = 0, capacity = 0;
  for (uint32_t i = 0; i < 100000; ++i) ARENA_PUSH(arena, items, count, capacity, i);
  for (uint32_t i = 0; i < 100000; ++i) cr_assert_eq(items[i], i);
  arena_free(arena);
}

#if ARENA_GUARD
#include <sanitizer/asan_interface.h>

Test(arena, the_sanitizer_knows_where_allocations_end) {
  Arena *arena = arena_new();
  for (size_t bytes = 0; bytes < 40000; bytes = 2 * bytes + 3) {
    char *memory = arena_alloc(arena, bytes);
    cr_assert_null(__asan_region_is_poisoned(memory, bytes));
    cr_assert(__asan_address_is_poisoned(memory + bytes), "behind %zu bytes", bytes);
  }
  char *before = arena_alloc(arena, 16);
  arena_reset(arena);
  cr_assert(__asan_address_is_poisoned(before), "what was freed");
  arena_free(arena);
}
#endif

Test(arena, texts) {
  Arena *arena = arena_new();
  cr_assert_str_eq(arena_strdup(arena, "offsets"), "offsets");
  cr_assert_str_eq(arena_strndup(arena, "offsets", 3), "off");
  cr_assert_str_eq(arena_strndup(arena, "", 0), "");
  cr_assert_str_eq(arena_printf(arena, "%s.%d", "blocks", 7), "blocks.7");
  arena_free(arena);
}

Test(arena, a_size_that_overflows_is_too_much_memory, .exit_code = 3) {
  arena_array(arena_new(), SIZE_MAX / 2, 4);
}
