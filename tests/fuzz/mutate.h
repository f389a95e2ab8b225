/* Deterministic damage to files: the same seed gives the same bytes. */
#ifndef ATMC_TESTS_MUTATE_H
#define ATMC_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"

typedef struct Random {
  uint64_t state; /* any value is a seed */
} Random;

/* A number below `bound` (at least 1). */
uint32_t mutate_random(Random *random, size_t bound);

typedef struct Bytes {
  char *data; /* in the arena */
  size_t count;
} Bytes;

/* How a file's parts hang together, so that damage can reach behind the first check. */
typedef enum Framing {
  FRAMING_NONE,
  FRAMING_SAFETENSORS, /* 8 bytes with the length of a header, the header, data */
  FRAMING_NPY,         /* magic, version, 2 bytes with the length of a header, the header, data */
} Framing;

/* A damaged copy of `file`: a few changes. Where there is a header, often only the header
 * changes, and its length is put right. */
Bytes mutate_file(Arena *arena, Random *random, Bytes file, Framing framing);

#endif
