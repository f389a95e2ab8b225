/* Reads the text form (its grammar: print.c) by recursive descent, straight into a graph.
 *
 * The text is untrusted: nesting is limited, the first error ends the parse, and whatever
 * graph_try_append accepts is a graph that holds its invariants. A value's number is looked up in
 * Scope.numbers, which is sorted because numbers must increase. */
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

enum { MAX_DEPTH = 4, MAX_QUOTED = 40 };

typedef struct Parser {
  Arena *arena;
  RecipeTable *recipes;
  Diag *diag;
  const char *file;
  const char *text;
  const char *cursor;
  uint32_t depth; /* of blocks */
} Parser;

typedef struct Scope {
  Graph *graph;
  uint32_t *numbers; /* of each value of the graph, as the text has it */
  uint32_t count, capacity;
} Scope;

/* Lists as read. */
typedef struct Numbers {
  uint32_t *items;
  uint32_t count, capacity;
} Numbers;
typedef struct Types {
  Type *items;
  uint32_t count, capacity;
} Types;
typedef struct Values {
  ValueId *items;
  uint32_t count, capacity;
} Values;

__attribute__((format(printf, 3, 4))) static Status fail(const Parser *p, const char *at,
                                                         const char *format, ...) {
  Position position = {.file = p->file, .line = 1, .column = 1, .text = p->text};
  for (const char *c = p->text; c < at; ++c) {
    ++position.column;
    if (*c == '\n') {
      ++position.line;
      position.column = 1;
    }
  }
  va_list args;
  va_start(args, format);
  const char *message = arena_vprintf(p->arena, format, args);
  va_end(args);
  return diag_error(p->diag, position, "%s", message);
}

/* Words and punctuation. */

static void skip_space(Parser *p) {
  for (;;) {
    p->cursor += strspn(p->cursor, " \t\r\n");
    if (strncmp(p->cursor, "//", 2) != 0) return;
    p->cursor += strcspn(p->cursor, "\n");
  }
}

static bool accept(Parser *p, const char *token) {
  const char *start = p->cursor;
  skip_space(p);
  size_t length = strlen(token);
  bool word = isalpha((unsigned char)*token);
  if (strncmp(p->cursor, token, length) == 0 &&
      !(word && (isalnum((unsigned char)p->cursor[length]) || p->cursor[length] == '_'))) {
    p->cursor += length;
    return true;
  }
  p->cursor = start;
  return false;
}

static Status expect(Parser *p, const char *token) {
  if (accept(p, token)) return STATUS_OK;
  skip_space(p);
  return *p->cursor ? fail(p, p->cursor, "expected \"%s\"", token)
                    : fail(p, p->cursor, "expected \"%s\", the text ends here", token);
}

/* [A-Za-z0-9_]+, in the arena. */
static Status read_word(Parser *p, const char *what, const char **word) {
  skip_space(p);
  const char *end = p->cursor;
  while (isalnum((unsigned char)*end) || *end == '_') ++end;
  if (end == p->cursor) return fail(p, p->cursor, "expected %s", what);
  *word = arena_strndup(p->arena, p->cursor, (size_t)(end - p->cursor));
  p->cursor = end;
  return STATUS_OK;
}

static Status read_int(Parser *p, int64_t low, int64_t high, int64_t *value) {
  skip_space(p);
  const char *start = p->cursor;
  bool negative = *p->cursor == '-';
  if (negative) ++p->cursor;
  if (!isdigit((unsigned char)*p->cursor)) return fail(p, start, "expected an integer");
  int64_t magnitude = 0;
  bool fits = true;
  for (; isdigit((unsigned char)*p->cursor); ++p->cursor) {
    fits = fits && !__builtin_mul_overflow(magnitude, 10, &magnitude) &&
           !__builtin_add_overflow(magnitude, *p->cursor - '0', &magnitude);
  }
  *value = negative ? -magnitude : magnitude;
  if (fits && *value >= low && *value <= high) return STATUS_OK;
  return fail(p, start, "the number must be from %" PRId64 " to %" PRId64, low, high);
}

static Status read_real(Parser *p, double *value) {
  skip_space(p);
  if (!isdigit((unsigned char)*p->cursor) && *p->cursor != '-') {
    return fail(p, p->cursor, "expected a number");
  }
  char *end;
  *value = strtod(p->cursor, &end);
  if (end == p->cursor || !isfinite(*value)) return fail(p, p->cursor, "not a finite number");
  p->cursor = end;
  return STATUS_OK;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/* One escape behind its backslash; 0 when there is no such escape. */
static char read_escape(Parser *p) {
  char c = *p->cursor;
  if (!c) return 0;
  ++p->cursor;
  if (c == '"' || c == '\\') return c;
  if (c == 'n') return '\n';
  if (c == 't') return '\t';
  if (c != 'x' || hex_digit(p->cursor[0]) < 0 || hex_digit(p->cursor[1]) < 0) return 0;
  p->cursor += 2;
  return (char)(hex_digit(p->cursor[-2]) * 16 + hex_digit(p->cursor[-1]));
}

static Status read_string(Parser *p, const char **string) {
  RETURN_IF_ERROR(expect(p, "\""));
  const char *start = p->cursor - 1;
  char *out = arena_alloc(p->arena, strcspn(p->cursor, "\n") + 1);
  *string = out;
  while (*p->cursor != '"') {
    const char *at = p->cursor;
    if (*at == 0 || *at == '\n') return fail(p, start, "the string does not end on its line");
    char c = *p->cursor++;
    if (c == '\\') c = read_escape(p);
    if (!c) return fail(p, at, "no such escape: there are \\\" \\\\ \\n \\t \\xHH");
    *out++ = c;
  }
  ++p->cursor;
  return STATUS_OK;
}

static Status read_name(Parser *p, const char **name) {
  RETURN_IF_ERROR(expect(p, "@"));
  if (*p->cursor == '"') return read_string(p, name);
  const char *end = p->cursor;
  while (isalnum((unsigned char)*end) || *end == '_' || *end == '.') ++end;
  if (end == p->cursor) return fail(p, p->cursor, "expected a name");
  *name = arena_strndup(p->arena, p->cursor, (size_t)(end - p->cursor));
  p->cursor = end;
  return STATUS_OK;
}

/* The comment on the rest of this line, or NULL. */
static Status read_label(Parser *p, const char **label) {
  const char *comment = p->cursor + strspn(p->cursor, " \t");
  *label = NULL;
  if (strncmp(comment, "//", 2) != 0) return STATUS_OK;
  p->cursor = comment + 2 + strspn(comment + 2, " \t");
  if (*p->cursor == '"') return read_string(p, label);
  size_t length = strcspn(p->cursor, "\n");
  const char *text = p->cursor;
  p->cursor += length;
  while (length && isspace((unsigned char)text[length - 1])) --length;
  if (length) *label = arena_strndup(p->arena, text, length);
  return STATUS_OK;
}

/* Values and types. */

static Status read_number(Parser *p, uint32_t *number) {
  int64_t value;
  RETURN_IF_ERROR(expect(p, "%"));
  RETURN_IF_ERROR(read_int(p, 0, UINT32_MAX - 1, &value));
  *number = (uint32_t)value;
  return STATUS_OK;
}

static Status read_numbers(Parser *p, Numbers *numbers) {
  do {
    uint32_t number;
    RETURN_IF_ERROR(read_number(p, &number));
    ARENA_PUSH(p->arena, numbers->items, numbers->count, numbers->capacity, number);
  } while (accept(p, ","));
  return STATUS_OK;
}

static Status find_value(const Parser *p, const Scope *scope, const char *at, uint32_t number,
                         ValueId *value) {
  uint32_t low = 0;
  uint32_t high = scope->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (scope->numbers[middle] < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == scope->count || scope->numbers[low] != number) {
    return fail(p, at, "%%%u is not defined here", number);
  }
  value->index = low;
  return STATUS_OK;
}

static Status read_value(Parser *p, const Scope *scope, ValueId *value) {
  uint32_t number;
  skip_space(p);
  const char *at = p->cursor;
  RETURN_IF_ERROR(read_number(p, &number));
  return find_value(p, scope, at, number, value);
}

/* An element type, as f32. */
static Status read_dtype(Parser *p, DType *dtype) {
  const char *word = "";
  RETURN_IF_ERROR(read_word(p, "an element type, as f32", &word));
  if (dtype_find(word, strlen(word), dtype)) return STATUS_OK;
  return fail(p, p->cursor - strlen(word), "no element type \"%s\"", word);
}

static Status read_type(Parser *p, Type *type) {
  *type = (Type){0};
  RETURN_IF_ERROR(read_dtype(p, &type->dtype));
  RETURN_IF_ERROR(expect(p, "["));
  do {
    if (type->rank == TYPE_MAX_RANK) {
      return fail(p, p->cursor, "a type has at most %d dimensions", TYPE_MAX_RANK);
    }
    int64_t *dim = &type->dims[type->rank++];
    if (accept(p, "?")) {
      *dim = DIM_OPEN;
    } else {
      RETURN_IF_ERROR(read_int(p, 1, INT32_MAX, dim));
    }
  } while (accept(p, ","));
  return expect(p, "]");
}

static Status read_types(Parser *p, Types *types) {
  do {
    Type type;
    RETURN_IF_ERROR(read_type(p, &type));
    ARENA_PUSH(p->arena, types->items, types->count, types->capacity, type);
  } while (accept(p, ","));
  return STATUS_OK;
}

/* Attributes. */

static Status find_attr(const Parser *p, const char *at, const OpInfo *info, const char *key,
                        uint32_t *index) {
  for (*index = 0; *index < info->attr_count; ++*index) {
    if (strcmp(info->attrs[*index].name, key) == 0) return STATUS_OK;
  }
  return fail(p, at, "%s has no attribute \"%.*s\"", info->text, MAX_QUOTED, key);
}

/* `count` integers with an x between each two. */
static Status read_sizes(Parser *p, int32_t *const sizes[], uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    int64_t value = 0;
    if (i > 0 && *p->cursor++ != 'x') return fail(p, p->cursor - 1, "expected \"x\"");
    RETURN_IF_ERROR(read_int(p, INT32_MIN, INT32_MAX, &value));
    *sizes[i] = (int32_t)value;
  }
  return STATUS_OK;
}

static Status read_window(Parser *p, Window *w) {
  *w = window_make(0, 0, 1, 1, 0, 0);
  RETURN_IF_ERROR(read_sizes(p, (int32_t *[]){&w->kernel_h, &w->kernel_w}, 2));
  if (accept(p, "stride")) {
    RETURN_IF_ERROR(read_sizes(p, (int32_t *[]){&w->stride_h, &w->stride_w}, 2));
  }
  if (accept(p, "pad")) {
    int32_t *pads[] = {&w->pad_top, &w->pad_left, &w->pad_bottom, &w->pad_right};
    RETURN_IF_ERROR(read_sizes(p, pads, 4));
  }
  if (accept(p, "dilation")) {
    RETURN_IF_ERROR(read_sizes(p, (int32_t *[]){&w->dilation_h, &w->dilation_w}, 2));
  }
  return STATUS_OK;
}

static Status read_attr_value(Parser *p, const AttrInfo *attr, Attrs *attrs) {
  void *field = (char *)attrs + attr->offset;
  int64_t value = 0;
  switch (attr->kind) {
    case ATTR_INT:
      RETURN_IF_ERROR(read_int(p, INT32_MIN, INT32_MAX, &value));
      *(int32_t *)field = (int32_t)value;
      return STATUS_OK;
    case ATTR_REAL: return read_real(p, field);
    case ATTR_TEXT: return read_string(p, field);
    case ATTR_WINDOW: return read_window(p, field);
  }
  return STATUS_OK;
}

static Status read_attrs(Parser *p, Node *node) {
  const OpInfo *info = op_info(node->op);
  bool seen[OP_MAX_ATTRS] = {false};
  if (!accept(p, "{") || accept(p, "}")) return STATUS_OK;
  do {
    const char *key = NULL;
    uint32_t index;
    skip_space(p);
    const char *at = p->cursor;
    RETURN_IF_ERROR(read_word(p, "an attribute", &key));
    RETURN_IF_ERROR(find_attr(p, at, info, key, &index));
    if (seen[index]) return fail(p, at, "attribute \"%s\" is given twice", key);
    seen[index] = true;
    RETURN_IF_ERROR(expect(p, "="));
    RETURN_IF_ERROR(read_attr_value(p, &info->attrs[index], &node->attrs));
  } while (accept(p, ","));
  return expect(p, "}");
}

/* Nodes. */

static Status read_operands(Parser *p, const Scope *scope, Node *node) {
  Values values = {0};
  RETURN_IF_ERROR(expect(p, "("));
  if (accept(p, ")")) return STATUS_OK;
  do {
    ValueId value = VALUE_NONE;
    RETURN_IF_ERROR(read_value(p, scope, &value));
    ARENA_PUSH(p->arena, values.items, values.count, values.capacity, value);
  } while (accept(p, ","));
  node->operands = values.items;
  node->operand_count = values.count;
  return expect(p, ")");
}

static Status read_recipe(Parser *p, Node *node) {
  const char *error = "expected a constant";
  skip_space(p);
  node->recipe = recipe_parse(p->recipes, &p->cursor, &error);
  return node->recipe ? STATUS_OK : fail(p, p->cursor, "%s", error);
}

static Status read_block(Parser *p, Graph *graph);

static Status read_body(Parser *p, Node *node) {
  const char *name = "";
  RETURN_IF_ERROR(expect(p, "body"));
  skip_space(p);
  if (*p->cursor == '@') RETURN_IF_ERROR(read_name(p, &name));
  RETURN_IF_ERROR(expect(p, "{"));
  RETURN_IF_ERROR(read_label(p, &node->label));
  Graph *body = graph_new(p->arena, p->recipes, name);
  node->body = body;
  return read_block(p, body);
}

static Status read_op(Parser *p, OpKind *op) {
  const char *word = NULL;
  skip_space(p);
  const char *at = p->cursor;
  RETURN_IF_ERROR(read_word(p, "an operator", &word));
  if (op_find(word, op)) return STATUS_OK;
  return fail(p, at, "no operator \"%.*s\"", MAX_QUOTED, word);
}

/* What follows the operator. *types stays empty when the text gives none. */
static Status read_rest(Parser *p, const Scope *scope, Node *node, Types *types) {
  if (node->op == OP_CONSTANT) {
    RETURN_IF_ERROR(read_recipe(p, node));
  } else if (node->op != OP_INPUT) {
    RETURN_IF_ERROR(read_operands(p, scope, node));
  }
  RETURN_IF_ERROR(read_attrs(p, node));
  if (accept(p, ":")) RETURN_IF_ERROR(read_types(p, types));
  if (node->op == OP_INPUT) {
    if (types->count != 1) return fail(p, p->cursor, "an input needs one type");
    node->declared = types->items[0];
  }
  return node->op == OP_KERNEL ? read_body(p, node) : read_label(p, &node->label);
}

static Status check_types(const Parser *p, const char *at, const Scope *scope, const Node *node,
                          const Types *types) {
  char given[TYPE_TEXT_MAX];
  char inferred[TYPE_TEXT_MAX];
  if (types->count == 0) return STATUS_OK;
  if (types->count != node->result_count) {
    return fail(p, at, "%u types for %u results", types->count, node->result_count);
  }
  for (uint32_t i = 0; i < types->count; ++i) {
    Type type = graph_type(scope->graph, node_result(node, i));
    if (!type_equal(type, types->items[i])) {
      return fail(p, at, "the type is %s, the text says %s", type_format(type, inferred),
                  type_format(types->items[i], given));
    }
  }
  return STATUS_OK;
}

/* Enters the results of a node, just appended, under their numbers. */
static Status define(Parser *p, const char *at, Scope *scope, const Node *node,
                     const Numbers *numbers) {
  if (numbers->count != node->result_count) {
    return fail(p, at, "%s has %u results, the text names %u", op_info(node->op)->text,
                node->result_count, numbers->count);
  }
  for (uint32_t i = 0; i < numbers->count; ++i) {
    uint32_t number = numbers->items[i];
    if (scope->count && number <= scope->numbers[scope->count - 1]) {
      return fail(p, at, "%%%u after %%%u: the numbers of values must increase", number,
                  scope->numbers[scope->count - 1]);
    }
    ARENA_PUSH(p->arena, scope->numbers, scope->count, scope->capacity, number);
  }
  return STATUS_OK;
}

static Status read_node(Parser *p, Scope *scope) {
  Numbers numbers = {0};
  Types types = {0};
  Node node = {0};
  const char *at = p->cursor;
  RETURN_IF_ERROR(read_numbers(p, &numbers));
  RETURN_IF_ERROR(expect(p, "="));
  RETURN_IF_ERROR(read_op(p, &node.op));
  RETURN_IF_ERROR(read_rest(p, scope, &node, &types));
  NodeId id;
  const char *message = graph_try_append(scope->graph, &node, &id);
  if (message) return fail(p, at, "%s", message);
  const Node *appended = graph_node(scope->graph, id);
  RETURN_IF_ERROR(check_types(p, at, scope, appended, &types));
  return define(p, at, scope, appended, &numbers);
}

static Status read_output(Parser *p, const Scope *scope) {
  const char *at = p->cursor;
  const char *name = NULL;
  ValueId value = VALUE_NONE;
  int64_t nchw = 0;
  RETURN_IF_ERROR(read_string(p, &name));
  RETURN_IF_ERROR(read_value(p, scope, &value));
  if (accept(p, "{")) {
    RETURN_IF_ERROR(expect(p, "nchw"));
    RETURN_IF_ERROR(expect(p, "="));
    RETURN_IF_ERROR(read_int(p, 0, 1, &nchw));
    RETURN_IF_ERROR(expect(p, "}"));
  }
  const char *message = graph_try_add_output(scope->graph, name, value, nchw != 0);
  return message ? fail(p, at, "%s", message) : STATUS_OK;
}

/* The nodes and outputs behind a "{", and the "}". */
static Status read_block(Parser *p, Graph *graph) {
  Scope scope = {.graph = graph};
  if (++p->depth > MAX_DEPTH) return fail(p, p->cursor, "bodies are nested too deeply");
  while (!accept(p, "}")) {
    skip_space(p);
    if (*p->cursor == '%') {
      RETURN_IF_ERROR(read_node(p, &scope));
    } else if (accept(p, "output")) {
      RETURN_IF_ERROR(read_output(p, &scope));
    } else {
      return fail(p, p->cursor, "expected a value \"%%N\", \"output\" or \"}\"");
    }
  }
  --p->depth;
  return STATUS_OK;
}

Status graph_parse(Arena *arena, RecipeTable *recipes, Diag *diag, const char *file,
                   const char *text, Graph **graph) {
  Parser parser = {
      .arena = arena, .recipes = recipes, .diag = diag, .file = file, .text = text, .cursor = text};
  const char *name = NULL;
  RETURN_IF_ERROR(expect(&parser, "graph"));
  RETURN_IF_ERROR(read_name(&parser, &name));
  RETURN_IF_ERROR(expect(&parser, "{"));
  *graph = graph_new(arena, recipes, name);
  RETURN_IF_ERROR(read_block(&parser, *graph));
  skip_space(&parser);
  if (*parser.cursor) return fail(&parser, parser.cursor, "text behind the graph");
  return STATUS_OK;
}
