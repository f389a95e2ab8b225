#define _GNU_SOURCE /* memmem */
#include "driver/product_note.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/shapes.h"
#include "support/atomic_file.h"
#include "support/file_head.h"
#include "support/panic.h"
#include "support/visible.h"

enum { NOTE_MAX_BYTES = 1 << 20 };
static const size_t FILE_MAX_BYTES = (size_t)4 << 30;

/* -- writing it -------------------------------------------------------------------------------- */

static void add_list(cJSON *object, const char *key, const TextList *list) {
  if (!list->count) return;
  cJSON *array = cJSON_AddArrayToObject(object, key);
  for (uint32_t i = 0; i < list->count; ++i) {
    cJSON_AddItemToArray(array, cJSON_CreateString(list->items[i]));
  }
}

const char *product_note(const Compilation *c, const ArtifactSpec *spec) {
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "model", c->model->name);
  cJSON_AddStringToObject(root, "hash", spec->model_hash);
  cJSON_AddStringToObject(root, "compiler", "atmc " ATMC_VERSION);
  cJSON_AddStringToObject(root, "target", c->variants[0].target->triple);
  cJSON *isas = cJSON_AddArrayToObject(root, "isa");
  for (uint32_t v = 0; v < c->variant_count; ++v) {
    cJSON_AddItemToArray(isas, cJSON_CreateString(c->variants[v].target->name));
  }
  cJSON *shapes = cJSON_AddArrayToObject(root, "shape");
  for (uint32_t i = 0; i < c->resolution_count; ++i) {
    const char *shape = shapes_format(c->variants[0].resolutions[i].shape, c->arena);
    cJSON_AddItemToArray(shapes, cJSON_CreateString(shape));
  }
  cJSON_AddStringToObject(root, "arithmetic", artifact_arithmetic(spec));
  cJSON_AddStringToObject(root, "packing",
                          arena_printf(c->arena, "%016llx", (unsigned long long)c->blob.packing));
  add_list(root, "disable-pass", &c->options->disable_pass);
  char *text = cJSON_PrintUnformatted(root);
  CHECK(text);
  const char *copy = arena_strdup(c->arena, text);
  free(text);
  cJSON_Delete(root);
  return copy;
}

/* -- finding it -------------------------------------------------------------------------------- */

/* ELF, archives, Mach-O, COFF objects of x86-64, programs of Windows, WebAssembly: how they begin.
 */
Status product_is_file(Diag *diag, const char *path, bool *is) {
  static const struct {
    const char *bytes;
    size_t count;
  } heads[] = {{"\177ELF", 4},  {"!<arch>", 7}, {"\xcf\xfa\xed\xfe", 4},
               {"\x64\x86", 2}, {"MZ", 2},      {"\0asm", 4}};
  char head[sizeof "!<arch>" - 1] = {0};
  size_t bytes;
  RETURN_IF_ERROR(file_head(diag, path, head, sizeof head, &bytes));
  *is = false;
  for (size_t i = 0; i < sizeof heads / sizeof *heads && bytes == sizeof head; ++i) {
    if (memcmp(head, heads[i].bytes, heads[i].count) == 0) *is = true;
  }
  return STATUS_OK;
}

/* The JSON of a note at `at`, of which `left` bytes may be read; NULL: there is none. */
static cJSON *read_note(const char *at, size_t left) {
  ArtifactNote head;
  if (left < sizeof head) return NULL;
  memcpy(&head, at, sizeof head);
  ArtifactNote wanted = artifact_note_head(head.bytes);
  if (memcmp(&head, &wanted, sizeof head) != 0 || !head.bytes || head.bytes > NOTE_MAX_BYTES ||
      head.bytes > left - sizeof head || at[sizeof head + head.bytes - 1]) {
    return NULL;
  }
  cJSON *note = cJSON_Parse(at + sizeof head);
  if (cJSON_IsObject(note)) return note;
  cJSON_Delete(note);
  return NULL;
}

/* All notes of the file: a program may hold several models. */
static cJSON *find_notes(const char *data, size_t bytes) {
  const ArtifactNote head = artifact_note_head(0);
  const size_t name = offsetof(ArtifactNote, name);
  cJSON *notes = cJSON_CreateArray();
  const char *at = data, *end = data + bytes;
  for (; (at = memmem(at, (size_t)(end - at), head.name, sizeof head.name)); ++at) {
    if ((size_t)(at - data) < name) continue;
    cJSON *note = read_note(at - name, (size_t)(end - at) + name);
    if (note) cJSON_AddItemToArray(notes, note);
  }
  return notes;
}

static void print_value(const cJSON *value) {
  char *text = cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);
  const char *shown = text ? text : value->valuestring;
  visible_print(stdout, shown, strlen(shown));
  free(text);
}

static void print_text(const cJSON *notes) {
  const cJSON *note, *value;
  cJSON_ArrayForEach(note, notes) {
    if (note != notes->child) putchar('\n');
    cJSON_ArrayForEach(value, note) {
      visible_print(stdout, value->string, strlen(value->string));
      printf("%*s ", (int)(strlen(value->string) < 14 ? 14 - strlen(value->string) : 0), "");
      print_value(value);
      putchar('\n');
    }
  }
}

Status product_inspect(const Options *options, Arena *arena, Diag *diag) {
  char *data;
  size_t bytes;
  RETURN_IF_ERROR(atomic_file_read(arena, diag, options->argument, FILE_MAX_BYTES, &data, &bytes));
  cJSON *notes = find_notes(data, bytes);
  Status status = STATUS_OK;
  if (!cJSON_GetArraySize(notes)) {
    status = diag_error(diag, diag_file(options->argument), "holds no model that atmc compiled");
  } else if (options->json) {
    char *text = cJSON_Print(notes);
    CHECK(text);
    puts(text);
    free(text);
  } else {
    print_text(notes);
  }
  cJSON_Delete(notes);
  return status;
}
