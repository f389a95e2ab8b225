/* The subcommands: cmd_NAME in cmd_NAME.c for each COMMAND row of options.def. */
#ifndef ATMC_DRIVER_COMMANDS_H
#define ATMC_DRIVER_COMMANDS_H

#include "driver/options.h"

/* Results go to standard output, messages to `diag`; memory comes from `arena`. */
typedef Status CommandRun(const Options *options, Arena *arena, Diag *diag);

#define COMMAND(ID, name, argument, summary, example) CommandRun cmd_##name;
#include "driver/options.def"

#endif
