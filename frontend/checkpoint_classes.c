/* Names of classes that trainers leave beside the states: mmcv's meta["CLASSES"], mmengine's
 * meta["dataset_meta"]["classes"]. Lists that are anything else are left alone. */
#include <string.h>

#include "frontend/checkpoint_parts.h"
#include "support/utf8.h"

static const PickleValue *member(const PickleValue *dict, const char *key) {
  return dict && dict->kind == PICKLE_DICT ? unpickle_find(dict, key) : NULL;
}

static bool is_name(const PickleValue *value) {
  if (value->kind != PICKLE_STRING || value->count == 0 || value->count > CLASS_NAME_MAX) {
    return false;
  }
  size_t length = 1;
  for (size_t i = 0; i < value->count && length; i += length) {
    length = value->text[i] ? utf8_length(value->text + i, value->count - i) : 0;
  }
  return length > 0;
}

static bool take(Checkpoint *c, const PickleValue *list) {
  if (!list || (list->kind != PICKLE_TUPLE && list->kind != PICKLE_LIST)) return false;
  if (list->count > CLASS_NAMES_MAX) return false;
  const char **names = ARENA_ARRAY(c->arena, list->count, const char *);
  for (uint32_t i = 0; i < list->count; ++i) {
    if (!is_name(list->items[i])) return false;
    names[i] = list->items[i]->text;
  }
  c->weights->class_names = (ClassNames){names, list->count};
  return true;
}

void checkpoint_classes_read(Checkpoint *c, const PickleValue *root) {
  static const char *const keys[] = {"CLASSES", "classes"};
  const PickleValue *meta = member(root, "meta"), *set = member(meta, "dataset_meta");
  for (uint32_t i = 0; i < 2; ++i) {
    if (take(c, member(meta, keys[i])) || take(c, member(set, keys[i]))) return;
  }
}
