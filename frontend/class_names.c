/* Names of classes, from lists that people have. Each has 1 to CLASS_NAME_MAX bytes of UTF-8. */
#include "frontend/class_names.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

#include "frontend/error_list.h"
#include "support/atomic_file.h"
#include "support/utf8.h"

enum { LIST_MAX_BYTES = 16 << 20 };

typedef struct List {
  Arena *arena;
  const char **items;
  uint32_t count, capacity;
} List;

static bool is_name(const char *text, size_t bytes) {
  size_t at = 0, length = 1;
  while (at < bytes && length) {
    length = utf8_length(text + at, bytes - at);
    at += length;
  }
  return bytes > 0 && bytes <= CLASS_NAME_MAX && length && !memchr(text, 0, bytes);
}

/* False where it is no name, or one too many. */
static bool add(List *list, const char *text, size_t bytes) {
  if (!is_name(text, bytes) || list->count == CLASS_NAMES_MAX) return false;
  ARENA_PUSH(list->arena, list->items, list->count, list->capacity,
             arena_strndup(list->arena, text, bytes));
  return true;
}

/* Each line is a name; false at the first that is none, which is line list->count + 1. */
static bool add_lines(List *list, const char *text, size_t bytes) {
  const char *end = text + bytes;
  while (text < end) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    size_t length = (size_t)((newline ? newline : end) - text);
    size_t shown = length && text[length - 1] == '\r' ? length - 1 : length;
    if (!add(list, text, shown)) return false;
    text += length + (newline != NULL);
  }
  return true;
}

Status class_names_read(Arena *arena, Diag *diag, const char *path, ClassNames *names) {
  char *text;
  size_t bytes;
  List list = {.arena = arena};
  if (strcmp(path, "imagenet") == 0) {
    *names = (ClassNames){class_names_imagenet, CLASS_NAMES_IMAGENET};
    return STATUS_OK;
  }
  RETURN_IF_ERROR(atomic_file_read(arena, diag, path, LIST_MAX_BYTES, &text, &bytes));
  if (!add_lines(&list, text, bytes)) {
    return diag_error(diag, diag_file(path),
                      "line %u is no name of a class: 1 to %d bytes of UTF-8, at most %d lines",
                      list.count + 1, CLASS_NAME_MAX, CLASS_NAMES_MAX);
  }
  if (list.count == 0) return diag_error(diag, diag_file(path), "no names of classes");
  *names = (ClassNames){list.items, list.count};
  return STATUS_OK;
}

/* -- in weights files -------------------------------------------------------------------------- */

static bool add_json(List *list, const char *text) {
  if (text[0] != '[') return false;
  cJSON *array = cJSON_ParseWithOpts(text, NULL, true);
  bool fits = cJSON_IsArray(array);
  for (const cJSON *item = fits ? array->child : NULL; fits && item; item = item->next) {
    fits = cJSON_IsString(item) && add(list, item->valuestring, strlen(item->valuestring));
  }
  cJSON_Delete(array);
  return fits;
}

static bool add_characters(List *list, const char *text) {
  size_t bytes = strlen(text), length;
  for (size_t i = 0; i < bytes; i += length) {
    length = utf8_length(text + i, bytes - i);
    if (!length || !add(list, text + i, length)) return false;
  }
  return true;
}

ClassNames class_names_parse(Arena *arena, const char *text, uint32_t wanted, uint32_t *found) {
  List json = {.arena = arena}, characters = {.arena = arena}, lines = {.arena = arena};
  bool is_json = add_json(&json, text);
  if (is_json && json.count == wanted) return (ClassNames){json.items, json.count};
  bool plain = add_characters(&characters, text);
  if (plain && characters.count == wanted) return (ClassNames){characters.items, wanted};
  if (add_lines(&lines, text, strlen(text)) && lines.count == wanted) {
    return (ClassNames){lines.items, wanted};
  }
  *found = is_json ? json.count : lines.count > 1 ? lines.count : characters.count;
  return (ClassNames){0};
}
