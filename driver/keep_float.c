#include "driver/keep_float.h"

#include <string.h>

#include "passes/pass.h"
#include "support/nearest.h"

enum { LISTED = 6 }; /* names in a message */

static bool contains(const TextList *list, const char *text) {
  for (uint32_t i = 0; i < list->count; ++i) {
    if (strcmp(list->items[i], text) == 0) return true;
  }
  return false;
}

/* The names of all layers, each once, in order. */
static TextList layers_of(const Graph *graph, Arena *arena) {
  TextList names = {0};
  for (uint32_t i = 0; i < graph->node_count; ++i) {
    const char *label = graph->nodes[i].label;
    if (!label || contains(&names, label)) continue;
    ARENA_PUSH(arena, names.items, names.count, names.capacity, label);
  }
  return names;
}

static bool is_known(const TextList *layers, const char *name) {
  for (uint32_t i = 0; i < layers->count; ++i) {
    if (pass_layer_is_of(layers->items[i], name)) return true;
  }
  return false;
}

/* The usage error, with the nearest name, or else the first ones. */
static Status unknown_layer(const Compilation *c, const TextList *layers, const char *name) {
  const char *near = nearest_name(name, layers->items, layers->count);
  StringBuilder text = {.arena = c->arena};
  if (near) string_builder_printf(&text, "; did you mean \"%s\"?", near);
  for (uint32_t i = 0; i < layers->count && i < LISTED; ++i) {
    string_builder_printf(&text, "%s%s",
                          i      ? ", "
                          : near ? " There are "
                                 : "; there are ",
                          layers->items[i]);
  }
  if (layers->count > LISTED) string_builder_add(&text, ", ... (see atmc inspect)");
  return diag_usage_error(c->diag, "--keep-float: no layer is named \"%s\"%s", name,
                          string_builder_text(&text));
}

Status keep_float_resolve(Compilation *c, const Graph *graph, const Model *model) {
  TextList *kept = &c->keep_float;
  for (uint32_t i = 0; model && i < model->keep_float_count; ++i) {
    ARENA_PUSH(c->arena, kept->items, kept->count, kept->capacity, model->keep_float[i]);
  }
  const TextList *asked = &c->options->keep_float;
  if (asked->count == 0) return STATUS_OK;
  TextList layers = layers_of(graph, c->arena);
  for (uint32_t i = 0; i < asked->count; ++i) {
    if (!is_known(&layers, asked->items[i])) return unknown_layer(c, &layers, asked->items[i]);
    ARENA_PUSH(c->arena, kept->items, kept->count, kept->capacity, asked->items[i]);
  }
  return STATUS_OK;
}
