/* What a file is, by how it begins. */
#ifndef ATMC_SUPPORT_FILE_HEAD_H
#define ATMC_SUPPORT_FILE_HEAD_H

#include <stddef.h>

#include "support/diag.h"
#include "support/status.h"

/* Reads the first bytes of the regular file `path`, at most `most`, to `head`, and how many these
 * are to *bytes: none of what is no regular file, since what a pipe gives can be read only once. A
 * file that the system does not let us look at is an error: to take it for another kind would give
 * a message about what it is not. */
MUST_CHECK Status file_head(Diag *diag, const char *path, char *head, size_t most, size_t *bytes);

#endif
