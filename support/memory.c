/* Allocation that does not fail: the process ends with a message instead. */
#include "support/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "support/checked_math.h"
#include "support/status.h"

/* Nothing here asks for memory: standard error has no buffer. */
_Noreturn void memory_exhausted(size_t bytes, const char *what) {
  if (bytes) {
    fprintf(stderr, "atmc: error: out of memory: %zu bytes for %s\n", bytes, what);
  } else {
    fprintf(stderr, "atmc: error: out of memory for %s\n", what);
  }
  exit(STATUS_IO);
}

enum { LARGE_PAGE = 2 << 20 };

void *memory_try(size_t bytes) {
  if (bytes < LARGE_PAGE) return malloc(bytes ? bytes : 1);
  void *memory;
  if (posix_memalign(&memory, LARGE_PAGE, bytes) != 0) return NULL;
  memory_large_pages(memory, bytes);
  return memory;
}

void memory_large_pages(void *memory, size_t bytes) {
  size_t before = -(uintptr_t)memory % LARGE_PAGE;
  if (bytes < before + LARGE_PAGE) return;
  (void)madvise((char *)memory + before, (bytes - before) / LARGE_PAGE * LARGE_PAGE,
                MADV_HUGEPAGE); /* a hint */
}

void *memory_new(size_t count, size_t size, const char *what) {
  size_t bytes;
  if (!checked_mul_size(count, size, &bytes)) memory_exhausted(SIZE_MAX, what);
  void *memory = memory_try(bytes);
  if (!memory) memory_exhausted(bytes, what);
  return memory;
}

char *memory_text(char *text, const char *what) {
  if (!text) memory_exhausted(0, what);
  return text;
}
