/* Arrays: what was read, written again, reads the same. */
#include "support/npy.h"

#include <string.h>

#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 1;

Status target_read(Fuzzed *f) {
  NpyArray array = {0}, again = {0};
  RETURN_IF_ERROR(npy_parse(f->arena, &f->diag, "x.npy", f->data, f->bytes, &array));
  char *file;
  size_t bytes;
  npy_format(f->arena, &array, &file, &bytes);
  target_check(!npy_parse(f->arena, &f->diag, "y.npy", file, bytes, &again), "it reads back");
  target_check(again.rank == array.rank && again.count == array.count, "as large as it was");
  size_t size = array.count * sizeof *array.data;
  target_check(memcmp(array.data, again.data, size) == 0, "with the same bits");
  return STATUS_OK;
}
