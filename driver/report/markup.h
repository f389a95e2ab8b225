/* Writing HTML and the SVG in it: elements are closed in order, and every text from outside goes
 * through one escape. */
#ifndef ATMC_DRIVER_REPORT_MARKUP_H
#define ATMC_DRIVER_REPORT_MARKUP_H

#include <stdint.h>

#include "support/string_builder.h"

enum { MARKUP_MAX_DEPTH = 24 };

typedef struct Markup {
  Arena *arena;
  StringBuilder out;
  const char *open[MARKUP_MAX_DEPTH]; /* tags */
  uint32_t depth;
} Markup;

/* Nothing yet. */
Markup markup_new(Arena *arena);
/* What was written, all elements closed. */
const char *markup_text_of(const Markup *m);

/* Begins an element. `...`: names and values of attributes in turn, then NULL; a value of NULL
 * leaves its attribute out. */
void markup_open(Markup *m, const char *tag, ...) __attribute__((sentinel));
/* Ends the last that is open. */
void markup_close(Markup *m);
/* Text in it. */
void markup_text(Markup *m, const char *text);
/* An element with nothing but `text`. */
void markup_element(Markup *m, const char *tag, const char *text, ...) __attribute__((sentinel));
/* An element of SVG with attributes alone. */
void markup_empty(Markup *m, const char *tag, ...) __attribute__((sentinel));
/* Our own text as it is: styles and scripts. */
void markup_raw(Markup *m, const char *text);

/* `text` cut to `most` characters, "…" the last of them, in the arena. */
const char *markup_short(const Markup *m, const char *text, uint32_t most);
/* A coordinate: two digits behind the point at most. */
const char *markup_number(const Markup *m, double value);

#endif
