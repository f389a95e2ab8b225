#include "driver/options_words.h"

#include <string.h>

#include "backends/backend.h"
#include "passes/pass.h"

/* `text` with a space for each of its separators. */
static const char *spaced(const char *text, Arena *arena) {
  char *copy = arena_strdup(arena, text);
  for (char *c = copy; *c; ++c) {
    if (*c == '|' || *c == ',') *c = ' ';
  }
  return copy;
}

static const char *pass_words(Arena *arena) {
  StringBuilder text = {.arena = arena};
  uint32_t count;
  const Pass *passes = pass_all(&count);
  for (uint32_t i = 0; i < count; ++i) {
    string_builder_printf(&text, "%s%s", i ? " " : "", passes[i].name);
  }
  return string_builder_text(&text);
}

const char *options_words(const OptionInfo *info, Arena *arena) {
  static const struct {
    const char *option;
    const char *(*names)(Arena *arena);
  } named[] = {{"isa", target_isas}, {"cpu", target_cpus}, {"target", target_triples}};
  bool listed =
      info->kind == OPTION_CHOICE || info->kind == OPTION_CHOICES || info->kind == OPTION_HELP;
  if (listed) return spaced(info->argument, arena);
  for (size_t i = 0; i < sizeof named / sizeof *named; ++i) {
    if (!strcmp(info->name, named[i].option)) return spaced(named[i].names(arena), arena);
  }
  if (info->argument && !strncmp(info->argument, "PASS", 4)) return pass_words(arena);
  return NULL;
}
