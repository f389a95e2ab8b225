/* One line on the terminal that says what is being done; nothing where standard error is no
 * terminal. */
#include "driver/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "driver/clock.h"

#define ERASE_LINE "\033[K"

/* Between two lines; of a step, before what is left of it is worth telling. */
static const double EVERY_SECONDS = 0.1, SHORT_SECONDS = 0.5;

Progress progress_begin(Arena *arena, uint32_t steps, bool quiet) {
  return (Progress){.arena = arena, .shown = !quiet && isatty(STDERR_FILENO), .steps = steps};
}

/* The cursor stays at the start of the line, so that whatever is printed next replaces it. */
void progress_step(Progress *progress, const char *what) {
  if (progress->step < progress->steps) ++progress->step;
  arena_purpose(progress->arena, what);
  progress->what = what;
  if (!progress->shown) return;
  progress->begin = progress->reported = clock_seconds();
  fprintf(stderr, ERASE_LINE "[%u/%u] %s\r", progress->step, progress->steps, what);
  fflush(stderr);
}

void progress_share(Progress *progress, double share) {
  if (!progress->shown) return;
  double now = clock_seconds(), elapsed = now - progress->begin;
  if (now - progress->reported < EVERY_SECONDS || share <= 0 || share > 1) return;
  progress->reported = now;
  fprintf(stderr, ERASE_LINE "[%u/%u] %s, %.0f %%", progress->step, progress->steps, progress->what,
          100 * share);
  double left = elapsed * (1 - share) / share;
  if (elapsed >= SHORT_SECONDS) fprintf(stderr, ", %.0f s left", left + 0.5);
  fputc('\r', stderr);
  fflush(stderr);
}

void progress_end(Progress *progress) {
  if (progress->shown) fputs(ERASE_LINE, stderr);
}
