/* Reading an object by a table of its keys. All of its mistakes are reported: unknown keys with the
 * nearest known one, values of another kind or out of range, keys that are missing (but not those
 * that were only misspelt). */
#include "frontend/json_fields.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/json_scan.h"
#include "support/nearest.h"

typedef struct Reader {
  const JsonSource *source;
  const JsonFields *table;
  const JsonField *field;
  ErrorList *errors;
} Reader;

/* The value as it stands in the text, shortened, for messages. */
static const char *shown(const Reader *r, const cJSON *item) {
  if (cJSON_IsObject(item)) return "an object";
  if (cJSON_IsArray(item)) {
    return arena_printf(r->source->arena, "an array of %d", cJSON_GetArraySize(item));
  }
  if (cJSON_IsString(item)) return error_list_quote(r->source->arena, item->valuestring);
  const char *token = json_source_token(r->source, item);
  return arena_strndup(r->source->arena, token, strcspn(token, " \t\r\n,]}"));
}

/* Reports that the value is not what the field takes; false, for its reader to return. */
static bool reject(const Reader *r, const cJSON *item, const char *expected) {
  if (error_list_skip(r->errors)) return false;
  Arena *arena = r->source->arena;
  error_list_add(r->errors, json_source_place(r->source, item), "%s must be %s, not %s",
                 error_list_quote(arena, r->field->key), expected, shown(r, item));
  return false;
}

/* The same for an array without elements. */
static bool reject_empty(const Reader *r, const cJSON *item) {
  error_list_add(r->errors, json_source_place(r->source, item), "\"%s\" must not be empty",
                 r->field->key);
  return false;
}

/* Exactly: digits without fraction or exponent, as doubles cannot be trusted with. */
static bool read_int(const Reader *r, const cJSON *item, const char *expected, int64_t *out) {
  if (!cJSON_IsNumber(item)) return reject(r, item, expected);
  char *end;
  errno = 0;
  *out = strtoll(json_source_token(r->source, item), &end, 10);
  if (*end == '.' || *end == 'e' || *end == 'E') return reject(r, item, expected);
  if (errno == 0 && *out >= r->field->min && *out <= r->field->max) return true;
  if (r->field->min == r->field->max) {
    return reject(r, item, arena_printf(r->source->arena, "%" PRId64, r->field->min));
  }
  return reject(
      r, item,
      arena_printf(r->source->arena, "from %" PRId64 " to %" PRId64, r->field->min, r->field->max));
}

/* [height, width], or one number for both. */
static bool read_pair(const Reader *r, const cJSON *item, int64_t out[2]) {
  const char *expected = "an integer or [height, width]";
  if (cJSON_IsArray(item)) {
    if (cJSON_GetArraySize(item) != 2) return reject(r, item, expected);
    return read_int(r, item->child, "an integer", &out[0]) &&
           read_int(r, item->child->next, "an integer", &out[1]);
  }
  bool fits = read_int(r, item, expected, &out[0]);
  out[1] = out[0];
  return fits;
}

/* [top, left, bottom, right], or the same above and below and on the left and the right. */
static bool read_sides(const Reader *r, const cJSON *item, int64_t out[4]) {
  const char *expected = "an integer, [height, width] or [top, left, bottom, right]";
  int count = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : 1;
  if (count != 1 && count != 2 && count != 4) return reject(r, item, expected);
  if (!cJSON_IsArray(item)) {
    bool fits = read_int(r, item, expected, &out[0]);
    out[1] = out[2] = out[3] = out[0];
    return fits;
  }
  if (count == 1) return reject(r, item, expected);
  const cJSON *side = item->child;
  for (int i = 0; i < count; ++i, side = side->next) {
    if (!read_int(r, side, "an integer", &out[i])) return false;
  }
  for (int i = count; i < 4; ++i) out[i] = out[i - 2];
  return true;
}

static bool read_ints(const Reader *r, const cJSON *item, JsonInts *out) {
  int count = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : 0;
  if (count == 0 || count > JSON_MAX_INTS) {
    return reject(r, item,
                  arena_printf(r->source->arena, "an array of 1 to %d integers", JSON_MAX_INTS));
  }
  out->count = 0;
  for (const cJSON *child = item->child; child; child = child->next) {
    if (!read_int(r, child, "an integer", &out->items[out->count++])) return false;
  }
  return true;
}

/* Above 0 and at most the field's max, whatever its min. */
static bool read_real(const Reader *r, const cJSON *item, double *out) {
  if (!cJSON_IsNumber(item)) return reject(r, item, "a number");
  *out = item->valuedouble;
  if (*out > 0 && *out <= (double)r->field->max) return true;
  return reject(r, item,
                arena_printf(r->source->arena, "above 0 and at most %" PRId64, r->field->max));
}

/* Each of at most the field's max; at least one. */
static bool read_reals(const Reader *r, const cJSON *item, JsonReals *out) {
  if (!cJSON_IsArray(item)) return reject(r, item, "an array of numbers");
  if (!item->child) return reject_empty(r, item);
  out->items = ARENA_ARRAY(r->source->arena, (size_t)cJSON_GetArraySize(item), double);
  out->count = 0;
  for (const cJSON *child = item->child; child; child = child->next) {
    double max = (double)r->field->max;
    if (!cJSON_IsNumber(child)) return reject(r, child, "an array of numbers");
    if (!(child->valuedouble >= -max && child->valuedouble <= max)) {
      return reject(r, child, arena_printf(r->source->arena, "from %g to %g", -max, max));
    }
    out->items[out->count++] = child->valuedouble;
  }
  return true;
}

/* Its bytes are from the field's min to its max. The text is the tree's own. */
static bool read_text(const Reader *r, const cJSON *item, const char **out) {
  if (!cJSON_IsString(item)) return reject(r, item, "a string");
  *out = item->valuestring;
  int64_t length = (int64_t)strlen(*out);
  if (length >= r->field->min && length <= r->field->max) return true;
  return reject(r, item,
                arena_printf(r->source->arena, "a string of %" PRId64 " to %" PRId64 " bytes",
                             r->field->min, r->field->max));
}

/* Each as read_text takes it; at least one. */
static bool read_texts(const Reader *r, const cJSON *item, JsonTexts *out) {
  if (!cJSON_IsArray(item)) return reject(r, item, "an array of strings");
  if (!item->child) return reject_empty(r, item);
  out->items = ARENA_ARRAY(r->source->arena, (size_t)cJSON_GetArraySize(item), const char *);
  out->count = 0;
  for (const cJSON *child = item->child; child; child = child->next) {
    if (!read_text(r, child, &out->items[out->count++])) return false;
  }
  return true;
}

/* An object, which its caller reads. */
static bool read_object(const Reader *r, const cJSON *item, const cJSON **out) {
  *out = item;
  return cJSON_IsObject(item) ? true : reject(r, item, "an object");
}

/* An array of objects, which its caller reads one by one; at least one. */
static bool read_objects(const Reader *r, const cJSON *item, const cJSON **out) {
  if (!cJSON_IsArray(item)) return reject(r, item, "an array of objects");
  if (!item->child) return reject_empty(r, item);
  for (const cJSON *child = item->child; child; child = child->next) {
    if (!cJSON_IsObject(child)) return reject(r, child, "an array of objects");
  }
  *out = item;
  return true;
}

/* Writes to `member`, which has the C type of the field's kind (json_fields.h). */
static bool read_value(const Reader *r, const cJSON *item, void *member) {
  switch (r->field->kind) {
    case JSON_INT: return read_int(r, item, "an integer", member);
    case JSON_PAIR: return read_pair(r, item, member);
    case JSON_SIDES: return read_sides(r, item, member);
    case JSON_INTS: return read_ints(r, item, member);
    case JSON_REAL: return read_real(r, item, member);
    case JSON_BOOL:
      *(bool *)member = cJSON_IsTrue(item);
      return cJSON_IsBool(item) ? true : reject(r, item, "true or false");
    case JSON_TEXT: return read_text(r, item, member);
    case JSON_TEXTS: return read_texts(r, item, member);
    case JSON_REALS: return read_reals(r, item, member);
    case JSON_OBJECT: return read_object(r, item, member);
    case JSON_OBJECTS: return read_objects(r, item, member);
  }
  return false;
}

/* NULL: the table has no such key. */
static const JsonField *find_field(const JsonFields *table, const char *key) {
  for (uint32_t i = 0; i < table->count; ++i) {
    if (strcmp(table->fields[i].key, key) == 0) return &table->fields[i];
  }
  return NULL;
}

/* Returns the index of the field that was meant, or the number of fields. */
static uint32_t report_unknown(const Reader *r, const cJSON *item) {
  Arena *arena = r->source->arena;
  const JsonFields *table = r->table;
  if (error_list_skip(r->errors)) return table->count;
  const char **keys = ARENA_ARRAY(arena, table->count, const char *);
  for (uint32_t i = 0; i < table->count; ++i) keys[i] = table->fields[i].key;
  const char *nearest = nearest_name(item->string, keys, table->count);
  error_list_add(r->errors, json_source_key_place(r->source, item), "unknown key %s in %s%s",
                 error_list_quote(arena, item->string), table->what,
                 nearest ? arena_printf(arena, "; did you mean \"%s\"?", nearest) : "");
  uint32_t meant = 0;
  while (meant < table->count && keys[meant] != nearest) ++meant;
  return meant;
}

bool json_fields_read(const JsonSource *source, const cJSON *object, const JsonFields *table,
                      ErrorList *errors, void *out) {
  uint32_t before = errors->count;
  Reader r = {source, table, NULL, errors};
  bool *meant = ARENA_ARRAY(source->arena, table->count + 1, bool); /* by a misspelt key */
  for (const cJSON *child = object->child; child; child = child->next) {
    r.field = find_field(table, child->string);
    if (r.field) {
      read_value(&r, child, (char *)out + r.field->member);
    } else {
      meant[report_unknown(&r, child)] = true;
    }
  }
  for (uint32_t i = 0; i < table->count; ++i) {
    const JsonField *field = &table->fields[i];
    if (field->required && !meant[i] && !json_source_member(object, field->key)) {
      error_list_add(errors, json_source_place(source, object), "%s has no \"%s\"", table->what,
                     field->key);
    }
  }
  return errors->count == before;
}

Position json_fields_place(const JsonSource *source, const cJSON *object, const char *key) {
  const cJSON *item = json_source_member(object, key);
  return json_source_place(source, item ? item : object);
}
