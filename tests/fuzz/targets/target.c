/* What libFuzzer calls. Messages are formatted, and thrown away. */
#define _GNU_SOURCE /* memfd_create */
#include "tests/fuzz/targets/target.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int memory_file = -1;

void target_check(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

const char *target_file(Fuzzed *f) {
  if (memory_file < 0) memory_file = memfd_create("fuzzed", MFD_CLOEXEC);
  target_check(memory_file >= 0 && ftruncate(memory_file, 0) == 0, "a file in memory");
  target_check(pwrite(memory_file, f->data, f->bytes, 0) == (ssize_t)f->bytes, "it can be written");
  return arena_printf(f->arena, "/proc/self/fd/%d", memory_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
  static FILE *nowhere;
  if (!nowhere) nowhere = fopen("/dev/null", "w");
  Fuzzed f = {.arena = arena_new(), .diag = {.stream = nowhere}, .bytes = bytes};
  char *copy = arena_alloc(f.arena, bytes + 1);
  if (bytes) memcpy(copy, data, bytes);
  f.data = copy;
  Status status = target_read(&f);
  if (status == STATUS_OK) {
    target_check(f.diag.errors == 0, "what succeeds reports no error");
  } else {
    target_check(f.diag.errors > 0, "what fails says so");
    target_check(f.diag.errors <= target_most_errors, "one mistake has one message");
  }
  arena_free(f.arena);
  return 0;
}
