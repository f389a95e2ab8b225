/* The file is read as a whole, decoded, and made into an input by the runtime's own functions. All
 * memory of that is freed in the end, whichever way it went. */
#include "photo.h"

#include <stdlib.h>
#include <string.h>

#include "atm_resize.h"
#include "decode.h"

enum { MOST_BLOCKS = 8, FILE_BLOCK = 1 << 16, MOST_FILE = 256 << 20 };

/* What was allocated. */
typedef struct memory {
  void *blocks[MOST_BLOCKS];
  uint32_t count;
} memory;

/* decoder.allocate. */
static void *allocate(void *context, size_t bytes) {
  memory *m = context;
  void *block = m->count < MOST_BLOCKS ? malloc(bytes) : NULL;
  if (block) m->blocks[m->count++] = block;
  return block;
}

int photo_is_file(FILE *file) {
  if (fseek(file, 0, SEEK_SET) != 0) return 0; /* of a pipe, what was looked at would be gone */
  uint8_t magic[DECODE_MAGIC];
  size_t bytes = fread(magic, 1, sizeof magic, file);
  return fseek(file, 0, SEEK_SET) == 0 && decode_is_photo(magic, bytes);
}

/* All of `file`, to be freed. NULL: there is no memory, or it is too long. */
static uint8_t *read_file(FILE *file, size_t *bytes) {
  size_t room = FILE_BLOCK;
  uint8_t *data = malloc(room);
  for (*bytes = 0; data;) {
    *bytes += fread(data + *bytes, 1, room - *bytes, file);
    if (*bytes < room) return data;
    room *= 2;
    uint8_t *larger = room <= MOST_FILE ? realloc(data, room) : NULL;
    if (!larger) free(data);
    data = larger;
  }
  return NULL;
}

/* What is done to `image`: for an entry of the crop's size, else for the first that takes it. */
static int choose(const atm_model *model, const atm_image *image, atm_resize *resize) {
  const atm_pixels *pixels = &model->pixels[model->image_input];
  atm_resize found;
  int any = 0;
  for (uint32_t i = 0; i < model->entry_count; ++i) {
    if (atm_resize_model(model, &model->entries[i], image, &found) != ATM_OK) continue;
    int exact = found.rows == pixels->crop && found.columns == pixels->crop;
    if (!any || exact) *resize = found;
    any = 1;
    if (exact) break;
  }
  return any;
}

/* The resized bytes, in array->data. */
static int prepare(memory *m, const atm_model *model, const decoded *photo, npy_array *array,
                   char message[PHOTO_MAX_MESSAGE]) {
  atm_image image = {photo->pixels, photo->height, photo->width, (size_t)photo->width * 3};
  atm_resize resize;
  if (!choose(model, &image, &resize)) {
    snprintf(message, PHOTO_MAX_MESSAGE,
             "%u x %u pixels: no resolution of one image takes such a photo", photo->height,
             photo->width);
    return 0;
  }
  int planes = (resize.arrangement & ATM_ARRANGE_NCHW) != 0;
  *array = (npy_array){.type = npy_type_of(ATM_DTYPE_U8), .rank = 4};
  array->dims[0] = 1;
  array->dims[planes ? 1 : 3] = 3;
  array->dims[planes ? 2 : 1] = resize.rows;
  array->dims[planes ? 3 : 2] = resize.columns;
  size_t bytes = atm_resize_workspace(&image, &resize);
  void *workspace = allocate(m, bytes);
  array->data = malloc(npy_count(array->rank, array->dims));
  if (!workspace || !array->data) {
    snprintf(message, PHOTO_MAX_MESSAGE, "out of memory");
  } else if (atm_resize_run(&image, &resize, array->data, workspace, bytes) == ATM_OK) {
    return 1;
  }
  free(array->data);
  array->data = NULL;
  return 0;
}

int photo_read(FILE *file, const atm_model *model, npy_array *array,
               char message[PHOTO_MAX_MESSAGE]) {
  memory m = {.count = 0};
  decoder d = {.allocate = allocate, .context = &m, .program = "this program"};
  decoded photo;
  size_t bytes;
  uint8_t *data = read_file(file, &bytes);
  int good = 0;
  if (!data) {
    snprintf(message, PHOTO_MAX_MESSAGE, "out of memory, or larger than %d MiB", MOST_FILE >> 20);
  } else if (!decode_photo(&d, data, bytes, &photo)) {
    snprintf(message, PHOTO_MAX_MESSAGE, "%s", d.no_memory ? "out of memory" : d.message);
  } else {
    good = prepare(&m, model, &photo, array, message);
  }
  free(data);
  for (uint32_t i = 0; i < m.count; ++i) free(m.blocks[i]);
  return good;
}
