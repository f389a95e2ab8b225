#include "driver/model_hash.h"

#include "frontend/weights.h"
#include "support/fingerprint.h"

/* Where its bytes stand instead of what they are: those that tensors share are mixed in once. */
static uint64_t mix_tensor(uint64_t hash, const FileTensor *tensor) {
  hash = fingerprint_text(hash, tensor->name);
  hash = fingerprint_text(hash, tensor->element ? tensor->element->name : "");
  hash = fingerprint_word(hash, tensor->rank);
  for (uint32_t d = 0; d < tensor->rank; ++d) {
    hash = fingerprint_word(hash, (uint64_t)tensor->dims[d]);
  }
  hash = fingerprint_word(hash, tensor->begin);
  return fingerprint_word(hash, tensor->end);
}

uint64_t model_hash(const Model *model, const Weights *weights) {
  uint64_t hash = fingerprint_text(0, model->text);
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    hash = mix_tensor(hash, &weights->tensors[i]);
  }
  hash = fingerprint_bytes(hash, weights->data, weights->data_bytes);
  for (uint32_t i = 0; i < model->class_count; ++i) {
    hash = fingerprint_text(hash, model->class_names[i]);
  }
  return hash;
}
