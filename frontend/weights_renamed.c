/* Tensors whose names changed after the first checkpoints of a family were published: where the
 * model wants today's name and the file has the earlier one, the tensor is taken for it. */
#include <string.h>

#include "frontend/weights.h"

/* VMamba's. What begins with '^' stands at the beginning of a name alone. */
static const struct Renamed {
  const char *before, *today;
} renamed[] = {
    {"^patch_embed.proj.", "patch_embed.0."},
    {"^patch_embed.norm.", "patch_embed.2."},
    {".ln_1.", ".norm."},
    {".self_attention.", ".op."},
    {"^norm.", "classifier.norm."},
    {"^head.", "classifier.head."},
};
enum { RENAMED_COUNT = sizeof renamed / sizeof *renamed };

/* Where the row's part stands in `name`; NULL: nowhere. */
static const char *find_part(const char *name, const struct Renamed *row, size_t *length) {
  bool anchored = *row->before == '^';
  const char *part = row->before + anchored;
  *length = strlen(part);
  if (anchored) return strncmp(name, part, *length) == 0 ? name : NULL;
  return strstr(name, part);
}

/* The name with one part of the table as it is today; NULL: it has none. */
static const char *todays_name(Arena *arena, const char *name) {
  for (uint32_t i = 0; i < RENAMED_COUNT; ++i) {
    size_t length;
    const char *at = find_part(name, &renamed[i], &length);
    if (at) {
      return arena_printf(arena, "%.*s%s%s", (int)(at - name), name, renamed[i].today, at + length);
    }
  }
  return NULL;
}

void weights_take_renamed(Weights *weights, const Model *model, Diag *diag) {
  NameTable wanted = {.arena = weights->arena};
  const char *first = NULL;
  uint32_t count = 0, index;
  for (uint32_t i = 0; i < model->need_count; ++i) name_table_set(&wanted, model->needs[i].name, i);
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    FileTensor *tensor = &weights->tensors[i];
    if (name_table_find(&wanted, tensor->name, &index)) continue;
    const char *today = todays_name(weights->arena, tensor->name);
    if (!today || !name_table_find(&wanted, today, &index)) continue;
    if (name_table_find(&weights->names, today, &index)) continue;
    if (count++ == 0) first = tensor->name;
    tensor->name = today;
    name_table_set(&weights->names, today, i);
  }
  if (count == 0) return;
  diag_note(diag, diag_file(weights->path), "took tensors under their earlier names: %u (%s, ..)",
            count, error_list_quote(weights->arena, first));
}
