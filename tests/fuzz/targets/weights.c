/* Files of weights of any kind: what is opened can be read, and its header reads back. */
#include <string.h>

#include "frontend/frontend.h"
#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 64;

/* The first elements of each tensor; those behind them are read in the same way. */
static void read_tensors(const Weights *weights, const NamedTensor *tensors, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    float some[16];
    uint64_t elements = safetensors_elements(&tensors[i]);
    uint64_t most = elements < 16 ? elements : 16;
    weights_floats(weights, tensors[i].name, 0, some, (size_t)most);
    weights_floats(weights, tensors[i].name, elements - most, some, (size_t)most);
  }
}

Status target_read(Fuzzed *f) {
  Weights *weights = NULL;
  RETURN_IF_ERROR(weights_open(f->arena, &f->diag, target_file(f), NULL, &weights));
  NamedTensor *tensors;
  uint32_t count;
  weights_named(weights, &f->diag, &tensors, &count);
  read_tensors(weights, tensors, count);
  size_t bytes;
  const char *header = safetensors_header(f->arena, tensors, count, NULL, &bytes);
  target_check(bytes >= 8 && header != NULL, "there is a header");
  weights_close(weights);
  return STATUS_OK;
}
