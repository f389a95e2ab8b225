/* What the compiler is doing right now, on one line of a terminal that the next one overwrites.
 * Silent when standard error is no terminal, and where the user wants it so. */
#ifndef ATMC_DRIVER_PROGRESS_H
#define ATMC_DRIVER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "support/arena.h"

typedef struct Progress {
  Arena *arena;  /* knows what it is for */
  bool shown;    /* standard error is a terminal */
  uint32_t step; /* of `steps` */
  uint32_t steps;
  const char *what;       /* the step is doing */
  double begin, reported; /* clock_seconds: of the step; when its share was shown last */
} Progress;

/* A count of `steps`, none of which has begun. What is made in `arena` is for them. */
Progress progress_begin(Arena *arena, uint32_t steps, bool quiet);
/* The next step begins. `what` is a few words: an error message must cover the line. */
void progress_step(Progress *progress, const char *what);
/* So much of the step is done, 0 to 1: shown with the time that is left, a few times a second. */
void progress_share(Progress *progress, double share);
/* Empties the line. */
void progress_end(Progress *progress);

#endif
