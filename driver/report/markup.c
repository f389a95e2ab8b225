/* What is dangerous: & < > " ' end texts and values, control characters are no HTML, and marks of
 * writing direction turn a line around. The first are written as entities, the others as \xNN. */
#include "driver/report/markup.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "support/panic.h"
#include "support/utf8.h"
#include "support/visible.h"

Markup markup_new(Arena *arena) {
  return (Markup){.arena = arena, .out = {.arena = arena}};
}

const char *markup_text_of(const Markup *m) {
  CHECK(m->depth == 0);
  return string_builder_text(&m->out);
}

static const char *entity(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
  }
}

static void add_escaped(StringBuilder *out, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    const char *named = entity(*text);
    size_t length = *text == '\n' || *text == '\t' ? 1 : visible_length(text, left);
    if (named) {
      string_builder_add(out, named);
    } else if (length) {
      string_builder_printf(out, "%.*s", (int)length, text);
    } else {
      string_builder_printf(out, "\\x%02x", (unsigned char)*text);
    }
    text += length ? length : 1;
    left -= length ? length : 1;
  }
}

static void add_tag(Markup *m, const char *tag, va_list attributes) {
  string_builder_printf(&m->out, "<%s", tag);
  for (const char *name; (name = va_arg(attributes, const char *));) {
    const char *value = va_arg(attributes, const char *);
    if (!value) continue;
    string_builder_printf(&m->out, " %s=\"", name);
    add_escaped(&m->out, value);
    string_builder_add(&m->out, "\"");
  }
}

void markup_open(Markup *m, const char *tag, ...) {
  va_list attributes;
  va_start(attributes, tag);
  add_tag(m, tag, attributes);
  va_end(attributes);
  string_builder_add(&m->out, ">");
  CHECK(m->depth < MARKUP_MAX_DEPTH);
  m->open[m->depth++] = tag;
}

void markup_close(Markup *m) {
  CHECK(m->depth > 0);
  const char *tag = m->open[--m->depth];
  string_builder_printf(&m->out, "</%s>\n", tag);
}

void markup_text(Markup *m, const char *text) {
  add_escaped(&m->out, text);
}

void markup_element(Markup *m, const char *tag, const char *text, ...) {
  va_list attributes;
  va_start(attributes, text);
  add_tag(m, tag, attributes);
  va_end(attributes);
  string_builder_add(&m->out, ">");
  add_escaped(&m->out, text);
  string_builder_printf(&m->out, "</%s>\n", tag);
}

void markup_empty(Markup *m, const char *tag, ...) {
  va_list attributes;
  va_start(attributes, tag);
  add_tag(m, tag, attributes);
  va_end(attributes);
  string_builder_add(&m->out, "/>\n");
}

void markup_raw(Markup *m, const char *text) {
  string_builder_add(&m->out, text);
}

const char *markup_short(const Markup *m, const char *text, uint32_t most) {
  size_t at = 0, kept = 0, length = strlen(text);
  for (uint32_t count = 0; at < length; ++count) {
    if (count + 1 == most) kept = at;
    if (count == most) return arena_printf(m->arena, "%.*s…", (int)kept, text);
    size_t character = utf8_length(text + at, length - at);
    at += character ? character : 1;
  }
  return text;
}

const char *markup_number(const Markup *m, double value) {
  if (!isfinite(value)) value = 0;
  char *text = arena_printf(m->arena, "%.2f", value);
  size_t length = strlen(text);
  while (text[length - 1] == '0') text[--length] = '\0';
  if (text[length - 1] == '.') text[--length] = '\0';
  return strcmp(text, "-0") == 0 ? "0" : text;
}
