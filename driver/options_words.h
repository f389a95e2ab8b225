/* The words that may follow an option, for completion. */
#ifndef ATMC_DRIVER_OPTIONS_WORDS_H
#define ATMC_DRIVER_OPTIONS_WORDS_H

#include "driver/options.h"

/* In `arena`, separated by spaces; NULL: a file, or any text. */
const char *options_words(const OptionInfo *info, Arena *arena);

#endif
