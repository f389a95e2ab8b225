/* The parser of the command line. It knows kinds of options, not options: those are rows of
 * options.def. GNU style: --name=value, --name value, -o value, -ovalue, and -- before arguments
 * that begin with a dash. Options and the command's argument come in any order behind the command.
 */
#include "driver/options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "support/nearest.h"
#include "support/panic.h"
#include "support/string_builder.h"

static const CommandInfo COMMANDS[COMMAND_COUNT] = {
#define COMMAND(ID, name_, argument_, summary_, example_) \
  [COMMAND_##                                             \
      ID] = {.name = #name_, .argument = argument_, .summary = summary_, .example = example_},
#include "driver/options.def"
};

#define KIND_FLAG .kind = OPTION_FLAG
#define KIND_TEXT .kind = OPTION_TEXT
#define KIND_NUMBER(low_, high_) .kind = OPTION_NUMBER, .low = low_, .high = high_
#define KIND_CHOICE .kind = OPTION_CHOICE
#define KIND_CHOICES .kind = OPTION_CHOICES
#define KIND_LIST .kind = OPTION_LIST
#define KIND_TEXTS .kind = OPTION_TEXTS
#define KIND_HELP .kind = OPTION_HELP

/* ",obj,header": the words of --emit, behind a comma each. */
static const char emit_words[] =
#define EMIT(word, before, behind, write) "," word
#include "driver/emit.def"
    ;

static const OptionInfo OPTIONS[] = {
#define OPTION(field_, name_, letter_, KIND, argument_, fallback_, commands_, required_, help_) \
  {.name = name_,                                                                               \
   .argument = argument_,                                                                       \
   .fallback = fallback_,                                                                       \
   .help = help_,                                                                               \
   .letter = letter_,                                                                           \
   KIND_##KIND,                                                                                 \
   .field = offsetof(Options, field_),                                                          \
   .commands = commands_,                                                                       \
   .required = required_},
#include "driver/options.def"
};
enum { OPTION_COUNT = sizeof OPTIONS / sizeof *OPTIONS };

/* The fields of Options have the types of their kinds. */
#define OPTION(field, name, letter, KIND, argument, fallback, commands, required, help) \
  _Static_assert(_Generic(((Options *)0)->field, OPTION_TYPE_##KIND: 1, default: 0),    \
                 "type of " #field);
#include "driver/options.def"

typedef struct Parser {
  Arena *arena;
  Diag *diag;
  char **next; /* NULL-terminated rest of argv */
  Options *options;
  bool seen[OPTION_COUNT];
  bool arguments_only; /* behind -- */
} Parser;

const CommandInfo *options_command(CommandId command) {
  return &COMMANDS[command];
}

const OptionInfo *options_all(uint32_t *count) {
  *count = OPTION_COUNT;
  return OPTIONS;
}

/* The option as the user may have written it. */
static const char *spelling(const Parser *p, const OptionInfo *info) {
  return arena_printf(p->arena, "--%s", info->name);
}

static void list_add(Parser *p, TextList *list, const char *text) {
  ARENA_PUSH(p->arena, list->items, list->count, list->capacity, text);
}

/* Splits `text` at each `separator` into `list`. */
static void list_split(Parser *p, TextList *list, const char *text, const char *separator) {
  for (;;) {
    size_t length = strcspn(text, separator);
    list_add(p, list, arena_strndup(p->arena, text, length));
    if (!text[length]) return;
    text += length + 1;
  }
}

/* `value` is one of the words that the option's argument lists. */
static Status check_choice(Parser *p, const OptionInfo *info, const TextList *choices,
                           const char *value) {
  for (uint32_t i = 0; i < choices->count; ++i) {
    if (!strcmp(value, choices->items[i])) return STATUS_OK;
  }
  return diag_usage_error(p->diag, "%s: \"%s\" is none of %s", spelling(p, info), value,
                          info->argument);
}

/* Stores the words of `value`, a list with commas of the words that the argument lists. */
static Status store_choices(Parser *p, const OptionInfo *info, const char *value, TextList *field) {
  TextList choices = {0};
  TextList values = {0};
  list_split(p, &choices, info->argument, ",");
  list_split(p, &values, value, ",");
  for (uint32_t i = 0; i < values.count; ++i) {
    RETURN_IF_ERROR(check_choice(p, info, &choices, values.items[i]));
  }
  *field = values;
  return STATUS_OK;
}

/* Stores `value`, one of the words that the argument offers as A|B. */
static Status store_choice(Parser *p, const OptionInfo *info, const char *value,
                           const char **field) {
  TextList choices = {0};
  list_split(p, &choices, info->argument, "|");
  RETURN_IF_ERROR(check_choice(p, info, &choices, value));
  *field = value;
  return STATUS_OK;
}

/* Digits alone, within the option's bounds. */
static Status store_number(Parser *p, const OptionInfo *info, const char *value, uint64_t *field) {
  char *end;
  errno = 0;
  uint64_t number = strtoull(value, &end, 10);
  bool digits = isdigit((unsigned char)value[0]) && *end == '\0';
  if (!digits || errno == ERANGE || number < info->low || number > info->high) {
    return diag_usage_error(p->diag, "%s: \"%s\" is not an integer from %llu to %llu",
                            spelling(p, info), value, (unsigned long long)info->low,
                            (unsigned long long)info->high);
  }
  *field = number;
  return STATUS_OK;
}

/* Into the field of Options whose type goes with the option's kind (asserted above). */
static Status store(Parser *p, const OptionInfo *info, const char *value) {
  void *field = (char *)p->options + info->field;
  switch (info->kind) {
    case OPTION_FLAG: *(bool *)field = true; return STATUS_OK;
    case OPTION_TEXT: *(const char **)field = value; return STATUS_OK;
    case OPTION_NUMBER: return store_number(p, info, value, field);
    case OPTION_HELP:
    case OPTION_CHOICE: return store_choice(p, info, value, field);
    case OPTION_CHOICES: return store_choices(p, info, value, field);
    case OPTION_LIST: list_split(p, field, value, ","); return STATUS_OK;
    case OPTION_TEXTS: list_add(p, field, value); return STATUS_OK;
  }
  PANIC("option kind %d", (int)info->kind);
}

/* The row of option `name` [length] for the command; NULL when it takes none of that name. */
static const OptionInfo *find_option(CommandId command, const char *name, size_t length) {
  for (uint32_t i = 0; i < OPTION_COUNT; ++i) {
    const OptionInfo *info = &OPTIONS[i];
    bool same = strlen(info->name) == length && !memcmp(info->name, name, length);
    if (same && options_takes(info, command)) return info;
  }
  return NULL;
}

static const OptionInfo *find_letter(CommandId command, char letter) {
  for (uint32_t i = 0; i < OPTION_COUNT; ++i) {
    if (OPTIONS[i].letter == letter && options_takes(&OPTIONS[i], command)) return &OPTIONS[i];
  }
  return NULL;
}

/* How messages call the command. */
static const char *command_text(const Parser *p) {
  const char *name = COMMANDS[p->options->command].name;
  return name ? arena_printf(p->arena, "atmc %s", name) : "atmc";
}

/* The usage error, with the nearest option of this command if there is one. */
static Status unknown_option(const Parser *p, const char *argument) {
  TextList names = {0};
  for (uint32_t i = 0; i < OPTION_COUNT; ++i) {
    if (!options_takes(&OPTIONS[i], p->options->command)) continue;
    ARENA_PUSH(p->arena, names.items, names.count, names.capacity, spelling(p, &OPTIONS[i]));
  }
  const char *near = nearest_name(argument, names.items, names.count);
  if (near) {
    return diag_usage_error(p->diag, "%s has no option %s; did you mean %s?", command_text(p),
                            argument, near);
  }
  return diag_usage_error(p->diag, "%s has no option %s; see %s --help", command_text(p), argument,
                          command_text(p));
}

/* Kinds of which there is one value: a second one would drop the first in silence. */
static bool is_single(OptionKind kind) {
  return kind == OPTION_TEXT || kind == OPTION_NUMBER || kind == OPTION_CHOICE;
}

/* Takes `value`, or the next argument where it is NULL. */
static Status take_value(Parser *p, const OptionInfo *info, const char *value) {
  bool *seen = &p->seen[info - OPTIONS];
  if (*seen && is_single(info->kind)) {
    return diag_usage_error(p->diag, "%s is given twice", spelling(p, info));
  }
  *seen = true;
  if (info->kind == OPTION_FLAG && value) {
    return diag_usage_error(p->diag, "%s takes no value", spelling(p, info));
  }
  if (info->kind == OPTION_HELP && !value) {
    value = arena_strndup(p->arena, info->argument, strcspn(info->argument, "|"));
  }
  if (info->kind != OPTION_FLAG && !value) {
    if (!*p->next) {
      return diag_usage_error(p->diag, "%s needs a value: %s", spelling(p, info), info->argument);
    }
    value = *p->next++;
  }
  return store(p, info, value);
}

/* --name or --name=value */
static Status take_long(Parser *p, const char *argument) {
  const char *name = argument + 2;
  size_t length = strcspn(name, "=");
  const OptionInfo *info = find_option(p->options->command, name, length);
  if (!info) return unknown_option(p, arena_strndup(p->arena, argument, length + 2));
  return take_value(p, info, name[length] ? name + length + 1 : NULL);
}

/* -o or -ovalue; -MD as C compilers have it. */
static Status take_short(Parser *p, const char *argument) {
  if (!strcmp(argument, "-MD")) return take_long(p, "--MD");
  const OptionInfo *info = find_letter(p->options->command, argument[1]);
  if (!info) return unknown_option(p, argument);
  return take_value(p, info, argument[2] ? argument + 2 : NULL);
}

/* The first argument that is no option. */
static Status take_command(Parser *p, const char *argument) {
  const char *names[COMMAND_COUNT];
  for (uint32_t i = 1; i < COMMAND_COUNT; ++i) {
    names[i] = COMMANDS[i].name;
    if (strcmp(argument, names[i]) != 0) continue;
    p->options->command = i;
    return STATUS_OK;
  }
  const char *near = nearest_name(argument, names + 1, COMMAND_COUNT - 1);
  if (near) {
    return diag_usage_error(p->diag, "no command \"%s\"; did you mean %s?", argument, near);
  }
  return diag_usage_error(p->diag, "no command \"%s\"; see atmc --help", argument);
}

/* An option, the command, or the command's argument. A single dash is no option. */
static Status take_argument(Parser *p, const char *argument) {
  bool dash = argument[0] == '-' && argument[1] != '\0' && !p->arguments_only;
  if (dash && !strcmp(argument, "--")) {
    p->arguments_only = true;
    return STATUS_OK;
  }
  if (dash) return argument[1] == '-' ? take_long(p, argument) : take_short(p, argument);
  if (p->options->command == COMMAND_NONE) return take_command(p, argument);
  if (p->options->argument) {
    return diag_usage_error(p->diag, "%s takes one %s; \"%s\" is one too many", command_text(p),
                            COMMANDS[p->options->command].argument, argument);
  }
  p->options->argument = argument;
  return STATUS_OK;
}

/* Fills in what was not said, and checks that what must be said was. */
static Status complete(Parser *p) {
  CommandId command = p->options->command;
  if (p->options->help || p->options->version) return STATUS_OK;
  if (command == COMMAND_NONE) return diag_usage_error(p->diag, "no command; see atmc --help");
  if (!p->options->argument) {
    return diag_usage_error(p->diag, "%s needs a %s", command_text(p), COMMANDS[command].argument);
  }
  for (uint32_t i = 0; i < OPTION_COUNT; ++i) {
    const OptionInfo *info = &OPTIONS[i];
    if (!options_takes(info, command) || p->seen[i]) continue;
    if (info->required & (1u << command)) {
      return diag_usage_error(p->diag, "%s needs %s=%s: %s", command_text(p), spelling(p, info),
                              info->argument, info->help);
    }
    if (info->fallback) RETURN_IF_ERROR(store(p, info, info->fallback));
  }
  return STATUS_OK;
}

/* Whether a shell takes `text` as it is. */
static bool is_plain(const char *text) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
  return *text && text[strspn(text, plain)] == '\0';
}

/* Appends `text`, within '...' where that is needed; a ' in it is '\'' then. */
static void add_word(StringBuilder *line, const char *text) {
  if (is_plain(text)) {
    string_builder_printf(line, " %s", text);
    return;
  }
  string_builder_add(line, " '");
  for (; *text; ++text) string_builder_printf(line, *text == '\'' ? "'\\''" : "%c", *text);
  string_builder_add(line, "'");
}

static const char *line_of(Arena *arena, char **words) {
  StringBuilder line = {.arena = arena};
  string_builder_add(&line, "atmc");
  for (; *words; ++words) add_word(&line, *words);
  return string_builder_text(&line);
}

Status options_parse(Arena *arena, Diag *diag, int argc, char **argv, Options *options) {
  *options = (Options){.line = line_of(arena, argv + (argc > 0))};
  Parser parser = {.arena = arena, .diag = diag, .next = argv + (argc > 0), .options = options};
  while (*parser.next) {
    const char *argument = *parser.next++;
    RETURN_IF_ERROR(take_argument(&parser, argument));
  }
  return complete(&parser);
}
