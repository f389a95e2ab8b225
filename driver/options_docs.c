/* The man page and the completion of bash, from the rows of options.def. */
#include <stdio.h>
#include <string.h>

#include "driver/options.h"
#include "driver/options_words.h"
#include "frontend/frontend.h"
#include "passes/pass.h"

/* Prints `text` as roff: dashes are minus signs, backslashes are kept. */
static void print_roff(FILE *stream, const char *text) {
  for (; *text; ++text) {
    if (*text == '-' || *text == '\\') fputc('\\', stream);
    fputc(*text == '\\' ? 'e' : *text, stream);
  }
}

/* One tagged paragraph. */
static void man_option(FILE *stream, const OptionInfo *info) {
  fputs(".TP\n.B ", stream);
  if (info->letter) fprintf(stream, "\\-%c, ", info->letter);
  fputs("\\-\\-", stream);
  print_roff(stream, info->name);
  if (info->argument) {
    fputs(info->kind == OPTION_HELP ? "[=" : "=", stream);
    print_roff(stream, info->argument);
    if (info->kind == OPTION_HELP) fputc(']', stream);
  }
  fputc('\n', stream);
  print_roff(stream, info->help);
  if (info->fallback) {
    fputs(" (default ", stream);
    print_roff(stream, info->fallback);
    fputc(')', stream);
  }
  fputc('\n', stream);
}

static void man_passes(FILE *stream) {
  fputs(".SH PASSES\n", stream);
  uint32_t count;
  const Pass *passes = pass_all(&count);
  for (uint32_t i = 0; i < count; ++i) {
    fputs(".TP\n.B ", stream);
    print_roff(stream, passes[i].name);
    const char *required = passes[i].required ? " (cannot be left out)" : "";
    fprintf(stream, "\n%s%s.\n", passes[i].summary, required);
  }
}

/* A subsection: the command, its options, and its example. */
static void man_command(FILE *stream, CommandId command) {
  const CommandInfo *info = options_command(command);
  fprintf(stream, ".SS \"atmc %s %s [OPTION]...\"\n", info->name, info->argument);
  fprintf(stream, "%c%s.\n", info->summary[0] - 'a' + 'A', info->summary + 1);
  uint32_t count;
  const OptionInfo *all = options_all(&count);
  for (uint32_t i = 0; i < count; ++i) {
    if (options_takes(&all[i], command)) man_option(stream, &all[i]);
  }
  fputs(".PP\nExample:\n.PP\n.RS\n", stream);
  print_roff(stream, info->example);
  fputs("\n.RE\n", stream);
}

void options_docs_man(FILE *stream) {
  fprintf(stream,
          ".TH ATMC 1 \"\" \"atmc %s\" \"User Commands\"\n"
          ".SH NAME\natmc \\- compile vision models of the ATMNet family to native code\n"
          ".SH SYNOPSIS\n.B atmc\n.I COMMAND\n[\\fIOPTION\\fR]...\n.SH COMMANDS\n",
          ATMC_VERSION);
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) man_command(stream, i);
  man_passes(stream);
  fputs(
      ".SH EXIT STATUS\n"
      ".TP\n.B 0\nsuccess\n.TP\n.B 1\nbad input\n.TP\n.B 2\nwrong command line\n"
      ".TP\n.B 3\nthe system failed\n.TP\n.B 4\nverify found a difference\n"
      ".TP\n.B 70\na bug in atmc\n",
      stream);
}

/* What may follow the option, as a bash command that fills COMPREPLY. */
static void bash_values(FILE *stream, const OptionInfo *info, Arena *arena) {
  const char *words = options_words(info, arena);
  if (words) {
    fprintf(stream, "words='%s'", words);
  } else {
    fputs("files=1", stream);
  }
}

/* A branch of the case over commands: the options, and what may follow each. */
static void bash_command(FILE *stream, CommandId command, Arena *arena) {
  const char *name = options_command(command)->name;
  fprintf(stream, "    %s)\n", name ? name : "*");
  uint32_t count;
  const OptionInfo *all = options_all(&count);
  fputs("      options='", stream);
  for (uint32_t i = 0; i < count; ++i) {
    if (!options_takes(&all[i], command)) continue;
    fprintf(stream, " --%s%s", all[i].name,
            all[i].argument && all[i].kind != OPTION_HELP ? "=" : "");
  }
  fputs("'\n      case $previous in\n", stream);
  for (uint32_t i = 0; i < count; ++i) {
    if (!options_takes(&all[i], command) || !all[i].argument) continue;
    fprintf(stream, "        --%s", all[i].name);
    if (all[i].letter) fprintf(stream, "|-%c", all[i].letter);
    fputs(") ", stream);
    bash_values(stream, &all[i], arena);
    fputs(" ;;\n", stream);
  }
  fputs("      esac ;;\n", stream);
}

void options_docs_bash(FILE *stream) {
  Arena *arena = arena_new();
  fputs(
      "# bash completion for atmc: source <(atmc --help=bash)\n"
      "_atmc() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local options='' words='' files=''\n"
      "  if [[ $word == = ]]; then word=''; fi\n"
      "  if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  case ${COMP_WORDS[1]} in\n",
      stream);
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) bash_command(stream, i, arena);
  bash_command(stream, COMMAND_NONE, arena);
  fputs("  esac\n  if ((COMP_CWORD == 1)); then words='", stream);
  for (CommandId i = COMMAND_NONE + 1; i < COMMAND_COUNT; ++i) {
    fprintf(stream, "%s ", options_command(i)->name);
  }
  fputs(
      "--help --version'; fi\n  if [[ ${COMP_WORDS[1]} == init && -z $words$files ]]; then words='",
      stream);
  for (const char *const *name = published_model_names(); *name; ++name) {
    fprintf(stream, "%s ", *name);
  }
  fputs(
      "'; fi\n"
      "  if [[ $word == -* ]]; then words=$options; files=''; fi\n"
      "  if [[ $words ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  else COMPREPLY=($(compgen -f -- \"$word\")); fi\n"
      "  if [[ ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi\n"
      "}\n"
      "complete -o filenames -F _atmc atmc\n",
      stream);
  arena_free(arena);
}
