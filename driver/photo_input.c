/* Photos become inputs by the runtime's own functions (runtime/atm_resize.h). */
#include "driver/photo_input.h"

#include <string.h>

#include "driver/photo.h"
#include "runtime/atm_resize.h"
#include "support/panic.h"

_Static_assert((int)PIXEL_FILTER_BILINEAR == (int)ATM_FILTER_BILINEAR &&
                   (int)PIXEL_FILTER_BICUBIC == (int)ATM_FILTER_BICUBIC,
               "the model's filters are the runtime's");

/* What is to be done to `image`. */
static Status choose(const Compilation *c, const char *path, const Pixels *pixels,
                     const atm_image *image, atm_resize *resize) {
  *resize = (atm_resize){.height = image->height,
                         .width = image->width,
                         .rows = image->height,
                         .columns = image->width,
                         .filter = ATM_FILTER_BILINEAR}; /* which keeps an image of that size */
  if (!pixels->resize_to) return STATUS_OK;
  if (atm_resize_center(image, pixels->resize_to, pixels->crop, pixels->crop, pixels->filter,
                        resize) == ATM_OK) {
    return STATUS_OK;
  }
  return diag_error(c->diag, diag_file(path),
                    "%u x %u pixels would have a side of more than %d with the other one %u",
                    image->height, image->width, ATM_RESIZE_MAX_SIDE, pixels->resize_to);
}

Status photo_input_read(const Compilation *c, const char *path, uint32_t index, const Node *input,
                        NpyArray *array) {
  const Pixels *pixels = &c->model->pixels[index];
  if (!pixels->declared) {
    return diag_error(c->diag, diag_file(path),
                      "a photo, but input \"%s\" says nothing of photos: declare \"pixels\" and "
                      "\"resize\" in the model, as atmc init --pixels writes them",
                      input->attrs.INPUT.name);
  }
  if (type_channels(input->attrs.INPUT.declared) != 3) {
    return diag_error(c->diag, diag_file(path), "a photo, but input \"%s\" has %d channels",
                      input->attrs.INPUT.name, (int)type_channels(input->attrs.INPUT.declared));
  }
  Photo photo;
  atm_resize resize;
  RETURN_IF_ERROR(photo_read(c->arena, c->diag, path, &photo));
  atm_image image = {photo.pixels, photo.height, photo.width, (size_t)photo.width * 3};
  RETURN_IF_ERROR(choose(c, path, pixels, &image, &resize));
  bool nchw = input->attrs.INPUT.nchw;
  resize.arrangement =
      (nchw ? ATM_ARRANGE_NCHW : 0) | (pixels->reversed ? ATM_ARRANGE_REVERSED : 0);
  *array = (NpyArray){.rank = 4, .dims = {1, resize.rows, resize.columns, 3}};
  if (nchw) memcpy(array->dims, (int64_t[]){1, 3, resize.rows, resize.columns}, sizeof array->dims);
  array->count = (size_t)resize.rows * resize.columns * 3;
  array->bytes = arena_alloc(c->arena, array->count);
  size_t bytes = atm_resize_workspace(&image, &resize);
  CHECK(bytes > 0 && atm_resize_run(&image, &resize, array->bytes, arena_alloc(c->arena, bytes),
                                    bytes) == ATM_OK);
  return STATUS_OK;
}
