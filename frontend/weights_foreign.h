/* What a file is by its first bytes, where it is no file of weights. */
#ifndef ATMC_FRONTEND_WEIGHTS_FOREIGN_H
#define ATMC_FRONTEND_WEIGHTS_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In words, as "an HDF5 file"; NULL: nothing that is known. `head` [bytes] is the beginning of the
 * file, and that of no checkpoint. */
const char *weights_foreign(const char *head, size_t bytes);
/* Whether it is a JSON object, as the index of a safetensors file in shards is. */
bool weights_is_index(const char *head, size_t bytes);

#endif
