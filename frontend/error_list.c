#include "frontend/error_list.h"

#include "support/string_builder.h"

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
  uint32_t i = 0;
  /* A cut falls between characters: not before a continuation byte. */
  for (; text[i] && (i < QUOTE_MAX || ((unsigned char)text[i] & 0xC0) == 0x80); ++i) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c == 0x7F) {
      string_builder_printf(&out, "\\x%02x", c);
    } else {
      string_builder_printf(&out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
  }
  string_builder_add(&out, text[i] ? "...\"" : "\"");
  return string_builder_text(&out);
}
