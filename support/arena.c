/* A list of blocks, newest first. Small requests are cut from the newest block; a large one gets a
 * block of its own, which is linked behind the newest so that the rest of that one stays in use.
 *
 * AddressSanitizer knows what was given away, and that ARENA_GUARD bytes behind it are nobody's:
 * who writes past an allocation is found as with malloc. Its blocks are small, for it is slow to
 * clear large ones, and fuzzing makes an arena for each input. */
#include "support/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/checked_math.h"
#include "support/memory.h"
#include "support/panic.h"

#if ARENA_GUARD
#include <sanitizer/asan_interface.h>
#define FORBID(memory, bytes) __asan_poison_memory_region(memory, bytes)
#define ALLOW(memory, bytes) __asan_unpoison_memory_region(memory, bytes)
#else
#define FORBID(memory, bytes) ((void)0)
#define ALLOW(memory, bytes) ((void)0)
#endif

enum {
  ALIGNMENT = 16,
  BLOCK_BYTES = ARENA_GUARD ? 4096 : 64 * 1024,
  LARGE_BYTES = BLOCK_BYTES / 4
};

typedef struct Block Block;
struct Block {
  Block *next;
  size_t used; /* bytes of `data` given away */
  bool small;  /* BLOCK_BYTES of them */
  alignas(ALIGNMENT) char data[];
};

struct Arena {
  Block *blocks; /* NULL before the first allocation */
  size_t bytes;  /* of all blocks */
  const char *purpose;
};

/* Zeros; `what` they are for. Never NULL. */
static void *allocate(size_t bytes, const char *what) {
  void *memory = calloc(1, bytes);
  if (!memory) memory_exhausted(bytes, what);
  return memory;
}

/* A block with room for `data_bytes`, not linked yet. */
static Block *block_new(Arena *arena, size_t data_bytes, size_t used) {
  size_t bytes;
  if (!checked_add_size(sizeof(Block), data_bytes, &bytes)) {
    memory_exhausted(SIZE_MAX, arena->purpose);
  }
  Block *block = allocate(bytes, arena->purpose);
  block->used = used;
  block->small = data_bytes == BLOCK_BYTES && used == 0;
  arena->bytes += bytes;
  return block;
}

Arena *arena_new(void) {
  static const char purpose[] = "the work at hand";
  Arena *arena = allocate(sizeof *arena, purpose);
  arena->purpose = purpose;
  return arena;
}

void arena_purpose(Arena *arena, const char *what) {
  arena->purpose = what;
}

static void free_blocks(Block *block) {
  while (block) {
    Block *next = block->next;
    free(block);
    block = next;
  }
}

void arena_free(Arena *arena) {
  if (!arena) return;
  free_blocks(arena->blocks);
  free(arena);
}

void arena_reset(Arena *arena) {
  Block *kept = arena->blocks;
  if (kept && kept->small) {
    free_blocks(kept->next);
    kept->next = NULL;
    ALLOW(kept->data, BLOCK_BYTES);
    memset(kept->data, 0, kept->used);
    FORBID(kept->data, BLOCK_BYTES);
    kept->used = 0;
    arena->bytes = sizeof(Block) + BLOCK_BYTES;
  } else {
    free_blocks(kept);
    arena->blocks = NULL;
    arena->bytes = 0;
  }
}

void arena_adopt(Arena *arena, Arena *other) {
  if (!other) return;
  Block **last = &other->blocks;
  while (*last) last = &(*last)->next;
  /* Behind the newest block of `arena`, the rest of which stays in use. */
  Block **place = arena->blocks ? &arena->blocks->next : &arena->blocks;
  *last = *place;
  *place = other->blocks;
  arena->bytes += other->bytes;
  free(other);
}

size_t arena_bytes(const Arena *arena) {
  return arena->bytes;
}

/* Its block counts as full: nothing else is cut from it. */
static void *allocate_large(Arena *arena, size_t bytes) {
  Block *block = block_new(arena, bytes, BLOCK_BYTES);
  if (arena->blocks) {
    block->next = arena->blocks->next;
    arena->blocks->next = block;
  } else {
    arena->blocks = block;
  }
  return block->data;
}

void *arena_alloc(Arena *arena, size_t bytes) {
  if (bytes >= LARGE_BYTES) return allocate_large(arena, bytes);
  size_t room = round_up_size(bytes ? bytes : 1, ALIGNMENT) + ARENA_GUARD;
  if (!arena->blocks || arena->blocks->used > BLOCK_BYTES - room) {
    Block *block = block_new(arena, BLOCK_BYTES, 0);
    FORBID(block->data, BLOCK_BYTES);
    block->next = arena->blocks;
    arena->blocks = block;
  }
  void *memory = arena->blocks->data + arena->blocks->used;
  arena->blocks->used += room;
  ALLOW(memory, bytes);
  return memory;
}

void *arena_array(Arena *arena, size_t count, size_t size) {
  size_t bytes;
  if (!checked_mul_size(count, size, &bytes)) memory_exhausted(SIZE_MAX, arena->purpose);
  return arena_alloc(arena, bytes);
}

/* The old elements stay where they are until the arena is freed: pointers to them stay valid. */
void *arena_grow(Arena *arena, const void *old, size_t old_count, size_t new_count, size_t size) {
  CHECK(new_count >= old_count);
  void *memory = arena_array(arena, new_count, size);
  if (old_count) memcpy(memory, old, old_count * size);
  return memory;
}

void *arena_copy(Arena *arena, const void *data, size_t bytes) {
  void *memory = arena_alloc(arena, bytes);
  if (bytes) memcpy(memory, data, bytes);
  return memory;
}

char *arena_strdup(Arena *arena, const char *text) {
  return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(Arena *arena, const char *text, size_t length) {
  char *copy = arena_array(arena, length + 1, 1);
  if (length) memcpy(copy, text, length);
  return copy;
}

char *arena_printf(Arena *arena, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *text = arena_vprintf(arena, format, args);
  va_end(args);
  return text;
}

char *arena_vprintf(Arena *arena, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  CHECK(length >= 0);
  char *text = arena_alloc(arena, (size_t)length + 1);
  vsnprintf(text, (size_t)length + 1, format, args);
  return text;
}
