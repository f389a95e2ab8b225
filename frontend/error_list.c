/* Errors that are gathered, so that a user sees all of them at once; beyond a number they are only
 * counted. Texts of untrusted files are quoted, escaped and shortened. */
#include "frontend/error_list.h"

#include <string.h>

#include "support/string_builder.h"
#include "support/visible.h"

enum { QUOTE_MAX = 100 }; /* bytes of a text that a message shows */

void error_list_add(ErrorList *list, Position position, const char *format, ...) {
  if (list->count++ >= ERROR_LIST_MAX) return;
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(list->arena, format, args);
  va_end(args);
  diag_error(list->diag, position, "%s", message);
}

Status error_list_end(ErrorList *list) {
  if (list->count == 0) return STATUS_OK;
  if (list->count > ERROR_LIST_MAX) {
    diag_error(list->diag, diag_file(list->file), "and %u more error%s",
               list->count - ERROR_LIST_MAX, list->count == ERROR_LIST_MAX + 1 ? "" : "s");
  }
  return STATUS_BAD_INPUT;
}

const char *error_list_quote(Arena *arena, const char *text) {
  StringBuilder out = {.arena = arena};
  string_builder_add(&out, "\"");
  size_t i = 0, bytes = strlen(text);
  for (size_t length; text[i] && i < QUOTE_MAX; i += length ? length : 1) {
    length = visible_length(text + i, bytes - i);
    if (!length) {
      string_builder_printf(&out, "\\x%02x", (unsigned char)text[i]);
    } else if (text[i] == '"' || text[i] == '\\') {
      string_builder_printf(&out, "\\%c", text[i]);
    } else {
      string_builder_printf(&out, "%.*s", (int)length, text + i);
    }
  }
  string_builder_add(&out, text[i] ? "...\"" : "\"");
  return string_builder_text(&out);
}
