/* The way out for our own bugs: no handlers of exit() run, since what they would tidy may be
 * broken. */
#include "support/panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

_Noreturn void panic_at(const char *file, int line, const char *format, ...) {
  fflush(stdout);
  fprintf(stderr, "atmc: internal error: %s:%d: ", file, line);
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  fflush(stderr);
  _exit(PANIC_EXIT_CODE);
}
