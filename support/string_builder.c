/* Texts that grow in an arena: always ended by a zero, at least twice as large with each growth. */
#include "support/string_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/panic.h"

/* Makes room for `more` characters and the terminating zero. */
static void reserve(StringBuilder *builder, size_t more) {
  size_t needed = builder->length + more + 1;
  if (needed <= builder->capacity) return;
  size_t capacity = 2 * builder->capacity > needed ? 2 * builder->capacity : needed + 64;
  builder->text = arena_grow(builder->arena, builder->text, builder->length, capacity, 1);
  builder->capacity = capacity;
}

void string_builder_add(StringBuilder *builder, const char *text) {
  size_t length = strlen(text);
  reserve(builder, length);
  memcpy(builder->text + builder->length, text, length + 1);
  builder->length += length;
}

void string_builder_printf(StringBuilder *builder, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  CHECK(length >= 0);
  reserve(builder, (size_t)length);
  va_start(args, format);
  vsnprintf(builder->text + builder->length, (size_t)length + 1, format, args);
  va_end(args);
  builder->length += (size_t)length;
}

const char *string_builder_text(const StringBuilder *builder) {
  return builder->text ? builder->text : "";
}
