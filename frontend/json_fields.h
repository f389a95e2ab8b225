/* Typed access to JSON objects, driven by tables: a JsonField says what a key holds, whether it
 * must be there, its limits, and which member of the caller's struct receives it. */
#ifndef ATMC_FRONTEND_JSON_FIELDS_H
#define ATMC_FRONTEND_JSON_FIELDS_H

#include "frontend/error_list.h"
#include "frontend/json_source.h"

typedef enum JsonFieldKind {               /* what it holds, and the member that receives it */
                             JSON_INT,     /* an integer in [min, max]: int64_t */
                             JSON_PAIR,    /* such an integer or [height, width]: int64_t[2] */
                             JSON_SIDES,   /* that or [top, left, bottom, right]: int64_t[4] */
                             JSON_INTS,    /* an array of 1 to JSON_MAX_INTS such integers: JsonInts
                                            */
                             JSON_REAL,    /* a number > 0 and <= max: double */
                             JSON_BOOL,    /* bool */
                             JSON_TEXT,    /* a string of `min` to `max` bytes: const char * */
                             JSON_TEXTS,   /* an array of such strings: JsonTexts */
                             JSON_REALS,   /* an array of numbers of at most `max`, of either sign:
                                              JsonReals */
                             JSON_OBJECT,  /* an object: const cJSON * */
                             JSON_OBJECTS, /* a non-empty array of objects: const cJSON *, the array
                                            */
} JsonFieldKind;

enum { JSON_MAX_INTS = 16 };
typedef struct JsonInts {
  int64_t items[JSON_MAX_INTS];
  uint32_t count;
} JsonInts;

typedef struct JsonTexts {
  const char **items;
  uint32_t count;
} JsonTexts;

typedef struct JsonReals {
  double *items;
  uint32_t count;
} JsonReals;

typedef struct JsonField {
  const char *key;
  JsonFieldKind kind;
  bool required;
  int64_t min, max;
  size_t member; /* offset into the caller's struct */
} JsonField;

typedef struct JsonFields { /* the table of one kind of object */
  const char *what;         /* the object in messages: "the conv2d layer" */
  const JsonField *fields;
  uint32_t count;
} JsonFields;

/* Reads `object` into `out`, whose members hold the defaults of keys that are absent. Texts belong
 * to the source's tree. Reports every unknown, missing and wrong key; false when there was one. */
bool json_fields_read(const JsonSource *source, const cJSON *object, const JsonFields *table,
                      ErrorList *errors, void *out);
/* The position of key `key` of `object`, of the object itself when it is absent. */
Position json_fields_place(const JsonSource *source, const cJSON *object, const char *key);

#endif
