/* One diagnostic is `position: kind: message`, and below it, where the text of the file is known,
 * the line and a caret. Control characters of the message and of the line are made visible: both
 * may quote untrusted files. Of a long line only the part around the column is shown. */
#include "support/diag.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/panic.h"

enum { TAB_WIDTH = 8, SHOWN_BEFORE = 72, SHOWN_BEHIND = 40 };

static bool is_control(char c) {
  return (unsigned char)c < 0x20 || c == 0x7f;
}

static void print_position(FILE *stream, Position position) {
  if (!position.file) {
    fputs("atmc: ", stream);
  } else if (position.line == 0) {
    fprintf(stream, "%s: ", *position.file ? position.file : "\"\"");
  } else {
    fprintf(stream, "%s:%u:%u: ", position.file, position.line, position.column);
  }
}

static void print_message(FILE *stream, const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  CHECK(length >= 0);
  char *text = memory_new((size_t)length + 1, 1, "a message");
  vsnprintf(text, (size_t)length + 1, format, args);
  for (const char *c = text; *c; ++c) {
    if (is_control(*c)) {
      fprintf(stream, "\\x%02x", (unsigned char)*c);
    } else {
      fputc(*c, stream);
    }
  }
  fputc('\n', stream);
  free(text);
}

/* The first character of line `line` of `text`; NULL when there are fewer lines. */
static const char *find_line(const char *text, uint32_t line) {
  for (uint32_t i = 1; i < line; ++i) {
    text = strchr(text, '\n');
    if (!text) return NULL;
    ++text;
  }
  return text;
}

/* Bytes behind the first of a UTF-8 character take no column on the screen. */
static bool is_continuation(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

/* Prints `c`, which stands at screen column `column`, and returns the next column. */
static uint32_t print_cell(FILE *stream, char c, uint32_t column) {
  if (is_continuation(c)) {
    fputc(c, stream);
    return column;
  }
  if (c != '\t') {
    fputc(is_control(c) ? '?' : c, stream);
    return column + 1;
  }
  uint32_t width = TAB_WIDTH - column % TAB_WIDTH;
  fprintf(stream, "%*s", (int)width, "");
  return column + width;
}

static void print_caret(FILE *stream, Position position) {
  const char *line = find_line(position.text, position.line);
  if (!line || position.column == 0) return;
  size_t length = strcspn(line, "\n");
  if (length && line[length - 1] == '\r') --length;
  size_t at = position.column - 1 < length ? position.column - 1 : length;
  size_t begin = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
  while (begin < at && is_continuation(line[begin])) ++begin;
  size_t end = length - at > SHOWN_BEHIND ? at + SHOWN_BEHIND : length;
  while (end < length && is_continuation(line[end])) ++end;

  uint32_t column = 0;
  uint32_t caret = 0;
  fputs(begin ? "  ..." : "  ", stream);
  for (size_t i = begin; i < end; ++i) {
    if (i == at) caret = column;
    column = print_cell(stream, line[i], column);
  }
  if (at == end) caret = column;
  fprintf(stream, "%s\n%*s^\n", end < length ? "..." : "", (int)(caret + (begin ? 5 : 2)), "");
}

static void report(Diag *diag, Position position, const char *kind, const char *format,
                   va_list args) {
  if (!diag->stream) return;
  print_position(diag->stream, position);
  fprintf(diag->stream, "%s: ", kind);
  print_message(diag->stream, format, args);
  if (position.file && position.line && position.text) print_caret(diag->stream, position);
}

Status diag_error(Diag *diag, Position position, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(diag, position, "error", format, args);
  va_end(args);
  ++diag->errors;
  return STATUS_BAD_INPUT;
}

Status diag_io_error(Diag *diag, Position position, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(diag, position, "error", format, args);
  va_end(args);
  ++diag->errors;
  return STATUS_IO;
}

Status diag_usage_error(Diag *diag, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(diag, (Position){0}, "error", format, args);
  va_end(args);
  ++diag->errors;
  return STATUS_USAGE;
}

void diag_warning(Diag *diag, Position position, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(diag, position, "warning", format, args);
  va_end(args);
  ++diag->warnings;
}
