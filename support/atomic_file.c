/* Files that appear whole or not at all (contract: atomic_file.h).
 *
 * A temporary is `.NAME.PID-N.tmp` beside its destination, so that the rename never crosses a file
 * system. Commit keeps every file that it replaces under a second hidden name until all renames are
 * done; when one fails, the earlier ones are undone from the kept files.
 */
#include "support/atomic_file.h"
#include "support/at_exit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/destination.h"
#include "support/panic.h"

typedef struct Entry {
  const char *named; /* the path as the caller has it, for messages */
  Destination destination;
  const char *temporary; /* NULL once renamed or removed */
  const char *spare;     /* a second name for the old file during commit */
  bool kept;             /* it has that name */
  bool placed;           /* renamed to its destination */
} Entry;

struct AtomicFiles {
  Arena *arena;
  Diag *diag;
  Entry *entries;
  uint32_t count, capacity;
  uint32_t serial;   /* of the next hidden name */
  int fd;            /* of the last entry, while `open` */
  bool open;         /* it is being written */
  bool signals_wait; /* there are temporaries to remove */
  AtExit *at_exit;   /* removes them, while signals wait */
  sigset_t old_signals;
};

enum { NAME_ATTEMPTS = 100 };

AtomicFiles *atomic_files_new(Arena *arena, Diag *diag) {
  AtomicFiles *files = ARENA_NEW(arena, AtomicFiles);
  files->arena = arena;
  files->diag = diag;
  return files;
}

/* A hidden name beside `path`, different at every call. */
static const char *hidden_name(AtomicFiles *files, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  return arena_printf(files->arena, "%.*s.%s.%ld-%u.tmp", (int)(base - path), path, base,
                      (long)getpid(), files->serial++);
}

/* "cannot ACTION: " and what errno says. */
static Status system_error(Diag *diag, const char *path, const char *action) {
  return diag_io_error(diag, diag_file(path), "cannot %s: %s", action, strerror(errno));
}

/* For at_exit_call. */
static void tidy(void *files) {
  atomic_files_discard(files);
}

/* Signals that end the process wait while there are temporaries, which exit() removes. */
static void hold_signals(AtomicFiles *files) {
  if (files->at_exit) return;
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGHUP);
  sigaddset(&ending, SIGQUIT);
  files->signals_wait = sigprocmask(SIG_BLOCK, &ending, &files->old_signals) == 0;
  files->at_exit = at_exit_call(tidy, files);
}

/* A signal that came meanwhile ends the process here. */
static void release_signals(AtomicFiles *files) {
  if (!files->at_exit) return;
  at_exit_cancel(files->at_exit);
  files->at_exit = NULL;
  if (files->signals_wait) (void)sigprocmask(SIG_SETMASK, &files->old_signals, NULL);
  files->signals_wait = false;
}

/* Creates a fresh temporary for `path`, adds its entry and returns its open descriptor, or -1 after
 * a diagnostic. */
static int open_temporary(AtomicFiles *files, const char *path, mode_t mode) {
  Entry entry = {.named = arena_strdup(files->arena, path)};
  if (destination_find(files->arena, files->diag, entry.named, &entry.destination)) return -1;
  if (entry.destination.exists) mode &= entry.destination.old.st_mode | S_IRUSR | S_IWUSR | S_IXUSR;
  hold_signals(files);
  for (int attempt = 0; attempt < NAME_ATTEMPTS; ++attempt) {
    entry.temporary = hidden_name(files, entry.destination.path);
    entry.spare = hidden_name(files, entry.destination.path);
    ARENA_PUSH(files->arena, files->entries, files->count, files->capacity, entry);
    int fd = open(entry.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0) return fd;
    --files->count; /* it had to be there before the file, in case that no memory was left for it */
    if (errno != EEXIST) break;
  }
  (void)destination_error(files->diag, path);
  return -1;
}

/* Makes a temporary and removes it: whether there may be files is what the system says then. */
static Status probe(Arena *arena, Diag *diag, const char *path) {
  AtomicFiles *files = atomic_files_new(arena, diag);
  int fd = open_temporary(files, path, 0600);
  if (fd >= 0) (void)close(fd);
  atomic_files_discard(files);
  return fd >= 0 ? STATUS_OK : STATUS_IO;
}

Status atomic_file_check(Arena *arena, Diag *diag, const char *path, const char *const *inputs,
                         uint32_t count) {
  Destination destination;
  RETURN_IF_ERROR(destination_find(arena, diag, path, &destination));
  for (uint32_t i = 0; i < count; ++i) {
    if (!destination_is(&destination, inputs[i])) continue;
    return diag_usage_error(diag, "the output %s would replace the input %s", path, inputs[i]);
  }
  return probe(arena, diag, path);
}

/* False: errno says why. */
static bool write_all(int fd, const char *data, size_t bytes) {
  while (bytes > 0) {
    ssize_t written = write(fd, data, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    data += written;
    bytes -= (size_t)written;
  }
  return true;
}

Status atomic_files_begin(AtomicFiles *files, const char *path, bool executable) {
  CHECK(!files->open);
  files->fd = open_temporary(files, path, executable ? 0777 : 0666);
  files->open = files->fd >= 0;
  return files->open ? STATUS_OK : STATUS_IO;
}

Status atomic_files_append(AtomicFiles *files, const void *data, size_t bytes) {
  CHECK(files->open);
  if (write_all(files->fd, data, bytes)) return STATUS_OK;
  return system_error(files->diag, files->entries[files->count - 1].named, "write");
}

Status atomic_files_end(AtomicFiles *files) {
  CHECK(files->open);
  files->open = false;
  bool written = fsync(files->fd) == 0;
  int error = errno;
  if (close(files->fd) != 0 && written) {
    written = false;
    error = errno;
  }
  errno = error;
  const char *path = files->entries[files->count - 1].named;
  return written ? STATUS_OK : system_error(files->diag, path, "write");
}

Status atomic_files_write(AtomicFiles *files, const char *path, const void *data, size_t bytes,
                          bool executable) {
  RETURN_IF_ERROR(atomic_files_begin(files, path, executable));
  Status status = atomic_files_append(files, data, bytes);
  if (!status) return atomic_files_end(files);
  files->open = false;
  (void)close(files->fd);
  return status;
}

Status atomic_files_reserve(AtomicFiles *files, const char *path, const char **temporary) {
  int fd = open_temporary(files, path, 0666);
  if (fd < 0) return STATUS_IO;
  *temporary = files->entries[files->count - 1].temporary;
  return close(fd) == 0 ? STATUS_OK : system_error(files->diag, path, "write");
}

const char *atomic_files_temporary(const AtomicFiles *files, const char *path) {
  for (uint32_t i = 0; i < files->count; ++i) {
    if (strcmp(files->entries[i].named, path) == 0) return files->entries[i].temporary;
  }
  PANIC("%s is not being written", path);
}

/* Gives the old file at the destination, if any, a second name to come back from. A folder or
 * device that appeared there meanwhile is refused. `rename` is for file systems without hard links.
 */
static bool keep_old(Entry *entry) {
  struct stat info;
  const char *path = entry->destination.path;
  if (lstat(path, &info) != 0) return errno == ENOENT;
  if (!S_ISREG(info.st_mode)) {
    errno = S_ISDIR(info.st_mode) ? EISDIR : EEXIST;
    return false;
  }
  entry->kept = link(path, entry->spare) == 0 || rename(path, entry->spare) == 0;
  return entry->kept;
}

/* The file at the destination, which is as long, has the temporary's bytes already. */
static bool is_same(const Entry *entry) {
  enum { PIECE = 1 << 16 };
  char *pieces = malloc(2 * PIECE);
  FILE *new = fopen(entry->temporary, "rb"), *old = fopen(entry->destination.path, "rb");
  bool same = pieces && new && old, more = same;
  while (more) {
    size_t got = fread(pieces, 1, PIECE, new), other = fread(pieces + PIECE, 1, PIECE, old);
    same = other == got && !memcmp(pieces, pieces + PIECE, got) && !ferror(new) && !ferror(old);
    more = same && got == PIECE;
  }
  if (new) (void)fclose(new);
  if (old) (void)fclose(old);
  free(pieces);
  return same;
}

/* An unchanged file stays as it is, with its date: what is made of it need not be made again. */
static bool leave_old(Entry *entry) {
  struct stat new, old;
  return lstat(entry->destination.path, &old) == 0 && S_ISREG(old.st_mode) &&
         stat(entry->temporary, &new) == 0 && new.st_size == old.st_size &&is_same(entry);
}

/* Moves one temporary to its destination; false, with what errno says, if that fails. */
static bool place(Entry *entry) {
  if (leave_old(entry)) return true;
  if (!destination_inherit(&entry->destination, entry->temporary) || !keep_old(entry) ||
      rename(entry->temporary, entry->destination.path) != 0) {
    return false;
  }
  entry->temporary = NULL;
  entry->placed = true;
  return true;
}

/* Gives the old file its name back, by a link where the system renames nothing any more. */
static bool put_back(const Entry *entry) {
  const char *path = entry->destination.path;
  if (rename(entry->spare, path) == 0) return true;
  if (entry->placed) (void)unlink(path);
  return link(entry->spare, path) == 0 || (errno == EEXIST && !entry->placed);
}

/* Puts the old file back; where the system refuses that too, it stays under its spare name. */
static void undo(Entry *entry) {
  if (!entry->kept) {
    if (entry->placed) (void)unlink(entry->destination.path);
  } else if (put_back(entry)) {
    (void)unlink(entry->spare); /* which a rename onto the same file leaves, as a link does */
    entry->kept = false;
  }
}

/* Placing entry `failed` failed, as errno says. Messages come last: they need memory. */
static Status undo_all(AtomicFiles *files, uint32_t failed) {
  int error = errno;
  uint32_t count = files->count;
  for (uint32_t i = 0; i <= failed; ++i) undo(&files->entries[i]);
  atomic_files_discard(files);
  for (uint32_t i = 0; i < count; ++i) {
    const Entry *entry = &files->entries[i];
    if (!entry->kept) continue;
    (void)diag_io_error(files->diag, diag_file(entry->named),
                        "cannot be restored; the old file is %s", entry->spare);
  }
  errno = error;
  return system_error(files->diag, files->entries[failed].named, "write");
}

Status atomic_files_commit(AtomicFiles *files) {
  for (uint32_t i = 0; i < files->count; ++i) {
    if (!place(&files->entries[i])) return undo_all(files, i);
  }
  for (uint32_t i = 0; i < files->count; ++i) {
    if (files->entries[i].kept) (void)unlink(files->entries[i].spare);
    if (files->entries[i].temporary) (void)unlink(files->entries[i].temporary); /* unchanged */
  }
  files->count = 0;
  release_signals(files);
  return STATUS_OK;
}

void atomic_files_discard(AtomicFiles *files) {
  if (files->open) (void)close(files->fd);
  files->open = false;
  for (uint32_t i = 0; i < files->count; ++i) {
    if (files->entries[i].temporary) (void)unlink(files->entries[i].temporary);
  }
  files->count = 0;
  release_signals(files);
}

/* A file being read. */
typedef struct Input {
  Diag *diag;
  const char *path; /* for messages */
  int fd;
  size_t most; /* bytes that it may have */
} Input;

static Status too_large(const Input *in) {
  return diag_error(in->diag, diag_file(in->path), "the file is too large; the limit is %zu bytes",
                    in->most);
}

/* Reads to the end into a growing block that starts with room for `expected` bytes. */
static Status read_all(const Input *in, Arena *arena, size_t expected, char **data, size_t *bytes) {
  size_t capacity = expected + 2; /* one to see the end, one for the zero */
  char *buffer = arena_alloc(arena, capacity);
  size_t length = 0;
  for (;;) {
    ssize_t got = read(in->fd, buffer + length, capacity - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(in->diag, in->path, "read");
    if (got == 0) break;
    length += (size_t)got;
    if (length > in->most) return too_large(in);
    if (length == capacity - 1) {
      buffer = arena_grow(arena, buffer, length, 2 * capacity, 1);
      capacity *= 2;
    }
  }
  buffer[length] = '\0';
  *data = buffer;
  *bytes = length;
  return STATUS_OK;
}

Status atomic_file_read(Arena *arena, Diag *diag, const char *path, size_t most, char **data,
                        size_t *bytes) {
  enum { STREAM_BYTES = 4096 }; /* expected from what has no size */
  Input in = {.diag = diag, .path = path, .fd = open(path, O_RDONLY | O_CLOEXEC), .most = most};
  if (in.fd < 0) return system_error(diag, path, "open");
  struct stat info;
  Status status = STATUS_OK;
  if (fstat(in.fd, &info) != 0) {
    status = system_error(diag, path, "read");
  } else if (S_ISDIR(info.st_mode)) {
    status = diag_io_error(diag, diag_file(path), "cannot read: it is a directory");
  } else if (S_ISREG(info.st_mode) && (uint64_t)info.st_size > most) {
    status = too_large(&in);
  } else {
    size_t expected = S_ISREG(info.st_mode) ? (size_t)info.st_size : STREAM_BYTES;
    status = read_all(&in, arena, expected, data, bytes);
  }
  (void)close(in.fd);
  return status;
}
