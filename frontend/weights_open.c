/* Opening a weights file: its first bytes tell what it is. The file is read, never mapped, and
 * nothing depends on it any more when it has been opened. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "frontend/checkpoint.h"
#include "frontend/safetensors.h"
#include "frontend/weights.h"
#include "frontend/weights_foreign.h"
#include "support/file_head.h"

/* Reads an open file into *weights, whose data are malloced. */
static Status read_file(Weights *weights, int fd, Diag *diag, const char *state) {
  Position position = diag_file(weights->path);
  struct stat info;
  if (fstat(fd, &info) != 0) {
    return diag_io_error(diag, position, "cannot read: %s", strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return diag_io_error(diag, position, "cannot read: not a regular file");
  }
  uint64_t bytes = (uint64_t)info.st_size;
  char head[CHECKPOINT_HEAD_BYTES] = {0};
  RETURN_IF_ERROR(weights_read_bytes(fd, diag, weights->path, 0, head,
                                     bytes < sizeof head ? bytes : sizeof head));
  if (checkpoint_is(head)) return checkpoint_read(weights, fd, bytes, head, state, diag);
  if (state) {
    return diag_error(diag, position,
                      "--state chooses within a PyTorch checkpoint, which this is not");
  }
  size_t head_bytes = bytes < sizeof head ? (size_t)bytes : sizeof head;
  if (weights_is_index(head, head_bytes)) return safetensors_read_shards(weights, diag);
  const char *foreign = weights_foreign(head, head_bytes);
  if (foreign) {
    return diag_error(diag, position,
                      "this is %s; weights are a safetensors file or a PyTorch checkpoint",
                      foreign);
  }
  return safetensors_read(weights, fd, bytes, diag);
}

/* -- what it is -------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

/* A safetensors file begins with a length, whose highest bytes are 0: a text has none. */
static bool is_binary(const char head[CHECKPOINT_HEAD_BYTES], size_t bytes) {
  return checkpoint_is(head) || memchr(head, 0, bytes) != NULL;
}

Status weights_is_file(Diag *diag, const char *path, bool *is) {
  static const char *const ends[] = {".pth", ".pt", ".bin", ".ckpt", ".safetensors", ".index.json"};
  char head[CHECKPOINT_HEAD_BYTES] = {0};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) {
    *is = ends_with(path, ends[i]);
    if (*is) return STATUS_OK;
  }
  size_t bytes;
  RETURN_IF_ERROR(file_head(diag, path, head, sizeof head, &bytes));
  *is = bytes > 0 && is_binary(head, bytes);
  return STATUS_OK;
}

/* -- opening it -------------------------------------------------------------------------------- */

static Status open_weights(Arena *arena, Diag *diag, const char *path, const char *state,
                           bool listing, Weights **weights) {
  *weights = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not block */
  if (fd < 0) return diag_io_error(diag, diag_file(path), "cannot open: %s", strerror(errno));
  Weights *opened = ARENA_NEW(arena, Weights);
  opened->arena = arena;
  opened->listing = listing;
  opened->diag = diag;
  opened->names.arena = arena;
  opened->path = arena_strdup(arena, path);
  Status status = read_file(opened, fd, diag, state);
  (void)close(fd);
  if (status) {
    weights_close(opened);
  } else {
    *weights = opened;
  }
  return status;
}

Status weights_open(Arena *arena, Diag *diag, const char *path, const char *state,
                    Weights **weights) {
  return open_weights(arena, diag, path, state, false, weights);
}

Status weights_list(Arena *arena, Diag *diag, const char *path, const char *state,
                    Weights **weights) {
  return open_weights(arena, diag, path, state, true, weights);
}
