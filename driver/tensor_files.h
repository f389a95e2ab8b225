/* The inputs and outputs of `atmc run`: .npy files named on the command line. */
#ifndef ATMC_DRIVER_TENSOR_FILES_H
#define ATMC_DRIVER_TENSOR_FILES_H

#include "driver/compilation.h"

/* Reads the files of --input, in the order of the model's inputs; `data` [input count] points to
 * their floats or bytes as stored. All must belong to one resolution, which is `shape`. */
MUST_CHECK Status tensor_files_read(const Compilation *c, const void **data, Shape *shape);

/* Checks the names of --output, and that files can be made there: `paths` [output count] is the
 * file of each output, NULL for those that are not wanted. */
MUST_CHECK Status tensor_files_targets(const Compilation *c, const char **paths);
/* Writes the outputs, floats as stored of logical `types`; all or none. */
MUST_CHECK Status tensor_files_write(const Compilation *c, const char *const *paths,
                                     const Type *types, void *const *data);

#endif
