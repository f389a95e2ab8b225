/* What the text forms of graphs and plans have in common, as it is read: text_write.h's other half.
 *
 * The text is untrusted. Functions that return a Status report the first thing that does not fit,
 * with its line and column, and leave the cursor anywhere. What they read is in the arena.
 */
#ifndef ATMC_IR_TEXT_READ_H
#define ATMC_IR_TEXT_READ_H

#include "ir/graph.h"

enum {
  TEXT_MAX_MEMORY = 40 << 20, /* bytes of the arena that what is read may take */
  TEXT_MAX_WORD = 1 << 16,    /* bytes of a name, a word, a string or a label */
  TEXT_MAX_NODES = 49152,     /* of one graph: passes have two of it at a time */
  TEXT_MAX_PORTS = 1024       /* inputs, and outputs, of a graph: their names are compared */
};

typedef struct TextReader {
  Arena *arena;
  Diag *diag;
  const char *file; /* for messages */
  const char *text;
  const char *cursor;          /* in `text` */
  const char *blanks, *behind; /* blanks and comments that were skipped last: from, to */
  size_t limit;                /* of the arena's bytes */
} TextReader;

/* At the beginning of `text`. All is for as long as `arena` lives. */
TextReader text_read_begin(Arena *arena, Diag *diag, const char *file, const char *text);

/* Reports an error at `at`, which is in the text. */
Status text_read_fail(const TextReader *r, const char *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* An error where what was read takes too much memory. Whatever reads a list asks once for each
 * element, most by text_read_expect and text_read_word. */
MUST_CHECK Status text_read_room(const TextReader *r);
/* Skips blanks, ends of lines and comments. */
void text_read_skip(TextReader *r);
/* Whether `token` is next; then it is skipped. One of letters must be a whole word. */
bool text_read_accept(TextReader *r, const char *token);
/* `token` must be next. */
MUST_CHECK Status text_read_expect(TextReader *r, const char *token);
/* [A-Za-z0-9_]+; `what` it should be, for the message. */
MUST_CHECK Status text_read_word(TextReader *r, const char *what, const char **word);
/* An integer from `low` to `high`. */
MUST_CHECK Status text_read_int(TextReader *r, int64_t low, int64_t high, int64_t *value);
/* A finite number. */
MUST_CHECK Status text_read_real(TextReader *r, double *value);
/* "text" with the escapes of text_write_string. */
MUST_CHECK Status text_read_string(TextReader *r, const char **string);
/* @name or @"name", without what marks it. */
MUST_CHECK Status text_read_name(TextReader *r, const char **name);
/* The comment on the rest of this line; NULL where there is none. */
MUST_CHECK Status text_read_label(TextReader *r, const char **label);
/* The number of a value: %N. */
MUST_CHECK Status text_read_value_number(TextReader *r, uint32_t *number);
/* The text of an op of ops.def. */
MUST_CHECK Status text_read_op(TextReader *r, OpKind *op);
/* As f32[1,?,?,64]. */
MUST_CHECK Status text_read_type(TextReader *r, Type *type);
/* The attributes of `node`, whose op is known; none is read where no "{" is next. */
MUST_CHECK Status text_read_attrs(TextReader *r, Node *node);
/* An expression (ir/recipe.h), interned in `recipes`. */
MUST_CHECK Status text_read_recipe(TextReader *r, RecipeTable *recipes, const Recipe **recipe);

#endif
