/* A recursive descent over the grammar of RFC 8259, one function per rule. Each returns false after
 * the first mistake, which was reported. The depth is bounded, so the stack is. */
#include "frontend/json_scan.h"

#include <ctype.h>
#include <string.h>

#include "frontend/error_list.h"
#include "support/utf8.h"

typedef struct Scanner {
  JsonSource *source;
  const char *at;
  const char *end;
  uint32_t depth;
  size_t strings; /* bytes of those that were scanned */
} Scanner;

static bool scan_value(Scanner *s, uint32_t key);

Position json_scan_place(const JsonSource *source, uint32_t offset) {
  if (source->embedded) return diag_file(source->file);
  JsonMark mark = source->marks[offset / JSON_MARK_BYTES];
  for (uint32_t i = offset - offset % JSON_MARK_BYTES; i < offset; ++i) {
    if (source->text[i] == '\n') mark = (JsonMark){mark.lines + 1, i + 1};
  }
  return (Position){source->file, mark.lines + 1, offset - mark.line + 1, source->text};
}

const char *json_scan_prefix(const JsonSource *source, uint32_t offset) {
  return source->embedded ? arena_printf(source->arena, "header byte %u: ", offset) : "";
}

/* Reports what is wrong at `at`; false, for its caller to return. */
__attribute__((format(printf, 3, 4))) static bool fail(Scanner *s, const char *at,
                                                       const char *format, ...) {
  JsonSource *source = s->source;
  uint32_t offset = (uint32_t)(at - source->text);
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(source->arena, format, args);
  va_end(args);
  diag_error(source->diag, json_scan_place(source, offset), "%s%s",
             json_scan_prefix(source, offset), message);
  return false;
}

/* What stands at the scanner, for messages. */
static const char *found(const Scanner *s) {
  if (s->at == s->end) return "the end of the text";
  unsigned char c = (unsigned char)*s->at;
  if (c < 0x20 || c == 0x7F) return arena_printf(s->source->arena, "byte 0x%02x", c);
  size_t length = utf8_length(s->at, (size_t)(s->end - s->at));
  return arena_printf(s->source->arena, "'%.*s'", (int)length, s->at);
}

/* `c` is next. */
static bool is_at(const Scanner *s, char c) {
  return s->at < s->end && *s->at == c;
}
static bool is_digit_at(const Scanner *s) {
  return s->at < s->end && isdigit((unsigned char)*s->at);
}
static void skip_space(Scanner *s) {
  while (s->at < s->end && json_is_blank(*s->at)) ++s->at;
}
static void skip_digits(Scanner *s) {
  while (is_digit_at(s)) ++s->at;
}

/* true, false or null, which its first letter announced. */
static bool scan_word(Scanner *s, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) {
    return fail(s, s->at, "expected a value, found %s", found(s));
  }
  s->at += length;
  return true;
}

/* The grammar of a number; what it is, whoever reads the token decides. */
static bool scan_number(Scanner *s) {
  const char *begin = s->at;
  if (is_at(s, '-')) ++s->at;
  if (is_at(s, '0')) {
    ++s->at;
    if (is_digit_at(s)) return fail(s, begin, "a number has leading zeros");
  } else {
    if (!is_digit_at(s)) return fail(s, s->at, "expected a digit, found %s", found(s));
    skip_digits(s);
  }
  if (is_at(s, '.')) {
    ++s->at;
    if (!is_digit_at(s)) return fail(s, s->at, "expected a digit, found %s", found(s));
    skip_digits(s);
  }
  if (is_at(s, 'e') || is_at(s, 'E')) {
    ++s->at;
    if (is_at(s, '+') || is_at(s, '-')) ++s->at;
    if (!is_digit_at(s)) return fail(s, s->at, "expected a digit, found %s", found(s));
    skip_digits(s);
  }
  if (s->at - begin > JSON_MAX_NUMBER) { /* cJSON reads 63 characters */
    return fail(s, begin, "a number of %td characters; the limit is %d", s->at - begin,
                JSON_MAX_NUMBER);
  }
  return true;
}

/* Four hexadecimal digits behind `\u`. */
static bool scan_hex4(Scanner *s, const char *escape, uint32_t *code) {
  *code = 0;
  for (int i = 0; i < 4; i++, ++s->at) {
    if (s->at == s->end || !isxdigit((unsigned char)*s->at)) {
      return fail(s, escape, "\\u needs four hexadecimal digits");
    }
    char c = *s->at;
    *code = *code * 16 + (uint32_t)(isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return true;
}

/* From its backslash on. Surrogates come in pairs, and no string holds a zero: texts end with one.
 */
static bool scan_escape(Scanner *s) {
  const char *escape = s->at++;
  if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrtu", *s->at)) {
    return fail(s, escape, "unknown escape sequence in a string");
  }
  if (*s->at++ != 'u') return true;
  uint32_t code, low;
  if (!scan_hex4(s, escape, &code)) return false;
  if (code == 0) return fail(s, escape, "a string holds the character \\u0000");
  if (code < 0xD800 || code > 0xDFFF) return true;
  if (code > 0xDBFF || s->end - s->at < 2 || s->at[0] != '\\' || s->at[1] != 'u') {
    return fail(s, escape, "half a surrogate pair in a string");
  }
  s->at += 2;
  if (!scan_hex4(s, escape, &low)) return false;
  if (low < 0xDC00 || low > 0xDFFF) return fail(s, escape, "half a surrogate pair in a string");
  return true;
}

/* From its quotation mark on. Characters were checked before (scan_characters). */
static bool scan_string(Scanner *s) {
  const char *begin = s->at++;
  while (s->at < s->end && *s->at != '"') {
    if ((unsigned char)*s->at < 0x20) return fail(s, s->at, "a string holds %s", found(s));
    if (*s->at != '\\') {
      ++s->at;
    } else if (!scan_escape(s)) {
      return false;
    }
  }
  if (s->at == s->end) return fail(s, begin, "a string without an end");
  ++s->at;
  s->strings += (size_t)(s->at - begin);
  if (s->strings <= JSON_MAX_STRINGS) return true;
  return fail(s, begin, "strings of more than %d MiB in all", JSON_MAX_STRINGS >> 20);
}

/* "key": value */
static bool scan_member(Scanner *s) {
  skip_space(s);
  if (!is_at(s, '"')) return fail(s, s->at, "expected a key in quotes, found %s", found(s));
  uint32_t key = (uint32_t)(s->at - s->source->text);
  if (!scan_string(s)) return false;
  skip_space(s);
  if (!is_at(s, ':')) return fail(s, s->at, "expected ':', found %s", found(s));
  ++s->at;
  return scan_value(s, key);
}

/* An object (`close` is '}') or an array from its bracket on. */
static bool scan_items(Scanner *s, char close) {
  if (s->depth == JSON_MAX_DEPTH) {
    return fail(s, s->at, "nested deeper than %d levels", JSON_MAX_DEPTH);
  }
  ++s->depth;
  ++s->at;
  skip_space(s);
  bool first = true;
  while (!is_at(s, close)) {
    if (!first && !is_at(s, ',')) {
      return fail(s, s->at, "expected ',' or '%c', found %s", close, found(s));
    }
    if (!first) ++s->at;
    first = false;
    if (close == '}' ? !scan_member(s) : !scan_value(s, UINT32_MAX)) return false;
    skip_space(s);
  }
  ++s->at;
  --s->depth;
  return true;
}

/* Any value; `key` is where its key begins, UINT32_MAX without one. Each leaves a spot, in the
 * order of the text. */
static bool scan_value(Scanner *s, uint32_t key) {
  JsonSource *source = s->source;
  skip_space(s);
  if (source->spot_count == JSON_MAX_VALUES) {
    return fail(s, s->at, "more than %d values", JSON_MAX_VALUES);
  }
  JsonSpot spot = {key, (uint32_t)(s->at - source->text)};
  ARENA_PUSH(source->arena, source->spots, source->spot_count, source->spot_capacity, spot);
  if (s->at == s->end) return fail(s, s->at, "expected a value, found %s", found(s));
  switch (*s->at) {
    case '{': return scan_items(s, '}');
    case '[': return scan_items(s, ']');
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    default: break;
  }
  if (*s->at == '-' || is_digit_at(s)) return scan_number(s);
  return fail(s, s->at, "expected a value, found %s", found(s));
}

/* Marks for positions, and that all of it is UTF-8, so that the rest may take characters apart. */
static bool scan_characters(Scanner *s) {
  JsonSource *source = s->source;
  JsonMark mark = {0};
  source->marks = ARENA_ARRAY(source->arena, source->bytes / JSON_MARK_BYTES + 1, JsonMark);
  uint32_t marked = 0; /* marks[0] is zero */
  for (const char *p = s->at; p < s->end;) {
    size_t length = utf8_length(p, (size_t)(s->end - p));
    if (length == 0) return fail(s, p, "invalid UTF-8 (byte 0x%02x)", (unsigned char)*p);
    p += length;
    uint32_t next = (uint32_t)(p - source->text);
    if (p[-1] == '\n') mark = (JsonMark){mark.lines + 1, next};
    if (next / JSON_MARK_BYTES > marked) source->marks[++marked] = mark;
  }
  return true;
}

Status json_scan(JsonSource *source) {
  Scanner s = {source, source->text, source->text + source->bytes, 0, 0};
  if (!scan_characters(&s)) return STATUS_BAD_INPUT;
  if (s.end - s.at >= 3 && memcmp(s.at, "\xEF\xBB\xBF", 3) == 0) {
    fail(&s, s.at, "a byte order mark before the JSON text");
    return STATUS_BAD_INPUT;
  }
  if (!scan_value(&s, UINT32_MAX)) return STATUS_BAD_INPUT;
  skip_space(&s);
  if (s.at == s.end) return STATUS_OK;
  fail(&s, s.at, "expected the end of the text, found %s", found(&s));
  return STATUS_BAD_INPUT;
}
