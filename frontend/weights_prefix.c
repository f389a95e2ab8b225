/* Prefixes of names: what a checkpoint calls "backbone.stem.weight" the model may call
 * "stem.weight". Where the names of a file are not those of the model, one prefix before all of
 * them is looked for; it is taken where it is the only one, and suggested where it fits most of
 * them. */
#include "frontend/weights_prefix.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "support/string_builder.h"

enum {
  MAX_PREFIX = 256,    /* bytes */
  MAX_CANDIDATES = 16, /* that are tried */
  PROBES = 8,          /* wanted names whose places in the file give candidates */
  MAX_NAME = 512,      /* bytes of a prefix and a wanted name */
  SHOWN = 3,           /* names of either side, and prefixes, that messages show */
};

typedef struct Candidates {
  const char *items[MAX_CANDIDATES];
  uint32_t count;
} Candidates;

/* -- taking one -------------------------------------------------------------------------------- */

/* What is left of `name` behind the prefix, and behind a dot that it did not say; NULL: it does not
 * begin so. */
static const char *behind(const char *name, const char *prefix) {
  size_t length = strlen(prefix);
  if (strncmp(name, prefix, length) != 0) return NULL;
  name += length;
  name += length > 0 && *name == '.';
  return *name ? name : NULL;
}

/* Keeps the tensors whose names begin with `prefix`, which lose it; how many there are. */
static uint32_t strip(Weights *weights, const char *prefix) {
  NameTable names = {.arena = weights->arena};
  uint32_t kept = 0, other;
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const char *name = behind(weights->tensors[i].name, prefix);
    if (!name || name_table_find(&names, name, &other)) continue;
    weights->tensors[kept] = weights->tensors[i];
    weights->tensors[kept].name = name;
    name_table_set(&names, name, kept++);
  }
  weights->names = names;
  weights->tensor_count = kept;
  return kept;
}

static bool any_has(const Weights *weights, const char *prefix) {
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    if (behind(weights->tensors[i].name, prefix)) return true;
  }
  return false;
}

/* Some of the first parts of the file's names. */
static const char *first_parts(const Weights *weights) {
  Candidates parts = {0};
  StringBuilder out = {.arena = weights->arena};
  for (uint32_t i = 0; i < weights->tensor_count && parts.count < SHOWN; ++i) {
    const char *name = weights->tensors[i].name, *dot = strchr(name, '.');
    if (!dot || dot - name > MAX_PREFIX) continue;
    const char *part = arena_strndup(weights->arena, name, (size_t)(dot + 1 - name));
    uint32_t known = 0;
    while (known < parts.count && strcmp(parts.items[known], part) != 0) ++known;
    if (known < parts.count) continue;
    string_builder_printf(&out, "%s%s", parts.count ? ", " : "",
                          error_list_quote(weights->arena, part));
    parts.items[parts.count++] = part;
  }
  return parts.count ? string_builder_text(&out) : "no prefix";
}

Status weights_take_prefix(Weights *weights, const char *prefix, Diag *diag) {
  const char *unwrapped = weights->unwrapped ? weights->unwrapped : "";
  size_t length = strlen(unwrapped);
  weights->prefix_taken = true;
  if (any_has(weights, prefix)) {
    strip(weights, prefix);
    return STATUS_OK;
  }
  if (strncmp(unwrapped, prefix, strlen(prefix)) == 0) return STATUS_OK; /* it is off already */
  if (length && strncmp(prefix, unwrapped, length) == 0 && any_has(weights, prefix + length)) {
    strip(weights, prefix + length);
    return STATUS_OK;
  }
  return diag_error(diag, diag_file(weights->path),
                    "--state-prefix: no tensor begins with %s; there are %s",
                    error_list_quote(weights->arena, prefix), first_parts(weights));
}

/* -- finding one ------------------------------------------------------------------------------- */

/* The tensors that have to be there. */
static uint32_t count_required(const Model *model) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < model->need_count; ++i) count += !model->needs[i].optional;
  return count;
}

static uint32_t count_found(const Weights *weights, const Model *model, const char *prefix) {
  char name[MAX_NAME];
  uint32_t found = 0, index;
  for (uint32_t i = 0; i < model->need_count; ++i) {
    if (model->needs[i].optional) continue;
    int length = snprintf(name, sizeof name, "%s%s", prefix, model->needs[i].name);
    found += length < MAX_NAME && name_table_find(&weights->names, name, &index);
  }
  return found;
}

/* Adds what stands before `wanted` in `name`: whole parts of it. */
static void add_candidate(const Weights *weights, const char *name, const char *wanted,
                          Candidates *candidates) {
  size_t length = strlen(name), tail = strlen(wanted);
  if (length <= tail || length - tail > MAX_PREFIX || candidates->count == MAX_CANDIDATES) return;
  size_t begin = length - tail;
  if (name[begin - 1] != '.' && name[begin - 1] != '/') return;
  if (strcmp(name + begin, wanted) != 0) return;
  for (uint32_t i = 0; i < candidates->count; ++i) {
    const char *known = candidates->items[i];
    if (strlen(known) == begin && strncmp(known, name, begin) == 0) return;
  }
  candidates->items[candidates->count++] = arena_strndup(weights->arena, name, begin);
}

static void find_candidates(const Weights *weights, const Model *model, Candidates *candidates) {
  uint32_t probes = model->need_count < PROBES ? model->need_count : PROBES;
  for (uint32_t p = 0; p < probes; ++p) {
    uint32_t need = (uint32_t)((uint64_t)p * (model->need_count - 1) / (PROBES - 1));
    for (uint32_t i = 0; i < weights->tensor_count; ++i) {
      add_candidate(weights, weights->tensors[i].name, model->needs[need].name, candidates);
    }
  }
}

static void tell(const Weights *weights, const char *prefix, uint32_t others, Diag *diag) {
  const char *quoted = error_list_quote(weights->arena, prefix);
  if (others) {
    diag_note(diag, diag_file(weights->path),
              "took the tensors of prefix %s, which are the model's, and left out %u other%s",
              quoted, others, others == 1 ? "" : "s");
  } else {
    diag_note(diag, diag_file(weights->path), "took the prefix %s off all names", quoted);
  }
}

Status weights_find_prefix(Weights *weights, const Model *model, Diag *diag) {
  uint32_t wanted = count_required(model), most = count_found(weights, model, ""), fits = 0;
  if (weights->prefix_taken || most == wanted) return STATUS_OK;
  Candidates *candidates = ARENA_NEW(weights->arena, Candidates);
  const char *prefixes[2] = {NULL, NULL};
  find_candidates(weights, model, candidates);
  for (uint32_t i = 0; i < candidates->count; ++i) {
    uint32_t found = count_found(weights, model, candidates->items[i]);
    if (found == wanted && fits < 2) prefixes[fits++] = candidates->items[i];
    if (found <= most) continue;
    most = found;
    weights->best_prefix = candidates->items[i];
    weights->best_found = found;
  }
  if (fits == 2) {
    return diag_error(diag, diag_file(weights->path),
                      "the model's tensors are there more than once; --state-prefix=%s or "
                      "--state-prefix=%s says which",
                      prefixes[0], prefixes[1]);
  }
  if (fits == 0) return STATUS_OK;
  uint32_t before = weights->tensor_count;
  tell(weights, prefixes[0], before - strip(weights, prefixes[0]), diag);
  return STATUS_OK;
}

/* -- where none fits --------------------------------------------------------------------------- */

/* A list of names with their shapes, of which some are shown. */
typedef struct NameList {
  StringBuilder text;
  uint32_t count;
} NameList;

static void list_add(NameList *list, const char *name, uint32_t rank, const int64_t *dims) {
  if (++list->count > SHOWN) return;
  Arena *arena = list->text.arena;
  string_builder_printf(&list->text, "%s%s %s", list->count > 1 ? ", " : "",
                        error_list_quote(arena, name), weights_shape_text(arena, rank, dims));
}

static const char *list_text(NameList *list) {
  if (list->count > SHOWN) string_builder_printf(&list->text, ", %u more", list->count - SHOWN);
  return string_builder_text(&list->text);
}

void weights_explain(const Weights *weights, const Model *model, Diag *diag) {
  NameTable needed = {.arena = weights->arena};
  NameList missing = {.text.arena = weights->arena}, unused = {.text.arena = weights->arena};
  uint32_t index;
  for (uint32_t i = 0; i < model->need_count; ++i) {
    const WeightNeed *need = &model->needs[i];
    name_table_set(&needed, need->name, i);
    if (need->optional || name_table_find(&weights->names, need->name, &index)) continue;
    list_add(&missing, need->name, need->type.rank, need->type.dims);
  }
  if (missing.count == 0) return;
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    const FileTensor *tensor = &weights->tensors[i];
    if (tensor->problem || name_table_find(&needed, tensor->name, &index)) continue;
    list_add(&unused, tensor->name, tensor->rank, tensor->dims);
  }
  Position position = diag_file(weights->path);
  if (unused.count) {
    diag_note(diag, position, "the model wants %s; the file has %s", list_text(&missing),
              list_text(&unused));
  }
  if (!weights->best_prefix) return;
  diag_note(diag, position,
            "with --state-prefix=%s the file has %u of the %u tensors that the model wants",
            weights->best_prefix, weights->best_found, count_required(model));
}
