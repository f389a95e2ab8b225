/* The blob: a header that says whose weights these are, and the distinct constants of all plans,
 * one behind the other.
 *
 * Each starts at a multiple of BLOB_ALIGN and is followed by zeros up to the next; BLOB_ALIGN more
 * bytes end the blob, so that whole vectors and the prefetch of the next panel stay inside. The
 * last 8 of them are the sum of all words behind the header.
 *
 *   | header | recipe 0     000 | recipe 1 000 | recipe 2            0 | 120 bytes of 0, sum |
 *   ^ 0      ^ offsets[0]       ^ offsets[1]   ^ offsets[2]                                 ^ bytes
 *
 * Recipes are interned, so that equal constants of several plans are one; they stand in the order
 * of first use, which is the order in which the first plan's steps read them.
 */
#include <string.h>

#include "backends/backend.h"
#include "support/checked_math.h"
#include "support/fingerprint.h"

enum { BLOB_ALIGN = 128 };
_Static_assert(sizeof(atm_weights_header) == BLOB_ALIGN, "the first recipe is aligned");

/* What of a constant decides its bytes, and where they are. `text` is overwritten. */
static uint64_t fingerprint_constant(uint64_t before, const Recipe *recipe, uint64_t offset,
                                     StringBuilder *text) {
  text->length = 0;
  recipe_print(recipe, text);
  uint64_t packing = fingerprint_text(before, string_builder_text(text));
  packing = fingerprint_text(packing, dtype_info(recipe->type.dtype)->text);
  packing = fingerprint_word(packing, type_bytes(recipe->type));
  return fingerprint_word(packing, offset);
}

/* One more than the largest id of the plans' recipes. */
static uint32_t recipe_limit(const Plan *const *plans, uint32_t plan_count) {
  uint32_t limit = 0;
  for (uint32_t p = 0; p < plan_count; ++p) {
    for (uint32_t i = 0; i < plans[p]->weight_count; ++i) {
      uint32_t id = plans[p]->weights[i]->id;
      if (id >= limit) limit = id + 1;
    }
  }
  return limit;
}

WeightsBlob weights_blob_layout(Arena *arena, const Plan *const *plans, uint32_t plan_count) {
  uint32_t limit = recipe_limit(plans, plan_count);
  bool *seen = ARENA_ARRAY(arena, limit, bool);
  const Recipe **recipes = ARENA_ARRAY(arena, limit, const Recipe *);
  uint64_t *offsets = ARENA_ARRAY(arena, limit, uint64_t);
  WeightsBlob blob = {.recipes = recipes, .offsets = offsets, .bytes = sizeof(atm_weights_header)};
  StringBuilder text = {.arena = arena_new()};
  for (uint32_t p = 0; p < plan_count; ++p) {
    for (uint32_t i = 0; i < plans[p]->weight_count; ++i) {
      const Recipe *recipe = plans[p]->weights[i];
      if (seen[recipe->id]) continue;
      seen[recipe->id] = true;
      recipes[blob.count] = recipe;
      blob.packing = fingerprint_constant(blob.packing, recipe, blob.bytes, &text);
      offsets[blob.count++] = blob.bytes;
      blob.bytes += round_up_size(type_bytes(recipe->type), BLOB_ALIGN);
    }
  }
  arena_free(text.arena);
  blob.bytes = blob.count ? blob.bytes + BLOB_ALIGN : 0;
  return blob;
}

/* The type of most of the bytes. */
static DType most_stored(const WeightsBlob *blob) {
  uint64_t bytes[DTYPE_COUNT] = {0};
  DType most = DTYPE_F32;
  for (uint32_t i = 0; i < blob->count; ++i) {
    Type type = blob->recipes[i]->type;
    bytes[type.dtype] += type_bytes(type);
    if (bytes[type.dtype] > bytes[most]) most = type.dtype;
  }
  return most;
}

atm_weights_header weights_blob_header(const WeightsBlob *blob) {
  return (atm_weights_header){.magic = ATM_WEIGHTS_MAGIC,
                              .version = ATM_WEIGHTS_VERSION,
                              .dtype = artifact_dtype(most_stored(blob)),
                              .bytes = blob->bytes,
                              .model = blob->model,
                              .packing = blob->packing};
}

/* Zeros are written behind each constant, for whoever has a buffer that was used before. */
uint64_t weights_blob_room(const WeightsBlob *blob, uint32_t index) {
  uint64_t end = index + 1 < blob->count ? blob->offsets[index + 1] : blob->bytes;
  return end - blob->offsets[index];
}

/* The sum of `bytes` more, whole words. */
static uint64_t add_words(uint64_t sum, const char *data, uint64_t bytes) {
  for (uint64_t at = 0; at < bytes; at += sizeof sum) {
    uint64_t word;
    memcpy(&word, data + at, sizeof word);
    sum = (sum ^ word) * ATM_WEIGHTS_FACTOR;
  }
  return sum;
}

Status weights_blob_write(const WeightsBlob *blob, uint32_t index, const WeightSource *source,
                          void *out, uint64_t *sum) {
  uint64_t used = type_bytes(blob->recipes[index]->type), room = weights_blob_room(blob, index);
  RETURN_IF_ERROR(recipe_write(blob->recipes[index], source, out));
  memset((char *)out + used, 0, room - used);
  bool last = index + 1 == blob->count;
  uint64_t summed = last ? room - sizeof *sum : room;
  *sum = add_words(*sum, out, summed);
  if (last) memcpy((char *)out + summed, sum, sizeof *sum);
  return STATUS_OK;
}

Status weights_blob_evaluate(const WeightsBlob *blob, const WeightSource *source, void *out) {
  atm_weights_header header = weights_blob_header(blob);
  if (blob->count) memcpy(out, &header, sizeof header);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < blob->count; ++i) {
    RETURN_IF_ERROR(weights_blob_write(blob, i, source, (char *)out + blob->offsets[i], &sum));
  }
  return STATUS_OK;
}
