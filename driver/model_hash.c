/* Words of eight bytes, mixed by multiplication and shift in chains that do not wait for each
 * other; the last words of each piece are padded with zeros and its length is mixed in last. */
#include "driver/model_hash.h"

#include <stdint.h>
#include <string.h>

#include "frontend/weights.h"

/* No secret: two models are told apart, not protected from each other. */
static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return hash ^ hash >> 29;
}

enum { CHAINS = 8, STRIDE = CHAINS * sizeof(uint64_t) };

static void mix_words(uint64_t chains[CHAINS], const char *data) {
  uint64_t words[CHAINS];
  memcpy(words, data, sizeof words);
  for (int i = 0; i < CHAINS; ++i) chains[i] = mix(chains[i], words[i]);
}

static uint64_t mix_bytes(uint64_t hash, const char *data, uint64_t bytes) {
  uint64_t chains[CHAINS] = {hash, 1, 2, 3, 4, 5, 6, 7}, whole = bytes / STRIDE * STRIDE;
  for (uint64_t i = 0; i < whole; i += STRIDE) mix_words(chains, data + i);
  char rest[STRIDE] = {0};
  if (bytes > whole) memcpy(rest, data + whole, bytes - whole);
  mix_words(chains, rest);
  hash = mix(chains[0], bytes);
  for (int i = 1; i < CHAINS; ++i) hash = mix(hash, chains[i]);
  return hash;
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
