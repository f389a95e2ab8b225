/* Choosing the resolution for an image, and its function. */
#include "atm_runtime.h"

/* Images, height, width of an entry; of vectors height and width are 1. */
static void size_of(const atm_model *model, const atm_entry *entry, uint32_t size[3]) {
  const atm_tensor *image = &entry->inputs[model->image_input];
  int map = image->rank == 4, first = map && image->layout[1] == 'c' ? 2 : 1;
  size[0] = image->dims[0];
  size[1] = map ? image->dims[first] : 1;
  size[2] = map ? image->dims[first + 1] : 1;
}

const atm_entry *atm_model_fit(const atm_model *model, uint32_t n, uint32_t h, uint32_t w) {
  const atm_entry *best = NULL;
  uint64_t least = UINT64_MAX;
  for (uint32_t i = 0; i < model->entry_count; ++i) {
    uint32_t size[3];
    size_of(model, &model->entries[i], size);
    uint64_t pixels = (uint64_t)size[0] * size[1] * size[2];
    if (size[0] < n || size[1] < h || size[2] < w || pixels >= least) continue;
    best = &model->entries[i];
    least = pixels;
  }
  return best;
}

atm_run_strided_fn *atm_model_strided(const atm_model *model, const atm_entry *entry) {
  if (model->size <= offsetof(atm_model, strided)) return NULL;
  return model->strided[entry - model->entries];
}
