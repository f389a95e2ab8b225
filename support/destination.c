/* Where a file is to be written: behind links, with the rights of the file that is there. Who
 * writes it is atomic_file.c. */
#include "support/destination.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LINKS = 40, MAX_PATH = 4096 };

Status destination_error(Diag *diag, const char *path) {
  if (errno == ENOENT) {
    return diag_io_error(diag, diag_file(path), "cannot write: its directory does not exist");
  }
  return diag_io_error(diag, diag_file(path), "cannot write: %s", strerror(errno));
}

/* What the link at `path` says, seen from where `path` is; NULL: it is no link, or errno says why
 * not. */
static const char *follow(Arena *arena, const char *path) {
  char text[MAX_PATH];
  ssize_t length = readlink(path, text, sizeof text);
  if (length < 0 || length == sizeof text) return NULL;
  const char *slash = strrchr(path, '/');
  int folder = text[0] == '/' || !slash ? 0 : (int)(slash + 1 - path);
  return arena_printf(arena, "%.*s%.*s", folder, path, (int)length, text);
}

/* The path of a file that is still to be made: behind the links at the end of `path`. */
static const char *follow_all(Arena *arena, const char *path) {
  for (int i = 0; i < MAX_LINKS; ++i) {
    const char *next = follow(arena, path);
    if (!next) return path;
    path = next;
  }
  return path;
}

Status destination_find(Arena *arena, Diag *diag, const char *path, Destination *destination) {
  *destination = (Destination){.path = path};
  if (stat(path, &destination->old) != 0) {
    if (errno != ENOENT) return destination_error(diag, path);
    destination->path = follow_all(arena, path);
    return STATUS_OK;
  }
  destination->exists = true;
  if (!S_ISREG(destination->old.st_mode)) {
    return diag_io_error(diag, diag_file(path), "cannot write: it is %s",
                         S_ISDIR(destination->old.st_mode) ? "a directory" : "not a regular file");
  }
  char *real = realpath(path, NULL);
  if (!real) return destination_error(diag, path); /* a file without a name, behind /dev/stdout */
  destination->path = arena_strdup(arena, real);
  free(real);
  return STATUS_OK;
}

bool destination_inherit(const Destination *destination, const char *temporary) {
  const struct stat *old = &destination->old;
  struct stat made;
  if (!destination->exists) return true;
  if (stat(temporary, &made) != 0) return false;
  mode_t mode = old->st_mode & 0777;
  if (made.st_mode & S_IXUSR) mode |= (mode & 0444) >> 2;
  if (made.st_uid != old->st_uid || made.st_gid != old->st_gid) {
    (void)!chown(temporary, old->st_uid, old->st_gid);
  }
  return chmod(temporary, mode) == 0;
}

bool destination_is(const Destination *destination, const char *path) {
  struct stat info;
  return destination->exists && stat(path, &info) == 0 && info.st_dev == destination->old.st_dev &&
         info.st_ino == destination->old.st_ino;
}
