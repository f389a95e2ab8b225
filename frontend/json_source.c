#include "frontend/json_source.h"

#include <string.h>

#include "frontend/error_list.h"
#include "frontend/json_scan.h"
#include "frontend/name_table.h"
#include "support/panic.h"

/* Gives each item of the tree, in the order of the text, the index of its spot. */
static void number_items(cJSON *item, uint32_t *next) {
  item->valueint = (int)(*next)++;
  for (cJSON *child = item->child; child; child = child->next) number_items(child, next);
}

static void check_unique_keys(const JsonSource *source, const cJSON *item, ErrorList *errors) {
  NameTable keys = {.arena = source->arena};
  for (const cJSON *child = item->child; child; child = child->next) {
    uint32_t first;
    if (child->string && name_table_find(&keys, child->string, &first)) {
      const JsonSpot *spots = source->spots;
      error_list_add(errors, json_source_key_place(source, child), "%skey %s is there twice",
                     json_scan_prefix(source, spots[child->valueint].key),
                     error_list_quote(source->arena, child->string));
    } else if (child->string) {
      name_table_set(&keys, child->string, (uint32_t)child->valueint);
    }
    check_unique_keys(source, child, errors);
  }
}

Status json_source_parse(JsonSource *source, Arena *arena, Diag *diag, const char *file,
                         const char *text, size_t bytes, bool embedded) {
  CHECK(bytes < UINT32_MAX);
  *source = (JsonSource){.arena = arena,
                         .diag = diag,
                         .file = file,
                         .text = text,
                         .bytes = (uint32_t)bytes,
                         .embedded = embedded};
  RETURN_IF_ERROR(json_scan(source));
  source->root = cJSON_ParseWithLengthOpts(text, bytes, NULL, false);
  if (!source->root) return diag_io_error(diag, diag_file(file), "no memory for its JSON text");
  uint32_t count = 0;
  number_items(source->root, &count);
  CHECK(count == source->spot_count);
  ErrorList errors = {.arena = arena, .diag = diag, .file = file};
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
