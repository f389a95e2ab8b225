/* A fingerprint of what an artifact was made from. Not cryptographic. */
#ifndef ATMC_DRIVER_FILE_HASH_H
#define ATMC_DRIVER_FILE_HASH_H

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

/* 16 hex digits of `text` and the bytes of the file at `path`. */
MUST_CHECK Status file_hash(Arena *arena, Diag *diag, const char *text, const char *path,
                            const char **hash);

#endif
