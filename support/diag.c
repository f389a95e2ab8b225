/* One diagnostic is `position: kind: message`, and below it, where the text of the file is known,
 * the line and a caret. Control characters of the message and of the line are made visible: both
 * may quote untrusted files. Of a long line only the part around the column is shown. */
#include "support/diag.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/memory.h"
#include "support/panic.h"
#include "support/utf8.h"
#include "support/visible.h"

enum { TAB_WIDTH = 8, SHOWN_BEFORE = 72, SHOWN_BEHIND = 40 };

/* The path as it may be shown; an empty one as "". */
static void print_file(FILE *stream, const char *file) {
  visible_print(stream, file, strlen(file));
  if (!*file) fputs("\"\"", stream);
}

static void print_position(FILE *stream, Position position) {
  if (!position.file) {
    fputs("atmc: ", stream);
  } else if (position.line == 0) {
    print_file(stream, position.file);
    fputs(": ", stream);
  } else {
    print_file(stream, position.file);
    fprintf(stream, ":%u:%u: ", position.line, position.column);
  }
}

/* The text of a message, to be freed. Formatted as a whole first: only then is it known what is to
 * be made visible. */
static char *format_message(const char *format, va_list args) {
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  CHECK(length >= 0);
  char *text = memory_new((size_t)length + 1, 1, "a message");
  vsnprintf(text, (size_t)length + 1, format, args);
  return text;
}

/* The first character of line `line` of `text`; NULL when there are fewer lines. */
static const char *find_line(const char *text, uint32_t line) {
  for (; line > 1; ++text) {
    if (!*text) return NULL;
    line -= *text == '\n';
  }
  return text;
}

/* Bytes behind the first of a UTF-8 character take no column on the screen. */
static bool is_continuation(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

/* Prints the character at `text`, of which `available` bytes may be read and which stands at screen
 * column `*column`, and moves that on. Returns its bytes. */
static size_t print_cell(FILE *stream, const char *text, size_t available, uint32_t *column) {
  size_t length = visible_length(text, available);
  if (*text == '\t') {
    uint32_t width = TAB_WIDTH - *column % TAB_WIDTH;
    fprintf(stream, "%*s", (int)width, "");
    *column += width;
    return 1;
  }
  if (length) {
    fwrite(text, 1, length, stream);
  } else {
    fputc('?', stream);
  }
  ++*column;
  size_t hidden = utf8_length(text, available);
  return length ? length : hidden ? hidden : 1;
}

/* The line, or the part of it around the column, and the caret below. Columns count bytes, screens
 * count characters. */
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
  for (size_t i = begin; i < end;) {
    if (i <= at) caret = column;
    i += print_cell(stream, line + i, end - i, &column);
  }
  if (at == end) caret = column;
  fprintf(stream, "%s\n%*s^\n", end < length ? "..." : "", (int)(caret + (begin ? 5 : 2)), "");
}

static void report(Diag *diag, Position position, const char *kind, const char *format,
                   va_list args) {
  if (!diag->stream) return;
  char *text = format_message(format, args); /* there may be no memory: nothing is printed yet */
  print_position(diag->stream, position);
  fprintf(diag->stream, "%s: ", kind);
  visible_print(diag->stream, text, strlen(text));
  fputc('\n', diag->stream);
  free(text);
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

void diag_note(Diag *diag, Position position, const char *format, ...) {
  va_list args;
  va_start(args, format);
  report(diag, position, "note", format, args);
  va_end(args);
}
