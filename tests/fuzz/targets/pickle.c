/* The pickle machine alone; its values are walked. */
#include "frontend/unpickle.h"
#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 1;

Status target_read(Fuzzed *f) {
  PickleSource source = {.file = "x.pth", .name = "data.pkl", .data = f->data, .bytes = f->bytes};
  Pickle pickle = {0};
  RETURN_IF_ERROR(unpickle(f->arena, &f->diag, &source, &pickle));
  target_check(pickle.root && pickle.root->kind < PICKLE_KIND_COUNT, "there is a value");
  target_check(pickle.bytes <= f->bytes, "it ends in the file");
  return STATUS_OK;
}
