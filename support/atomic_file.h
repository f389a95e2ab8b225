/* Writing files so that they appear whole or not at all.
 *
 * The outputs of one command are gathered in an AtomicFiles set: each is written to a temporary
 * beside its destination and synced; commit renames all of them; discard removes the temporaries.
 * Nothing is left behind on failure and old outputs stay untouched until commit. From the first
 * temporary to commit or discard, the signals that end a process (SIGINT, SIGTERM, SIGHUP, SIGQUIT)
 * wait. Where an output goes when there is something at its path: destination.h. Not thread-safe.
 */
#ifndef ATMC_SUPPORT_ATOMIC_FILE_H
#define ATMC_SUPPORT_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

typedef struct AtomicFiles AtomicFiles;

/* Says before there is work what would end it: that no file can be made at `path`, or that it is
 * the file of one of `inputs` [count], under whatever name (STATUS_USAGE). */
MUST_CHECK Status atomic_file_check(Arena *arena, Diag *diag, const char *path,
                                    const char *const *inputs, uint32_t count);

/* An empty set. Its memory is of `arena`, its errors go to `diag`. */
AtomicFiles *atomic_files_new(Arena *arena, Diag *diag);
/* Writes `bytes` of `data` for `path`; `executable` sets the x bits. */
MUST_CHECK Status atomic_files_write(AtomicFiles *files, const char *path, const void *data,
                                     size_t bytes, bool executable);
/* The same piece by piece: begins the file for `path`. One at a time; discard closes it. */
MUST_CHECK Status atomic_files_begin(AtomicFiles *files, const char *path, bool executable);
/* Appends `bytes` of `data` to the file that was begun. */
MUST_CHECK Status atomic_files_append(AtomicFiles *files, const void *data, size_t bytes);
/* Ends it: it is on the disk. */
MUST_CHECK Status atomic_files_end(AtomicFiles *files);
/* The name of a fresh temporary beside `path`, for a tool (the linker) that writes it itself. */
MUST_CHECK Status atomic_files_reserve(AtomicFiles *files, const char *path,
                                       const char **temporary);
/* Where the bytes for `path` are until commit; it is one of the set's. */
const char *atomic_files_temporary(const AtomicFiles *files, const char *path);
/* Renames everything into place, or nothing. A file that has these bytes already keeps its date. */
MUST_CHECK Status atomic_files_commit(AtomicFiles *files);
/* Removes the temporaries; to be called on every way out, harmless after commit. */
void atomic_files_discard(AtomicFiles *files);

/* Reads a whole file of at most `most` bytes, zero-terminated behind its `*bytes` bytes. Errors
 * name the file; a larger one is bad input, and not read. */
MUST_CHECK Status atomic_file_read(Arena *arena, Diag *diag, const char *path, size_t most,
                                   char **data, size_t *bytes);

#endif
