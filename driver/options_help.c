/* Help texts, from the rows of options.def. */
#include <stdio.h>
#include <string.h>

#include "driver/options.h"
#include "frontend/frontend.h"
#include "passes/pass.h"
#include "support/string_builder.h"

enum { LINE_WIDTH = 80, INDENT = 2, HELP_COLUMN = 30 };

/* Prints `text` from `column` on, broken between words so that no line exceeds LINE_WIDTH. */
static void print_wrapped(FILE *stream, const char *text, int column) {
  int at = column;
  while (*text) {
    int length = (int)strcspn(text, " ");
    if (at > column && at + 1 + length > LINE_WIDTH) {
      fprintf(stream, "\n%*s", column, "");
      at = column;
    }
    at += fprintf(stream, "%s%.*s", at > column ? " " : "", length, text);
    text += length + (text[length] == ' ');
  }
  fputc('\n', stream);
}

/* From column `at`, or on a line of its own where that is too far. */
static void go_to_help_column(FILE *stream, int at) {
  if (at >= HELP_COLUMN) {
    fprintf(stream, "\n%*s", HELP_COLUMN, "");
  } else {
    fprintf(stream, "%*s", HELP_COLUMN - at, "");
  }
}

/* "  -o, --output=NAME   what it does (default ..)". */
static void print_option(FILE *stream, Arena *arena, const OptionInfo *info) {
  const char *letter = info->letter ? arena_printf(arena, "-%c, ", info->letter) : "    ";
  const char *value = "";
  if (info->kind == OPTION_HELP) {
    value = arena_printf(arena, "[=%s]", info->argument);
  } else if (info->argument) {
    value = arena_printf(arena, "=%s", info->argument);
  }
  int width = fprintf(stream, "  %s--%s%s", letter, info->name, value);
  go_to_help_column(stream, width);
  const char *fallback = info->fallback ? arena_printf(arena, " (default %s)", info->fallback) : "";
  print_wrapped(stream, arena_printf(arena, "%s%s", info->help, fallback), HELP_COLUMN);
}

/* Those that must be given first. */
static void print_options(FILE *stream, CommandId command) {
  Arena *arena = arena_new();
  uint32_t count;
  const OptionInfo *all = options_all(&count);
  for (int required = 1; required >= 0; --required) {
    const char *title = required ? "\nRequired:\n" : "\nOptions:\n";
    for (uint32_t i = 0; i < count; ++i) {
      bool needed = (all[i].required & (1u << command)) != 0;
      if (!options_takes(&all[i], command) || needed != (bool)required) continue;
      fputs(title, stream);
      title = "";
      print_option(stream, arena, &all[i]);
    }
  }
  arena_free(arena);
}

static void print_passes(FILE *stream) {
  Arena *arena = arena_new();
  fputs("\nPasses:\n", stream);
  uint32_t count;
  const Pass *passes = pass_all(&count);
  for (uint32_t i = 0; i < count; ++i) {
    int width = fprintf(stream, "  %s", passes[i].name);
    go_to_help_column(stream, width);
    const char *required = passes[i].required ? " (cannot be left out)" : "";
    print_wrapped(stream, arena_printf(arena, "%s%s", passes[i].summary, required), HELP_COLUMN);
  }
  arena_free(arena);
}

static void print_models(FILE *stream) {
  Arena *arena = arena_new();
  StringBuilder names = {.arena = arena};
  for (const char *const *name = published_model_names(); *name; ++name) {
    string_builder_printf(&names, "%s ", *name);
  }
  fprintf(stream, "\nModels:\n%*s", INDENT, "");
  print_wrapped(stream, string_builder_text(&names), INDENT);
  arena_free(arena);
}

static void print_commands(FILE *stream) {
  fputs("\nCommands:\n", stream);
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) {
    const CommandInfo *info = options_command(i);
    int width = fprintf(stream, "  %s %s", info->name, info->argument);
    go_to_help_column(stream, width);
    fprintf(stream, "%s\n", info->summary);
  }
}

void options_help_print(CommandId command, FILE *stream) {
  if (command == COMMAND_NONE) {
    fputs(
        "Usage: atmc COMMAND [OPTION]...\n"
        "Compiles vision models of the ATMNet family to native code.\n",
        stream);
    print_commands(stream);
  } else {
    const CommandInfo *info = options_command(command);
    fprintf(stream, "Usage: atmc %s %s [OPTION]...\n%c%s.\n", info->name, info->argument,
            info->summary[0] - 'a' + 'A', info->summary + 1);
  }
  print_options(stream, command);
  if (command == COMMAND_OPT) print_passes(stream);
  if (command == COMMAND_INIT) print_models(stream);
  if (command == COMMAND_NONE) {
    fputs(
        "\nEach command has its own help: atmc COMMAND --help.\n"
        "Exit status: 0 success, 1 bad input, 2 wrong command line, 3 the system failed,\n"
        "4 verify found a difference, 70 a bug in atmc.\n",
        stream);
  } else {
    fprintf(stream, "\nExample:\n  %s\n", options_command(command)->example);
  }
}
