#include "frontend/checkpoint.h"

bool checkpoint_is(const char *head) {
  (void)head;
  return false;
}
Status checkpoint_read(Weights *weights, int fd, uint64_t file_bytes, const char *state,
                       Diag *diag) {
  (void)fd, (void)file_bytes, (void)state;
  return diag_error(diag, diag_file(weights->path), "a PyTorch checkpoint");
}
