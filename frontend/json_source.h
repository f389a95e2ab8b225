/* JSON from an untrusted text, with positions.
 *
 * cJSON builds the tree, but it is lenient and keeps no positions, so a strict check of the text
 * (RFC 8259, UTF-8, depth, number of values, length of strings) comes first and records where each
 * value and its key begin, in the order of the text. The tree is then walked in the same order and
 * each item's `valueint`, which is of no use (it saturates), is replaced by its index into those
 * records.
 * Keys of an object are unique after decoding; strings hold no zero character.
 */
#ifndef ATMC_FRONTEND_JSON_SOURCE_H
#define ATMC_FRONTEND_JSON_SOURCE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"

enum {
  JSON_MAX_DEPTH = 64,
  JSON_MAX_VALUES = 1 << 18,
  JSON_MAX_NUMBER = 60,
  JSON_MAX_STRINGS = 8 << 20, /* bytes of all strings and keys, as they stand in the text */
  JSON_MARK_BYTES = 1024
};

typedef struct JsonSpot {
  uint32_t key; /* byte offsets into the text; `key` is UINT32_MAX for one that has none */
  uint32_t value;
} JsonSpot;

/* The line of a byte: one every so often, so that a file of newlines costs no more than another. */
typedef struct JsonMark {
  uint32_t lines; /* that end before it */
  uint32_t line;  /* offset of the beginning of its line */
} JsonMark;

typedef struct JsonSource {
  Arena *arena;
  Diag *diag;
  const char *file;
  const char *text; /* zero-terminated */
  uint32_t bytes;
  bool embedded; /* the text is a part of a binary file: messages say `header byte N`, no line */
  cJSON *root;   /* NULL until parsed; freed by json_source_free */
  JsonSpot *spots;
  uint32_t spot_count, spot_capacity;
  JsonMark *marks; /* where each JSON_MARK_BYTES of the text begin */
} JsonSource;

/* Checks and parses the text of `source`, of which everything in front of `root` is given, and the
 * rest zero. It must be freed even after an error. */
MUST_CHECK Status json_source_parse(JsonSource *source);
/* Frees the tree. The text is the caller's, the rest of the arena. */
void json_source_free(JsonSource *source);

/* Where a value begins. */
Position json_source_place(const JsonSource *source, const cJSON *item);
/* Where its key begins; the value itself when it has none. */
Position json_source_key_place(const JsonSource *source, const cJSON *item);
/* The text of a value from its first character to the end of the file. */
const char *json_source_token(const JsonSource *source, const cJSON *item);
/* Member `key` of an object, matched exactly; NULL when absent. */
const cJSON *json_source_member(const cJSON *object, const char *key);

#endif
