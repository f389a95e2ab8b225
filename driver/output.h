/* Results of commands: a file when one was named, else the standard output. */
#ifndef ATMC_DRIVER_OUTPUT_H
#define ATMC_DRIVER_OUTPUT_H

#include "driver/options.h"
#include "frontend/frontend.h"
#include "support/arena.h"
#include "support/atomic_file.h"
#include "support/diag.h"
#include "support/status.h"

/* Says before there is work what would end it: that no file can be made at `path`, or that it is
 * one of the files that the command reads (STATUS_USAGE). */
MUST_CHECK Status output_check(const Options *options, Arena *arena, Diag *diag, const char *path);
/* The same for the files beside the opened weights that these are made of. */
MUST_CHECK Status output_check_parts(const Weights *weights, Arena *arena, Diag *diag,
                                     const char *path);
/* Results that could not be written are a failure, as of `atmc inspect M > /dev/full`. */
MUST_CHECK Status output_finish(Diag *diag);
/* output_finish, then atomic_files_commit: what fails on the standard output replaces no file. */
MUST_CHECK Status output_commit(AtomicFiles *files, Diag *diag);
/* Writes one file whole, or not at all. */
MUST_CHECK Status output_file(Arena *arena, Diag *diag, const char *path, const void *data,
                              size_t bytes);
/* The same for text; `path` NULL: to the standard output. */
MUST_CHECK Status output_text(Arena *arena, Diag *diag, const char *path, const char *text);

#endif
