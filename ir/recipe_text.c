/* Recipes as text: printing and parsing. The grammar stands in recipe.h.
 *
 * A table says for each kind how it is called, how many recipes it takes and what follows them; the
 * printer and the parser both work from it. The parser trusts nothing: numbers, shapes and depth
 * are checked before anything is built.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ir/recipe.h"
#include "ir/recipe_internal.h"
#include "ir/text_write.h"
#include "support/checked_math.h"
#include "support/panic.h"

/* What follows the operands of a kind. */
typedef enum Extra {
  EXTRA_NONE,
  EXTRA_FILL,        /* 0.5, [64]: a number before the shape */
  EXTRA_SHAPE,       /* [64,3] */
  EXTRA_PERMUTATION, /* [1,0] */
  EXTRA_RANGE,       /* begin, count */
  EXTRA_PANEL,       /* 32 */
  EXTRA_DTYPE,       /* f16 */
} Extra;

typedef struct KindText {
  const char *text;
  uint32_t operands;
  Extra extra;
} KindText;

static const KindText kinds[RECIPE_KIND_COUNT] = {
    [RECIPE_TENSOR] = {"@", 0, EXTRA_SHAPE}, /* not in call form */
    [RECIPE_FILL] = {"fill", 0, EXTRA_FILL},
    [RECIPE_IOTA3] = {"iota3", 0, EXTRA_SHAPE},
    [RECIPE_RESHAPE] = {"reshape", 1, EXTRA_SHAPE},
    [RECIPE_PERMUTE] = {"permute", 1, EXTRA_PERMUTATION},
    [RECIPE_ADD] = {"add", 2, EXTRA_NONE},
    [RECIPE_MUL] = {"mul", 2, EXTRA_NONE},
    [RECIPE_MUL_COLUMNS] = {"mul_columns", 2, EXTRA_NONE},
    [RECIPE_MUL_ROWS] = {"mul_rows", 2, EXTRA_NONE},
    [RECIPE_RSQRT] = {"rsqrt", 1, EXTRA_NONE},
    [RECIPE_EXP] = {"exp", 1, EXTRA_NONE},
    [RECIPE_MATVEC] = {"matvec", 2, EXTRA_NONE},
    [RECIPE_MATMUL] = {"matmul", 2, EXTRA_NONE},
    [RECIPE_CONCAT] = {"concat", 2, EXTRA_NONE},
    [RECIPE_SLICE] = {"slice", 1, EXTRA_RANGE},
    [RECIPE_PACK] = {"pack", 1, EXTRA_PANEL},
    [RECIPE_PACK4] = {"pack4", 1, EXTRA_PANEL},
    [RECIPE_PACK8] = {"pack8", 1, EXTRA_PANEL},
    [RECIPE_WINOGRAD] = {"winograd", 1, EXTRA_PANEL},
    [RECIPE_QUANTIZE] = {"quantize", 1, EXTRA_NONE},
    [RECIPE_QUANTIZE_SCALE] = {"quantize_scale", 1, EXTRA_NONE},
    [RECIPE_ROUND] = {"round", 1, EXTRA_DTYPE},
};

/* In words, and in names that need no quotes. */
static bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.';
}

/* -- printing ---------------------------------------------------------------------------------- */

static void print_shape(Type type, StringBuilder *out) {
  for (uint32_t i = 0; i < type.rank; ++i) {
    string_builder_printf(out, "%s%lld", i ? "," : "[", (long long)type.dims[i]);
  }
  string_builder_add(out, "]");
}

/* What stands behind the operands. */
static void print_extra(const Recipe *r, StringBuilder *out) {
  switch (kinds[r->kind].extra) {
    case EXTRA_NONE: break;
    case EXTRA_FILL:
      text_write_real(r->fill, out);
      string_builder_add(out, ", ");
      print_shape(r->type, out);
      break;
    case EXTRA_SHAPE: print_shape(r->type, out); break;
    case EXTRA_PERMUTATION:
      for (uint32_t i = 0; i < r->type.rank; ++i) {
        string_builder_printf(out, "%s%u", i ? "," : "[", r->permutation[i]);
      }
      string_builder_add(out, "]");
      break;
    case EXTRA_RANGE:
      string_builder_printf(out, "%lld, %lld", (long long)r->begin, (long long)r->type.dims[0]);
      break;
    case EXTRA_PANEL: string_builder_printf(out, "%lld", (long long)r->type.dims[2]); break;
    case EXTRA_DTYPE: string_builder_add(out, dtype_info(r->type.dtype)->text); break;
  }
}

void recipe_print(const Recipe *recipe, StringBuilder *out) {
  const KindText *kind = &kinds[recipe->kind];
  if (recipe->kind == RECIPE_TENSOR) {
    text_write_name(recipe->name, out);
    print_shape(recipe->type, out);
    return;
  }
  string_builder_add(out, kind->text);
  string_builder_add(out, "(");
  for (uint32_t i = 0; i < kind->operands; ++i) {
    if (i) string_builder_add(out, ", ");
    recipe_print(recipe->operands[i], out);
  }
  if (kind->operands && kind->extra != EXTRA_NONE) string_builder_add(out, ", ");
  print_extra(recipe, out);
  string_builder_add(out, ")");
}

/* -- parsing ----------------------------------------------------------------------------------- */

enum { MAX_DEPTH = 200, MAX_NAME = 1024, MAX_PARTS = 1 << 14 };

typedef struct Parser {
  RecipeTable *table;
  const char *at;
  const char *error; /* the first one; `at` stays there */
  int depth;
  int parts; /* recipes in the text so far */
} Parser;

/* Keeps the first message. Always false, so that it can be returned. */
static bool fail(Parser *p, const char *message) {
  if (!p->error) p->error = message;
  return false;
}

static void skip_blanks(Parser *p) {
  while (*p->at == ' ' || *p->at == '\t') ++p->at;
}

/* Whether `c` is next; then it is skipped. */
static bool accept(Parser *p, char c) {
  skip_blanks(p);
  if (*p->at != c) return false;
  ++p->at;
  return true;
}

static bool expect(Parser *p, char c, const char *message) {
  return accept(p, c) || fail(p, message);
}

/* Decimal, without a sign. `least` is 0 or 1. */
static bool parse_integer(Parser *p, int64_t least, int64_t *value) {
  skip_blanks(p);
  const char *digit = p->at;
  if (*digit < '0' || *digit > '9') return fail(p, "expected an integer");
  *value = 0;
  for (; *digit >= '0' && *digit <= '9'; ++digit) {
    if (!checked_mul_i64(*value, 10, value) || !checked_add_i64(*value, *digit - '0', value)) {
      return fail(p, "integer is too large");
    }
  }
  if (*value < least) return fail(p, "expected a positive integer");
  p->at = digit;
  return true;
}

/* [a,b,..]: 1 to 4 integers. */
static bool parse_list(Parser *p, int64_t least, int64_t *items, uint32_t *count) {
  if (!expect(p, '[', "expected '['")) return false;
  *count = 0;
  do {
    if (*count == TYPE_MAX_RANK) return fail(p, "more than 4 dimensions");
    if (!parse_integer(p, least, &items[(*count)++])) return false;
  } while (accept(p, ','));
  return expect(p, ']', "expected ',' or ']'");
}

/* A list of dimensions whose product can be counted. */
static bool parse_shape(Parser *p, Type *type) {
  int64_t dims[TYPE_MAX_RANK] = {0}, count;
  uint32_t rank;
  if (!parse_list(p, 1, dims, &rank)) return false;
  *type = type_make(rank, dims);
  return type_count(*type, &count) || fail(p, "shape has too many elements");
}

static bool parse_dtype(Parser *p, DType *dtype) {
  skip_blanks(p);
  size_t length = 0;
  while (is_plain(p->at[length])) ++length;
  if (!dtype_find(p->at, length, dtype)) return fail(p, "expected an element type, as f16");
  p->at += length;
  return true;
}

/* Whatever strtod reads, infinities and NaN included. */
static bool parse_number(Parser *p, double *value) {
  skip_blanks(p);
  char *end;
  if (isspace((unsigned char)*p->at)) return fail(p, "expected a number");
  *value = strtod(p->at, &end);
  if (end == p->at) return fail(p, "expected a number");
  p->at = end;
  return true;
}

/* The value of a lower-case hexadecimal digit; -1: it is none. */
static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/* One character of a quoted name behind a backslash; 0 on error. */
static char parse_escape(Parser *p) {
  char c = *p->at;
  if (c == '"' || c == '\\') {
    ++p->at;
    return c;
  }
  if (c == 'n' || c == 't') {
    ++p->at;
    return c == 'n' ? '\n' : '\t';
  }
  if (c == 'x' && hex_digit(p->at[1]) >= 0 && hex_digit(p->at[2]) >= 0) {
    c = (char)(hex_digit(p->at[1]) * 16 + hex_digit(p->at[2]));
    if (c) p->at += 3;
    return c;
  }
  return 0;
}

/* What is behind a quotation mark, up to the next, into `name` [MAX_NAME]. */
static bool parse_quoted(Parser *p, char *name) {
  size_t length = 0;
  for (p->at++; *p->at != '"';) {
    char c = *p->at;
    if (!c || c == '\n') return fail(p, "name is not closed");
    if (length == MAX_NAME - 1) return fail(p, "name is too long");
    ++p->at;
    if (c == '\\' && !(c = parse_escape(p))) return fail(p, "bad escape in name");
    name[length++] = c;
  }
  ++p->at;
  name[length] = 0;
  return true;
}

/* The interned recipe, or NULL with the cursor at `start`. */
static const Recipe *finish(Parser *p, const Recipe *prototype, const char *start) {
  const Recipe *recipe = NULL;
  const char *message = recipe_try_intern(p->table, prototype, &recipe);
  if (!message) return recipe;
  p->at = start;
  fail(p, message);
  return NULL;
}

/* @NAME or @"NAME", into `name` [MAX_NAME]. */
static bool parse_name(Parser *p, char *name) {
  ++p->at; /* @ */
  if (*p->at == '"') return parse_quoted(p, name);
  size_t length = 0;
  while (is_plain(p->at[length])) ++length;
  if (!length) return fail(p, "expected a tensor name");
  if (length >= MAX_NAME) return fail(p, "name is too long");
  memcpy(name, p->at, length);
  name[length] = 0;
  p->at += length;
  return true;
}

/* @NAME[dims] */
static const Recipe *parse_tensor(Parser *p) {
  const char *start = p->at;
  char name[MAX_NAME];
  Recipe prototype = {.kind = RECIPE_TENSOR, .name = name};
  if (!parse_name(p, name) || !parse_shape(p, &prototype.type)) return NULL;
  return finish(p, &prototype, start);
}

/* What stands behind the operands, into the fields that recipe_try_intern asks for. */
static bool parse_extra(Parser *p, Recipe *r) {
  int64_t list[TYPE_MAX_RANK];
  uint32_t count;
  switch (kinds[r->kind].extra) {
    case EXTRA_NONE: return true;
    case EXTRA_FILL:
      return parse_number(p, &r->fill) && expect(p, ',', "expected ','") &&
             parse_shape(p, &r->type);
    case EXTRA_SHAPE: return parse_shape(p, &r->type);
    case EXTRA_PERMUTATION:
      CHECK(r->operands[0]);
      if (!parse_list(p, 0, list, &count)) return false;
      if (count != r->operands[0]->type.rank) return fail(p, "permutation has the wrong length");
      for (uint32_t i = 0; i < count; ++i) {
        r->permutation[i] = list[i] < TYPE_MAX_RANK ? (uint32_t)list[i] : TYPE_MAX_RANK;
      }
      return true;
    case EXTRA_RANGE:
      return parse_integer(p, 0, &r->begin) && expect(p, ',', "expected ','") &&
             parse_integer(p, 1, &r->type.dims[0]);
    case EXTRA_PANEL: return parse_integer(p, 1, &r->type.dims[2]);
    case EXTRA_DTYPE: return parse_dtype(p, &r->type.dtype);
  }
  return false;
}

/* The word in front of a parenthesis. */
static bool parse_kind(Parser *p, RecipeKind *kind) {
  size_t length = 0;
  while (is_plain(p->at[length])) ++length;
  for (int k = RECIPE_FILL; k < RECIPE_KIND_COUNT; ++k) {
    if (strlen(kinds[k].text) == length && memcmp(kinds[k].text, p->at, length) == 0) {
      *kind = (RecipeKind)k;
      p->at += length;
      return true;
    }
  }
  return fail(p, "expected a recipe");
}

static const Recipe *parse_recipe(Parser *p);

/* name(recipe, .., extra) */
static const Recipe *parse_call(Parser *p) {
  const char *start = p->at;
  Recipe prototype = {0};
  if (!parse_kind(p, &prototype.kind) || !expect(p, '(', "expected '('")) return NULL;
  const KindText *kind = &kinds[prototype.kind];
  for (uint32_t i = 0; i < kind->operands; ++i) {
    if (i && !expect(p, ',', "expected ','")) return NULL;
    if (!(prototype.operands[i] = parse_recipe(p))) return NULL;
  }
  if (kind->operands && kind->extra != EXTRA_NONE && !expect(p, ',', "expected ','")) return NULL;
  if (!parse_extra(p, &prototype) || !expect(p, ')', "expected ')'")) return NULL;
  return finish(p, &prototype, start);
}

static const Recipe *parse_recipe(Parser *p) {
  skip_blanks(p);
  if (p->depth == MAX_DEPTH) {
    fail(p, "recipe is nested too deeply");
    return NULL;
  }
  if (++p->parts > MAX_PARTS) {
    fail(p, "recipe has too many parts");
    return NULL;
  }
  ++p->depth;
  const Recipe *recipe = *p->at == '@' ? parse_tensor(p) : parse_call(p);
  --p->depth;
  return recipe;
}

const Recipe *recipe_parse(RecipeTable *table, const char **cursor, const char **error) {
  Parser p = {.table = table, .at = *cursor};
  const Recipe *recipe = parse_recipe(&p);
  *cursor = p.at;
  if (!recipe) *error = p.error;
  return recipe;
}
