/* Allocation that does not fail: the process ends with a message instead. */
#include "support/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

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

void *memory_new(size_t count, size_t size, const char *what) {
  size_t bytes;
  if (!checked_mul_size(count, size, &bytes)) memory_exhausted(SIZE_MAX, what);
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory) memory_exhausted(bytes, what);
  return memory;
}
