/* A growing text in an arena; what the printers write into. */
#ifndef ATMC_SUPPORT_STRING_BUILDER_H
#define ATMC_SUPPORT_STRING_BUILDER_H

#include <stddef.h>

#include "support/arena.h"

typedef struct StringBuilder {
  Arena *arena;
  char *text; /* zero-terminated once anything was added; NULL before */
  size_t length;
  size_t capacity;
} StringBuilder;

/* Appends the zero-terminated `text`. */
void string_builder_add(StringBuilder *builder, const char *text);
/* Appends the formatted text. */
void string_builder_printf(StringBuilder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The text so far, "" when nothing was added; owned by the arena. */
const char *string_builder_text(const StringBuilder *builder);

#endif
