/* All workers sum words of one large block, each task its part. */
#include "driver/bandwidth.h"

#include <stdlib.h>
#include <string.h>

#include "driver/clock.h"
#include "support/memory.h"

/* Larger than the last cache of most machines; a part is small beside it, so that no worker waits
 * long for the last. */
enum { BLOCK_BYTES = 256 << 20, PART_BYTES = 1 << 20, RUNS = 4 };

typedef struct Block {
  const uint64_t *words;
  uint64_t sums[BLOCK_BYTES / PART_BYTES]; /* so that the sums are wanted */
} Block;

/* A KernelFunction. Independent sums, for loads that do not wait for each other. */
static void read_part(void *args, uint32_t task, uint32_t worker) {
  enum { SUMS = 16, WORDS = PART_BYTES / sizeof(uint64_t) };
  Block *block = args;
  const uint64_t *words = block->words + (size_t)task * WORDS;
  uint64_t sums[SUMS] = {0};
  (void)worker;
  for (size_t i = 0; i < WORDS; i += SUMS) {
    for (size_t k = 0; k < SUMS; ++k) sums[k] += words[i + k];
  }
  for (size_t k = 1; k < SUMS; ++k) sums[0] += sums[k];
  block->sums[task] = sums[0];
}

Status bandwidth_measure(Native *native, double *bytes_per_second) {
  Block block;
  uint64_t *words = memory_new(BLOCK_BYTES, 1, "measuring the memory");
  memset(words, 1, BLOCK_BYTES); /* pages of their own, not one of zeros */
  block.words = words;
  *bytes_per_second = 0;
  Status status = STATUS_OK;
  for (int run = 0; run < RUNS && !status; ++run) {
    double begin = clock_seconds();
    status = native_tasks(native, read_part, &block, BLOCK_BYTES / PART_BYTES);
    double rate = BLOCK_BYTES / (clock_seconds() - begin);
    if (rate > *bytes_per_second) *bytes_per_second = rate;
  }
  free(words);
  return status;
}
