/* Pictures as PNG, by libpng's simplified interface. */
#include <stdio.h>

#include "driver/photo.h"

#ifdef ATM_HAVE_PNG
#include <png.h>

char *photo_encode_png(Arena *arena, const Photo *photo, const uint8_t (*palette)[3], size_t *bytes,
                       char message[PHOTO_MAX_MESSAGE]) {
  png_image image = {.version = PNG_IMAGE_VERSION, .height = photo->height, .width = photo->width};
  image.format = palette ? PNG_FORMAT_RGB_COLORMAP : PNG_FORMAT_RGB;
  image.colormap_entries = palette ? PHOTO_PALETTE : 0;
  png_alloc_size_t length = PNG_IMAGE_PNG_SIZE_MAX(image);
  char *file = arena_alloc(arena, length);
  if (!png_image_write_to_memory(&image, file, &length, 0, photo->pixels, 0, palette)) {
    snprintf(message, PHOTO_MAX_MESSAGE, "cannot be a PNG: %.200s", image.message);
    file = NULL;
  }
  png_image_free(&image);
  *bytes = length;
  return file;
}
#else
char *photo_encode_png(Arena *arena, const Photo *photo, const uint8_t (*palette)[3], size_t *bytes,
                       char message[PHOTO_MAX_MESSAGE]) {
  (void)arena, (void)photo, (void)palette;
  *bytes = 0;
  snprintf(message, PHOTO_MAX_MESSAGE, "this atmc was built without libpng, and writes no PNG");
  return NULL;
}
#endif
