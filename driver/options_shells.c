/* The completions of zsh and fish, from the rows of options.def. */
#include <stdio.h>
#include <string.h>

#include "driver/options.h"
#include "driver/options_words.h"
#include "frontend/frontend.h"

/* Prints `text` for a string in '...': with a backslash before each of `special`. */
static void print_quoted(FILE *stream, const char *text, const char *special) {
  for (; *text; ++text) {
    if (*text == '\'') {
      fputs("'\\''", stream);
      continue;
    }
    if (strchr(special, *text)) fputc('\\', stream);
    fputc(*text, stream);
  }
}

/* -- zsh --------------------------------------------------------------------------------------- */

/* '--name=[help]:what:(words)', as _arguments takes it. */
static void zsh_option(FILE *stream, const OptionInfo *info, Arena *arena) {
  fprintf(stream, " \\\n        '*--%s%s[", info->name,
          !info->argument             ? ""
          : info->kind == OPTION_HELP ? "=-"
                                      : "=");
  print_quoted(stream, info->help, "[]:\\");
  fputs("]", stream);
  if (info->argument) {
    const char *words = options_words(info, arena);
    fputs(info->kind == OPTION_HELP ? "::value:" : ":value:", stream);
    fprintf(stream, words ? "(%s)" : "_files", words);
  }
  fputs("'", stream);
}

static void zsh_command(FILE *stream, CommandId command, Arena *arena) {
  uint32_t count;
  const OptionInfo *all = options_all(&count);
  fprintf(stream, "    %s)\n      _arguments '1:command:' ", options_command(command)->name);
  if (command == COMMAND_INIT) {
    fputs("'2:model:(", stream);
    for (const char *const *name = published_model_names(); *name; ++name) {
      fprintf(stream, "%s ", *name);
    }
    fputs(")'", stream);
  } else {
    fputs("'2:file:_files'", stream);
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (options_takes(&all[i], command)) zsh_option(stream, &all[i], arena);
  }
  fputs(" ;;\n", stream);
}

void options_docs_zsh(FILE *stream) {
  Arena *arena = arena_new();
  fputs("#compdef atmc\n_atmc() {\n  case $words[2] in\n", stream);
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) zsh_command(stream, i, arena);
  fputs("    *) _arguments '1:command:(", stream);
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) {
    fprintf(stream, "%s ", options_command(i)->name);
  }
  fputs(")' --help --version ;;\n  esac\n}\n_atmc \"$@\"\n", stream);
  arena_free(arena);
}

/* -- fish -------------------------------------------------------------------------------------- */

static void fish_option(FILE *stream, const OptionInfo *info, const char *command, Arena *arena) {
  fprintf(stream, "complete -c atmc -n '__fish_seen_subcommand_from %s' -l %s", command,
          info->name);
  if (info->letter) fprintf(stream, " -s %c", info->letter);
  const char *words = info->argument ? options_words(info, arena) : NULL;
  if (info->argument && info->kind != OPTION_HELP) fputs(words ? " -x" : " -r", stream);
  if (words) fprintf(stream, " -a '%s'", words);
  fputs(" -d '", stream);
  print_quoted(stream, info->help, "\\");
  fputs("'\n", stream);
}

static void fish_command(FILE *stream, CommandId command, Arena *arena) {
  const CommandInfo *info = options_command(command);
  fprintf(stream, "complete -c atmc -n __fish_use_subcommand -f -a %s -d '", info->name);
  print_quoted(stream, info->summary, "\\");
  fputs("'\n", stream);
  uint32_t count;
  const OptionInfo *all = options_all(&count);
  for (uint32_t i = 0; i < count; ++i) {
    if (options_takes(&all[i], command)) fish_option(stream, &all[i], info->name, arena);
  }
}

void options_docs_fish(FILE *stream) {
  Arena *arena = arena_new();
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) fish_command(stream, i, arena);
  fputs("complete -c atmc -n '__fish_seen_subcommand_from init' -f -a '", stream);
  for (const char *const *name = published_model_names(); *name; ++name) {
    fprintf(stream, "%s ", *name);
  }
  fputs("'\n", stream);
  arena_free(arena);
}
