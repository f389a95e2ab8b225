/* The command line, read: one struct whose fields are the rows of options.def. */
#ifndef ATMC_DRIVER_OPTIONS_H
#define ATMC_DRIVER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

typedef enum CommandId {
  COMMAND_NONE, /* atmc --help, atmc --version */
#define COMMAND(ID, name, argument, summary, example) COMMAND_##ID,
#include "driver/options.def"
  COMMAND_COUNT,
} CommandId;

/* Sets of commands, as in options.def. */
enum {
#define COMMAND(ID, name, argument, summary, example) ID = 1u << COMMAND_##ID,
#include "driver/options.def"
};

typedef struct TextList {
  const char **items;
  uint32_t count, capacity;
} TextList;

/* What an option takes, and the C type that holds it. */
typedef enum OptionKind {
  OPTION_FLAG,    /* nothing; bool */
  OPTION_TEXT,    /* any text; NULL when absent */
  OPTION_NUMBER,  /* an integer in [low, high]; 0 when absent */
  OPTION_CHOICE,  /* one of the words of its argument */
  OPTION_CHOICES, /* some of them, separated by commas; a later one replaces an earlier one */
  OPTION_LIST,    /* texts separated by commas; may be repeated */
  OPTION_TEXTS,   /* any text each; may be repeated */
  OPTION_HELP,    /* an optional word of its argument, the first when left out */
} OptionKind;

#define OPTION_TYPE_FLAG bool
#define OPTION_TYPE_TEXT const char *
#define OPTION_TYPE_NUMBER(low, high) uint64_t
#define OPTION_TYPE_CHOICE const char *
#define OPTION_TYPE_CHOICES TextList
#define OPTION_TYPE_LIST TextList
#define OPTION_TYPE_TEXTS TextList
#define OPTION_TYPE_HELP const char *

typedef struct Options {
  CommandId command;
  const char *line;     /* all of it as a shell takes it, from "atmc" on */
  const char *argument; /* the MODEL.json, FILE.ir or NAME; NULL with --help and --version */
  const char *weights, *state, *state_prefix, *shape, *output, *prefix, *weights_mode,
      *weights_dtype, *quantize, *engine, *trace, *runner;
  const char *class_names, *size, *head, *answer, *overlay, *compare, *token;
  const char *isa, *cpu, *target, *stop_after, *help;
  bool allow_extra, depfile, debug_info, profile, json, pixels, pyramid, selftest, quiet, data,
      field, verify_each, time_passes, version;
  TextList inputs, outputs, emit, passes, disable_pass, print_after, from_plan, keep_float, layers;
  uint64_t classes, threads, iterations, synthetic;
} Options;

typedef struct CommandInfo {
  const char *name, *argument, *summary, *example;
} CommandInfo;

typedef struct OptionInfo {
  const char *name, *argument, *fallback, *help; /* argument, fallback: NULL for none */
  char letter;                                   /* 0: none */
  OptionKind kind;
  uint32_t field; /* offset into Options */
  uint64_t low, high;
  uint32_t commands, required; /* sets of commands */
} OptionInfo;

/* Whether `command` takes the option. */
static inline bool options_takes(const OptionInfo *info, CommandId command) {
  return (info->commands & (1u << command)) != 0;
}

/* The row of a command, which is not COMMAND_NONE. */
const CommandInfo *options_command(CommandId command);
/* All rows in the order of options.def. */
const OptionInfo *options_all(uint32_t *count);

/* Reads the command line. Texts are those of `argv` or of `arena`. */
MUST_CHECK Status options_parse(Arena *arena, Diag *diag, int argc, char **argv, Options *options);

/* options_help.c: what --help prints, of one command or of the whole. */
void options_help_print(CommandId command, FILE *stream);
/* options_docs.c: the man page of the whole, in roff. */
void options_docs_man(FILE *stream);
/* The completion of the whole, a script for bash. */
void options_docs_bash(FILE *stream);
/* options_shells.c: that of zsh, */
void options_docs_zsh(FILE *stream);
/* and that of fish. */
void options_docs_fish(FILE *stream);

#endif
