/* Words of eight bytes, mixed by multiplication and shift; the last word of each piece is padded
 * with zeros and the piece's length is mixed in at its end. */
#include "driver/model_hash.h"

#include <stdint.h>
#include <string.h>

#include "frontend/weights.h"

/* No secret: two models are told apart, not protected from each other. */
static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return hash ^ hash >> 29;
}

static uint64_t mix_bytes(uint64_t hash, const char *data, uint64_t bytes) {
  for (uint64_t i = 0; i < bytes; i += sizeof(uint64_t)) {
    uint64_t word = 0, left = bytes - i;
    memcpy(&word, data + i, left < sizeof word ? left : sizeof word);
    hash = mix(hash, word);
  }
  return mix(hash, bytes);
}

static uint64_t mix_text(uint64_t hash, const char *text) {
  return mix_bytes(hash, text, strlen(text));
}

/* Where its bytes stand instead of what they are: those that tensors share are mixed in once. */
static uint64_t mix_tensor(uint64_t hash, const FileTensor *tensor) {
  hash = mix_text(hash, tensor->name);
  hash = mix_text(hash, tensor->element ? tensor->element->name : "");
  hash = mix(hash, tensor->rank);
  for (uint32_t d = 0; d < tensor->rank; ++d) hash = mix(hash, (uint64_t)tensor->dims[d]);
  hash = mix(hash, tensor->begin);
  return mix(hash, tensor->end);
}

const char *model_hash(Arena *arena, const Model *model, const Weights *weights) {
  uint64_t hash = mix_text(0, model->text);
  for (uint32_t i = 0; i < weights->tensor_count; ++i) {
    hash = mix_tensor(hash, &weights->tensors[i]);
  }
  hash = mix_bytes(hash, weights->data, weights->data_bytes);
  for (uint32_t i = 0; i < model->class_count; ++i) hash = mix_text(hash, model->class_names[i]);
  return arena_printf(arena, "%016llx", (unsigned long long)hash);
}
