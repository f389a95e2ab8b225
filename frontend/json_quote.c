#include "frontend/json_quote.h"

void json_quote(StringBuilder *out, const char *text) {
  string_builder_add(out, "\"");
  for (const char *c = text; *c; ++c) {
    if ((unsigned char)*c < 0x20) {
      string_builder_printf(out, "\\u%04x", (unsigned)*c);
    } else {
      string_builder_printf(out, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
  }
  string_builder_add(out, "\"");
}
