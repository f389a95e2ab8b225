/* Suggestions for misspelt names. */
#ifndef ATMC_SUPPORT_NEAREST_H
#define ATMC_SUPPORT_NEAREST_H

#include <stddef.h>

/* The name among `names` [count] that `word` is most likely a misspelling of: at most one edit
 * (insertion, deletion, change, swap of neighbours) for each three letters of it. NULL: none. */
const char *nearest_name(const char *word, const char *const *names, size_t count);

#endif
