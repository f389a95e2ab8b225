/* Where an output goes: what stands at its path, and the rule for links.
 *
 * A symbolic link is followed, and what it names is replaced or made; the link stays. What is there
 * must be a regular file, whose permissions and, where the system allows it, owner its successor
 * takes over. Its other hard links keep the old file. Devices, pipes and folders are refused, also
 * behind a link such as /dev/stdout.
 */
#ifndef ATMC_SUPPORT_DESTINATION_H
#define ATMC_SUPPORT_DESTINATION_H

#include <stdbool.h>
#include <sys/stat.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

typedef struct Destination {
  const char *path; /* behind all links */
  bool exists;
  struct stat old; /* of what is there, where it exists */
} Destination;

/* Finds what `path` names; refuses what is no regular file (STATUS_IO). */
MUST_CHECK Status destination_find(Arena *arena, Diag *diag, const char *path,
                                   Destination *destination);
/* Says that a file cannot be written at `path`, for the reason in errno; returns STATUS_IO. */
Status destination_error(Diag *diag, const char *path);
/* Gives the new file at `temporary` the permissions and, where the system allows it, the owner of
 * the old one, if there is one; executable files keep the x bits that they were made with, for
 * those who may read. False on failure: errno says why. */
MUST_CHECK bool destination_inherit(const Destination *destination, const char *temporary);
/* Whether the destination is the file at `path`, by whatever names. */
bool destination_is(const Destination *destination, const char *path);

#endif
