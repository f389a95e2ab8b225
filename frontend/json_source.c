/* JSON text with positions: json_scan.c checks the grammar and notes where each value begins; cJSON
 * makes the tree; then items and spots are matched by their order. */
#include "frontend/json_source.h"

#include <string.h>

#include "frontend/error_list.h"
#include "frontend/json_scan.h"
#include "support/name_table.h"
#include "support/panic.h"

/* Gives each item of the tree, in the order of the text, the index of its spot. */
static void number_items(cJSON *item, uint32_t *next) {
  item->valueint = (int)(*next)++;
  for (cJSON *child = item->child; child; child = child->next) number_items(child, next);
}

/* An error at the second key. */
static void report_twice(const JsonSource *source, const cJSON *child, ErrorList *errors) {
  if (error_list_skip(errors)) return;
  error_list_add(errors, json_source_key_place(source, child), "%skey %s is there twice",
                 json_scan_prefix(source, source->spots[child->valueint].key),
                 error_list_quote(source->arena, child->string));
}

/* One with the key of `child` stands before it in `object`. */
static bool is_repeated(const cJSON *object, const cJSON *child) {
  for (const cJSON *other = object->child; other != child; other = other->next) {
    CHECK(other->string && child->string);
    if (strcmp(other->string, child->string) == 0) return true;
  }
  return false;
}

/* By a table that is not kept. */
static void check_many_keys(const JsonSource *source, const cJSON *object, ErrorList *errors) {
  Arena *arena = arena_new();
  NameTable keys = {.arena = arena};
  uint32_t before;
  name_table_reserve(&keys, (uint32_t)cJSON_GetArraySize(object));
  for (const cJSON *child = object->child; child; child = child->next) {
    if (name_table_find(&keys, child->string, &before)) {
      report_twice(source, child, errors);
    } else {
      name_table_set(&keys, child->string, 0);
    }
  }
  arena_free(arena);
}

/* No object in `item` has a key twice. Few keys are compared with each other; for many that would
 * take time with their square. */
static void check_unique_keys(const JsonSource *source, const cJSON *item, ErrorList *errors) {
  enum { FEW = 64 };
  bool many = cJSON_IsObject(item) && cJSON_GetArraySize(item) > FEW;
  if (many) check_many_keys(source, item, errors);
  for (const cJSON *child = item->child; child; child = child->next) {
    if (!many && child->string && is_repeated(item, child)) report_twice(source, child, errors);
    check_unique_keys(source, child, errors);
  }
}

Status json_source_parse(JsonSource *source) {
  CHECK(!source->root && !source->spots);
  RETURN_IF_ERROR(json_scan(source));
  source->root = cJSON_ParseWithLengthOpts(source->text, source->bytes, NULL, false);
  if (!source->root) {
    return diag_io_error(source->diag, diag_file(source->file), "no memory for its JSON text");
  }
  uint32_t count = 0;
  number_items(source->root, &count);
  CHECK(count == source->spot_count);
  ErrorList errors = {.arena = source->arena, .diag = source->diag, .file = source->file};
  check_unique_keys(source, source->root, &errors);
  return error_list_end(&errors);
}

void json_source_free(JsonSource *source) {
  cJSON_Delete(source->root);
  source->root = NULL;
}

Position json_source_place(const JsonSource *source, const cJSON *item) {
  return json_scan_place(source, source->spots[item->valueint].value);
}

Position json_source_key_place(const JsonSource *source, const cJSON *item) {
  JsonSpot spot = source->spots[item->valueint];
  return json_scan_place(source, spot.key == UINT32_MAX ? spot.value : spot.key);
}

const char *json_source_token(const JsonSource *source, const cJSON *item) {
  return source->text + source->spots[item->valueint].value;
}

const cJSON *json_source_member(const cJSON *object, const char *key) {
  const cJSON *child = cJSON_IsObject(object) ? object->child : NULL;
  while (child && strcmp(child->string, key) != 0) child = child->next;
  return child;
}
