#include "support/file_head.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

size_t file_head(const char *path, char *head, size_t most) {
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* it may have become a pipe */
  if (fd < 0) return 0;
  ssize_t got = read(fd, head, most);
  (void)close(fd);
  return got > 0 ? (size_t)got : 0;
}
