/* PNG by libpng, its simplified interface: any PNG as 8 bits of red, green and blue. */
#include <stdio.h>

#include "driver/photo.h"

#ifdef ATMC_HAVE_PNG
#include <png.h>

enum { RGBA = 4 };

/* Reads the pixels, with alpha, and drops that. */
static bool read_pixels(Arena *arena, png_image *image, Photo *photo,
                        char message[PHOTO_MAX_MESSAGE]) {
  if (!photo_allocate(arena, photo, image->height, image->width, message)) return false;
  image->format = PNG_FORMAT_RGBA;
  image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  size_t count = (size_t)photo->height * photo->width;
  uint8_t *with_alpha = arena_alloc(arena, count * RGBA);
  if (!png_image_finish_read(image, NULL, with_alpha, 0, NULL)) {
    snprintf(message, PHOTO_MAX_MESSAGE, "not a good PNG: %.200s", image->message);
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) photo->pixels[3 * i + c] = with_alpha[RGBA * i + c];
  }
  return true;
}

bool photo_decode_png(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                      char message[PHOTO_MAX_MESSAGE]) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  bool good = false;
  if (!png_image_begin_read_from_memory(&image, data, bytes)) {
    snprintf(message, PHOTO_MAX_MESSAGE, "not a good PNG: %.200s", image.message);
  } else {
    good = read_pixels(arena, &image, photo, message);
  }
  png_image_free(&image);
  return good;
}
#else
bool photo_decode_png(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                      char message[PHOTO_MAX_MESSAGE]) {
  (void)arena, (void)data, (void)bytes, (void)photo;
  snprintf(message, PHOTO_MAX_MESSAGE, "this atmc was built without libpng, and reads no PNG");
  return false;
}
#endif
