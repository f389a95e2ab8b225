/* Reading words, numbers, names, types and attributes: a cursor in untrusted text, which is kept
 * whole so that an error finds its line and column when there is one. */
#include "ir/text_read.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Characters of the text that a message repeats. */
enum { MAX_QUOTED = 40 };

TextReader text_read_begin(Arena *arena, Diag *diag, const char *file, const char *text) {
  return (TextReader){.arena = arena,
                      .diag = diag,
                      .file = file,
                      .text = text,
                      .cursor = text,
                      .limit = arena_bytes(arena) + TEXT_MAX_MEMORY};
}

/* Lines are counted when there is an error, and only then. */
Status text_read_fail(const TextReader *r, const char *at, const char *format, ...) {
  Position position = {.file = r->file, .line = 1, .column = 1, .text = r->text};
  for (const char *c = r->text; c < at; ++c) position.line += *c == '\n';
  for (const char *c = at; c > r->text && c[-1] != '\n'; --c) ++position.column;
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(r->arena, format, args);
  va_end(args);
  return diag_error(r->diag, position, "%s", message);
}

Status text_read_room(const TextReader *r) {
  if (arena_bytes(r->arena) <= r->limit) return STATUS_OK;
  return text_read_fail(r, r->cursor, "what the text says takes more than %d MiB of memory",
                        TEXT_MAX_MEMORY >> 20);
}

static const char *skip_blanks(const char *c) {
  for (;;) {
    while (*c == ' ' || *c == '\t' || *c == '\r' || *c == '\n') ++c;
    if (c[0] != '/' || c[1] != '/') return c;
    while (*c && *c != '\n') ++c;
  }
}

/* Blanks are passed over again and again where what may stand behind them does not. */
void text_read_skip(TextReader *r) {
  if (r->cursor != r->blanks) {
    r->blanks = r->cursor;
    r->behind = skip_blanks(r->cursor);
  }
  r->cursor = r->behind;
}

/* Whether `token` ends where `next` stands behind it: "in" does not in "input". */
static bool ends_before(const char *token, char next) {
  bool goes_on = isalnum((unsigned char)next) || next == '_';
  return !goes_on || !isalpha((unsigned char)*token);
}

/* The cursor stays in front of blanks where the token is not next: a label behind them belongs to
 * the line that is being read. */
bool text_read_accept(TextReader *r, const char *token) {
  const char *start = r->cursor;
  text_read_skip(r);
  size_t length = strlen(token);
  if (strncmp(r->cursor, token, length) == 0 && ends_before(token, r->cursor[length])) {
    r->cursor += length;
    return true;
  }
  r->cursor = start;
  return false;
}

Status text_read_expect(TextReader *r, const char *token) {
  RETURN_IF_ERROR(text_read_room(r));
  if (text_read_accept(r, token)) return STATUS_OK;
  text_read_skip(r);
  return *r->cursor ? text_read_fail(r, r->cursor, "expected \"%s\"", token)
                    : text_read_fail(r, r->cursor, "expected \"%s\", the text ends here", token);
}

/* Copies what stands from the cursor to `end`, and moves there. */
static Status take(TextReader *r, const char *end, const char **copy) {
  if (end - r->cursor > TEXT_MAX_WORD) {
    return text_read_fail(r, r->cursor, "%td characters; the limit is %d", end - r->cursor,
                          TEXT_MAX_WORD);
  }
  RETURN_IF_ERROR(text_read_room(r));
  *copy = arena_strndup(r->arena, r->cursor, (size_t)(end - r->cursor));
  r->cursor = end;
  return STATUS_OK;
}

Status text_read_word(TextReader *r, const char *what, const char **word) {
  text_read_skip(r);
  const char *end = r->cursor;
  while (isalnum((unsigned char)*end) || *end == '_') ++end;
  if (end == r->cursor) return text_read_fail(r, r->cursor, "expected %s", what);
  return take(r, end, word);
}

/* All digits are read before the number is judged, so that the message is about the whole of it. */
Status text_read_int(TextReader *r, int64_t low, int64_t high, int64_t *value) {
  text_read_skip(r);
  const char *start = r->cursor;
  bool negative = *r->cursor == '-';
  if (negative) ++r->cursor;
  if (!isdigit((unsigned char)*r->cursor)) return text_read_fail(r, start, "expected an integer");
  int64_t magnitude = 0;
  bool fits = true;
  for (; isdigit((unsigned char)*r->cursor); ++r->cursor) {
    fits = fits && !__builtin_mul_overflow(magnitude, 10, &magnitude) &&
           !__builtin_add_overflow(magnitude, *r->cursor - '0', &magnitude);
  }
  *value = negative ? -magnitude : magnitude;
  if (fits && *value >= low && *value <= high) return STATUS_OK;
  return text_read_fail(r, start, "the number must be from %" PRId64 " to %" PRId64, low, high);
}

Status text_read_real(TextReader *r, double *value) {
  text_read_skip(r);
  if (!isdigit((unsigned char)*r->cursor) && *r->cursor != '-') {
    return text_read_fail(r, r->cursor, "expected a number");
  }
  char *end;
  *value = strtod(r->cursor, &end);
  if (end == r->cursor || !isfinite(*value)) {
    return text_read_fail(r, r->cursor, "not a finite number");
  }
  r->cursor = end;
  return STATUS_OK;
}

/* The value of a lower-case hexadecimal digit; -1: it is none. */
static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/* One escape behind its backslash; 0 when there is no such escape. */
static char read_escape(TextReader *r) {
  char c = *r->cursor;
  if (!c) return 0;
  ++r->cursor;
  if (c == '"' || c == '\\') return c;
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  if (c != 'x' || hex_digit(r->cursor[0]) < 0 || hex_digit(r->cursor[1]) < 0) return 0;
  r->cursor += 2;
  return (char)(hex_digit(r->cursor[-2]) * 16 + hex_digit(r->cursor[-1]));
}

/* The characters up to a quotation mark that no backslash precedes, or to the end of the line. */
static size_t string_length(const char *text) {
  size_t length = 0;
  while (text[length] && text[length] != '"' && text[length] != '\n') {
    length += text[length] == '\\' && (text[length + 1] == '\\' || text[length + 1] == '"') ? 2 : 1;
  }
  return length;
}

/* An escape is longer than what it stands for. */
Status text_read_string(TextReader *r, const char **string) {
  RETURN_IF_ERROR(text_read_expect(r, "\""));
  const char *start = r->cursor - 1;
  size_t length = string_length(r->cursor);
  if (length > TEXT_MAX_WORD) {
    return text_read_fail(r, start, "a string of %zu characters; the limit is %d", length,
                          TEXT_MAX_WORD);
  }
  char *out = arena_alloc(r->arena, length + 1);
  *string = out;
  while (*r->cursor != '"') {
    const char *at = r->cursor;
    if (*at == 0 || *at == '\n') {
      return text_read_fail(r, start, "the string does not end on its line");
    }
    char c = *r->cursor++;
    if (c == '\\') c = read_escape(r);
    if (!c) return text_read_fail(r, at, "no such escape: there are \\\" \\\\ \\n \\t \\xHH");
    *out++ = c;
  }
  ++r->cursor;
  return STATUS_OK;
}

Status text_read_name(TextReader *r, const char **name) {
  RETURN_IF_ERROR(text_read_expect(r, "@"));
  if (*r->cursor == '"') return text_read_string(r, name);
  const char *end = r->cursor;
  while (isalnum((unsigned char)*end) || *end == '_' || *end == '.') ++end;
  if (end == r->cursor) return text_read_fail(r, r->cursor, "expected a name");
  return take(r, end, name);
}

Status text_read_label(TextReader *r, const char **label) {
  const char *comment = r->cursor + strspn(r->cursor, " \t");
  *label = NULL;
  if (strncmp(comment, "//", 2) != 0) return STATUS_OK;
  r->cursor = comment + 2 + strspn(comment + 2, " \t");
  if (*r->cursor == '"') return text_read_string(r, label);
  const char *line = r->cursor + strcspn(r->cursor, "\n"), *end = line;
  while (end > r->cursor && isspace((unsigned char)end[-1])) --end;
  if (end > r->cursor) RETURN_IF_ERROR(take(r, end, label));
  r->cursor = line;
  return STATUS_OK;
}

Status text_read_value_number(TextReader *r, uint32_t *number) {
  int64_t value;
  RETURN_IF_ERROR(text_read_expect(r, "%"));
  RETURN_IF_ERROR(text_read_int(r, 0, UINT32_MAX - 1, &value));
  *number = (uint32_t)value;
  return STATUS_OK;
}

/* The word in front of a shape: f32. */
static Status read_dtype(TextReader *r, DType *dtype) {
  const char *word = "";
  RETURN_IF_ERROR(text_read_word(r, "an element type, as f32", &word));
  if (dtype_find(word, strlen(word), dtype)) return STATUS_OK;
  return text_read_fail(r, r->cursor - strlen(word), "no element type \"%s\"", word);
}

Status text_read_type(TextReader *r, Type *type) {
  *type = (Type){0};
  RETURN_IF_ERROR(read_dtype(r, &type->dtype));
  RETURN_IF_ERROR(text_read_expect(r, "["));
  do {
    if (type->rank == TYPE_MAX_RANK) {
      return text_read_fail(r, r->cursor, "a type has at most %d dimensions", TYPE_MAX_RANK);
    }
    int64_t *dim = &type->dims[type->rank++];
    if (text_read_accept(r, "?")) {
      *dim = DIM_OPEN;
    } else {
      RETURN_IF_ERROR(text_read_int(r, 1, INT32_MAX, dim));
    }
  } while (text_read_accept(r, ","));
  return text_read_expect(r, "]");
}

/* *index is that of the attribute of `info` called `key`, which stands at `at`. */
static Status find_attr(const TextReader *r, const char *at, const OpInfo *info, const char *key,
                        uint32_t *index) {
  for (*index = 0; *index < info->attr_count; ++*index) {
    if (strcmp(info->attrs[*index].name, key) == 0) return STATUS_OK;
  }
  return text_read_fail(r, at, "%s has no attribute \"%.*s\"", info->text, MAX_QUOTED, key);
}

/* `count` integers with an x between each two. */
static Status read_sizes(TextReader *r, int32_t *const sizes[], uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    int64_t value = 0;
    if (i > 0 && *r->cursor++ != 'x') return text_read_fail(r, r->cursor - 1, "expected \"x\"");
    RETURN_IF_ERROR(text_read_int(r, INT32_MIN, INT32_MAX, &value));
    *sizes[i] = (int32_t)value;
  }
  return STATUS_OK;
}

/* KHxKW, then what is not its default, in print.c's order. Inference checks the numbers. */
static Status read_window(TextReader *r, Window *w) {
  *w = window_make(0, 0, 1, 1, 0, 0);
  RETURN_IF_ERROR(read_sizes(r, (int32_t *[]){&w->kernel_h, &w->kernel_w}, 2));
  if (text_read_accept(r, "stride")) {
    RETURN_IF_ERROR(read_sizes(r, (int32_t *[]){&w->stride_h, &w->stride_w}, 2));
  }
  if (text_read_accept(r, "pad")) {
    int32_t *pads[] = {&w->pad_top, &w->pad_left, &w->pad_bottom, &w->pad_right};
    RETURN_IF_ERROR(read_sizes(r, pads, 4));
  }
  if (text_read_accept(r, "dilation")) {
    RETURN_IF_ERROR(read_sizes(r, (int32_t *[]){&w->dilation_h, &w->dilation_w}, 2));
  }
  return STATUS_OK;
}

/* What is behind "key=", into its field of `attrs`. */
static Status read_attr_value(TextReader *r, const AttrInfo *attr, Attrs *attrs) {
  void *field = (char *)attrs + attr->offset;
  int64_t value = 0;
  switch (attr->kind) {
    case ATTR_INT:
      RETURN_IF_ERROR(text_read_int(r, INT32_MIN, INT32_MAX, &value));
      *(int32_t *)field = (int32_t)value;
      return STATUS_OK;
    case ATTR_REAL: return text_read_real(r, field);
    case ATTR_TEXT: return text_read_string(r, field);
    case ATTR_WINDOW: return read_window(r, field);
    case ATTR_ELEMENT: return read_dtype(r, field);
  }
  return STATUS_OK;
}

Status text_read_attrs(TextReader *r, Node *node) {
  const OpInfo *info = op_info(node->op);
  bool seen[OP_MAX_ATTRS] = {false};
  if (!text_read_accept(r, "{") || text_read_accept(r, "}")) return STATUS_OK;
  do {
    const char *key = NULL;
    uint32_t index;
    text_read_skip(r);
    const char *at = r->cursor;
    RETURN_IF_ERROR(text_read_word(r, "an attribute", &key));
    RETURN_IF_ERROR(find_attr(r, at, info, key, &index));
    if (seen[index]) return text_read_fail(r, at, "attribute \"%s\" is given twice", key);
    seen[index] = true;
    RETURN_IF_ERROR(text_read_expect(r, "="));
    RETURN_IF_ERROR(read_attr_value(r, &info->attrs[index], &node->attrs));
  } while (text_read_accept(r, ","));
  return text_read_expect(r, "}");
}

Status text_read_op(TextReader *r, OpKind *op) {
  const char *word = NULL;
  text_read_skip(r);
  const char *at = r->cursor;
  RETURN_IF_ERROR(text_read_word(r, "an operator", &word));
  if (op_find(word, op)) return STATUS_OK;
  return text_read_fail(r, at, "no operator \"%.*s\"", MAX_QUOTED, word);
}

Status text_read_recipe(TextReader *r, RecipeTable *recipes, const Recipe **recipe) {
  const char *error = "expected a constant";
  text_read_skip(r);
  *recipe = recipe_parse(recipes, &r->cursor, &error);
  return *recipe ? STATUS_OK : text_read_fail(r, r->cursor, "%s", error);
}
