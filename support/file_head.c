#include "support/file_head.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Status failure(Diag *diag, const char *path, const char *action) {
  return diag_io_error(diag, diag_file(path), "cannot %s: %s", action, strerror(errno));
}

Status file_head(Diag *diag, const char *path, char *head, size_t most, size_t *bytes) {
  struct stat info;
  *bytes = 0;
  if (stat(path, &info) != 0) return failure(diag, path, "open");
  if (!S_ISREG(info.st_mode)) return STATUS_OK;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it may have become a pipe */
  if (fd < 0) return failure(diag, path, "open");
  ssize_t got = 1;
  while (*bytes < most && got != 0) {
    got = read(fd, head + *bytes, most - *bytes);
    if (got < 0 && errno != EINTR) break;
    if (got > 0) *bytes += (size_t)got;
  }
  Status status = got < 0 ? failure(diag, path, "read") : STATUS_OK;
  (void)close(fd);
  return status;
}
