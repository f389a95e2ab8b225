/* How slow this processor is now: what rows may cost is meant for a core that nobody else uses, and
 * a shared one takes twice as long for the same instructions. Measured by what atmc itself does
 * with large files: numbers are put in order, and fresh memory is written.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "hostile.h"

enum { NUMBERS = 1 << 19, FRESH_BYTES = 64 << 20 };
/* Of a Zen 3 at its best. */
static const double USUAL_SECONDS = 0.12;

static double seconds_of_process(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 0;
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const uint32_t *x = a, *y = b;
  return *x < *y ? -1 : *x > *y;
}

double hostile_slowness(void) {
  double begin = seconds_of_process();
  uint32_t *memory =
      mmap(NULL, FRESH_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  memset(memory, 1, FRESH_BYTES);
  for (uint32_t i = 0, random = 1; i < NUMBERS; ++i) {
    random = random * 1664525 + 1013904223;
    memory[i] = random;
  }
  qsort(memory, NUMBERS, sizeof *memory, by_value);
  munmap(memory, FRESH_BYTES);
  double slowness = (seconds_of_process() - begin) / USUAL_SECONDS;
  return slowness > 1 ? slowness : 1;
}
