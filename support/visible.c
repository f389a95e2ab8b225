/* What of a text may go to a terminal as it is: no control characters, and none that turn the
 * direction of writing or are not seen. */
#include "support/visible.h"

#include <stdbool.h>
#include <stdint.h>

#include "support/utf8.h"

/* Characters beyond ASCII that are not to be shown, in order. */
static const struct Range {
  uint32_t first, last;
} hidden[] = {{0x80, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
              {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}};
enum { HIDDEN_COUNT = sizeof hidden / sizeof *hidden };

/* The character of `length` bytes at `text`, which is well-formed. */
static uint32_t character(const char *text, size_t length) {
  uint32_t code = (unsigned char)*text;
  if (length == 1) return code;
  code &= 0x7Fu >> length;
  for (size_t i = 1; i < length; ++i) code = code << 6 | ((unsigned char)text[i] & 0x3F);
  return code;
}

static bool is_hidden(uint32_t code) {
  if (code < 0x80) return code < 0x20 || code == 0x7F;
  for (int i = 0; i < HIDDEN_COUNT; ++i) {
    if (code >= hidden[i].first && code <= hidden[i].last) return true;
  }
  return false;
}

size_t visible_length(const char *text, size_t available) {
  size_t length = utf8_length(text, available);
  return length && !is_hidden(character(text, length)) ? length : 0;
}

void visible_print(FILE *stream, const char *text, size_t bytes) {
  for (size_t i = 0; i < bytes;) {
    size_t length = visible_length(text + i, bytes - i);
    if (length) {
      fwrite(text + i, 1, length, stream);
    } else {
      fprintf(stream, "\\x%02x", (unsigned char)text[i]);
    }
    i += length ? length : 1;
  }
}
