/* PyTorch checkpoints (.pth): a pickle of dicts, in which tensors refer to storages, and the
 * storages' bytes. Two containers: a zip archive (since PyTorch 1.6), or pickles and storages one
 * after the other (before).
 *
 * Which state of a checkpoint is taken: the dict of the key that was asked for; by default that of
 * the first usual key ("model", "state_dict", ...) that holds tensors; or all of it, where it holds
 * tensors itself; or the only dict that does. Names that all begin with those of wrappers
 * ("module.", "_orig_mod.") lose them. What is no tensor, or one that cannot be read, matters only
 * where the model wants it.
 */
#ifndef ATMC_FRONTEND_CHECKPOINT_H
#define ATMC_FRONTEND_CHECKPOINT_H

#include "frontend/weights.h"

enum {
  CHECKPOINT_HEAD_BYTES = 64,
  /* Tensors may share storages, and repeat their elements: all of them together are at most so many
   * times as large as the file. */
  CHECKPOINT_MAX_SHARING = 16,
  /* Of those, bytes beyond the file's that do not lie densely in storages, and so are copied. */
  CHECKPOINT_MAX_COPIED = 32 << 20,
};

/* Whether a file that begins with `head` [CHECKPOINT_HEAD_BYTES] is a checkpoint. */
bool checkpoint_is(const char *head);
/* The tensors of one state of the file `fd` of `file_bytes`, which begins with `head`, into
 * `weights`. */
MUST_CHECK Status checkpoint_read(Weights *weights, int fd, uint64_t file_bytes, const char *head,
                                  const char *state, Diag *diag);

#endif
