/* Diagnostics for the user: printed to a stream, counted, one line each:
 *
 *   model.json:12:7: error: unknown key "chanels" in conv2d layer
 *   weights.safetensors: error: tensor "head.bias": shape [999], expected [1000]
 *
 * Not thread-safe. A Diag belongs to one compilation.
 */
#ifndef ATMC_SUPPORT_DIAG_H
#define ATMC_SUPPORT_DIAG_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "support/status.h"

/* A position in a file. `line` and `column` count from 1; line 0: the file as a whole. `file` NULL:
 * no file (the command line). `text`, when not NULL, is the whole text of the file: the line is
 * shown with a caret below it. */
typedef struct Position {
  const char *file;
  uint32_t line;
  uint32_t column;
  const char *text;
} Position;

typedef struct Diag {
  FILE *stream; /* NULL: count only */
  uint32_t errors;
  uint32_t warnings;
} Diag;

/* Prints and counts one error; returns STATUS_BAD_INPUT: callers can `return diag_error(...)`. */
Status diag_error(Diag *diag, Position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for failures of the system; returns STATUS_IO. */
Status diag_io_error(Diag *diag, Position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for mistakes on the command line, which has no positions; returns STATUS_USAGE. */
Status diag_usage_error(Diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints and counts what deserves attention but stops nothing. */
void diag_warning(Diag *diag, Position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints what a user may want to know; nothing is counted. */
void diag_note(Diag *diag, Position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The position of a whole file. */
static inline Position diag_file(const char *file) {
  return (Position){.file = file};
}

#endif
