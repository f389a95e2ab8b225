/* One line on the terminal that says what is being done; nothing where standard error is no
 * terminal. */
#include "driver/progress.h"

#include <stdio.h>
#include <unistd.h>

#define ERASE_LINE "\033[K"

Progress progress_begin(Arena *arena, uint32_t steps) {
  return (Progress){.arena = arena, .shown = isatty(STDERR_FILENO), .steps = steps};
}

/* The cursor stays at the start of the line, so that whatever is printed next replaces it. */
void progress_step(Progress *progress, const char *what) {
  ++progress->step;
  arena_purpose(progress->arena, what);
  if (!progress->shown) return;
  fprintf(stderr, ERASE_LINE "[%u/%u] %s\r", progress->step, progress->steps, what);
  fflush(stderr);
}

void progress_end(Progress *progress) {
  if (progress->shown) fputs(ERASE_LINE, stderr);
}
