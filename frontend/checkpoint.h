/* PyTorch checkpoints (.pth): a pickle of dicts, in which tensors refer to storages, and the
 * storages' bytes. Two containers: a zip archive (since PyTorch 1.6), or pickles and storages one
 * after the other (before).
 */
#ifndef ATMC_FRONTEND_CHECKPOINT_H
#define ATMC_FRONTEND_CHECKPOINT_H

#include "frontend/weights.h"

enum { CHECKPOINT_HEAD_BYTES = 9 };

/* Whether a file that begins with `head` [CHECKPOINT_HEAD_BYTES] is a checkpoint. */
bool checkpoint_is(const char *head);
/* The tensors of one state of the file `fd` of `file_bytes` into `weights`. */
MUST_CHECK Status checkpoint_read(Weights *weights, int fd, uint64_t file_bytes, const char *state,
                                  Diag *diag);

#endif
