/* One reader under libFuzzer: a target is a program with target.c and one of the others. Bytes come
 * in, and what must hold whatever they are is checked; what does not ends the process. */
#ifndef ATMC_TESTS_TARGET_H
#define ATMC_TESTS_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"

typedef struct Fuzzed {
  Arena *arena; /* of this run */
  Diag diag;
  const char *data; /* with a 0 behind it */
  size_t bytes;
} Fuzzed;

/* How many errors a failure may be told in. */
extern const uint32_t target_most_errors;
/* Reads `f`. Where it fails there are errors, at most target_most_errors; else there are none. */
Status target_read(Fuzzed *f);

/* Ends the process, as a finding, unless `holds`. */
void target_check(int holds, const char *what);
/* The bytes as a file in memory: its path. The next call ends it. */
const char *target_file(Fuzzed *f);

#endif
