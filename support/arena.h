/* The folder support/ is what the rest of the compiler stands on: memory, status codes,
 * diagnostics, text, checked arithmetic and files that appear whole or not at all.
 *
 * Region allocator: everything of a graph or of a compilation is freed at once.
 *
 * Not thread-safe. Memory is zeroed and aligned to 16 bytes. Running out of memory ends the process
 * (memory.h).
 */
#ifndef ATMC_SUPPORT_ARENA_H
#define ATMC_SUPPORT_ARENA_H

#include <stdarg.h>
#include <stddef.h>

/* Bytes behind each allocation that are nobody's: where AddressSanitizer watches. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_GUARD 16
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GUARD 16
#endif
#endif
#ifndef ARENA_GUARD
#define ARENA_GUARD 0
#endif

typedef struct Arena Arena;

/* An empty arena, to be freed with arena_free. */
Arena *arena_new(void);
/* Frees the arena and all that was allocated from it. NULL is allowed. */
void arena_free(Arena *arena);
/* Lets `arena` own all of `other`, which is no arena any more. NULL is allowed. */
void arena_adopt(Arena *arena, Arena *other);
/* Frees all that was allocated from it; the arena can be used again. */
void arena_reset(Arena *arena);
/* Says what is being made in it, as "the plan": what a message names when memory runs out. The text
 * must outlive the arena. */
void arena_purpose(Arena *arena, const char *what);
/* The bytes that the arena holds, those that are not given away yet among them. */
size_t arena_bytes(const Arena *arena);

/* `bytes` of zeroed memory; never NULL. */
void *arena_alloc(Arena *arena, size_t bytes) __attribute__((returns_nonnull));
/* `count * size` with the product checked. */
void *arena_array(Arena *arena, size_t count, size_t size);
/* A block of `new_count * size` that starts with the `old_count * size` bytes of `old` (which may
 * be NULL when `old_count` is 0). The old block stays allocated until the arena is freed. */
void *arena_grow(Arena *arena, const void *old, size_t old_count, size_t new_count, size_t size);
/* A copy of the `bytes` of `data`, which may be NULL when there are none. */
void *arena_copy(Arena *arena, const void *data, size_t bytes);
/* A copy of the zero-terminated `text`. */
char *arena_strdup(Arena *arena, const char *text);
/* A zero-terminated copy of the first `length` bytes of `text`, all of which are there. */
char *arena_strndup(Arena *arena, const char *text, size_t length);
/* The formatted text. */
char *arena_printf(Arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));
/* The same of a list of arguments, which is used up. */
char *arena_vprintf(Arena *arena, const char *format, va_list args);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

/* Appends one element to a growable array {items, count, capacity} that lives in `arena`. */
#define ARENA_PUSH(arena, items, count, capacity, element)                          \
  do {                                                                              \
    if ((count) == (capacity)) {                                                    \
      (capacity) = (capacity) ? 2 * (capacity) : 8;                                 \
      (items) = arena_grow((arena), (items), (count), (capacity), sizeof *(items)); \
    }                                                                               \
    (items)[(count)++] = (element);                                                 \
  } while (0)

#endif
