#include "driver/output.h"

#include <stdio.h>
#include <string.h>

#include "support/atomic_file.h"

Status output_file(Arena *arena, Diag *diag, const char *path, const void *data, size_t bytes) {
  AtomicFiles *files = atomic_files_new(arena, diag);
  Status status = atomic_files_write(files, path, data, bytes, false);
  if (!status) status = atomic_files_commit(files);
  atomic_files_discard(files);
  return status;
}

Status output_text(Arena *arena, Diag *diag, const char *path, const char *text) {
  if (path) return output_file(arena, diag, path, text, strlen(text));
  fputs(text, stdout); /* main checks the stream */
  return STATUS_OK;
}
