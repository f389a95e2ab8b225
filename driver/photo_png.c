/* PNG by libpng, its simplified interface: any PNG as 8 bits of red, green and blue, and back. */
#include <stdio.h>

#include "driver/photo.h"

#ifdef ATMC_HAVE_PNG
#include <png.h>
#include <string.h>

#include "support/memory.h"

enum { RGBA = 4 };

/* libpng says what is wrong in words alone. Always false. */
static bool refuse(const png_image *image, char message[PHOTO_MAX_MESSAGE]) {
  if (strstr(image->message, "memory")) memory_exhausted(0, "reading a PNG");
  snprintf(message, PHOTO_MAX_MESSAGE, "not a good PNG: %.200s", image->message);
  return false;
}

/* Reads the pixels, with alpha, and drops that. */
static bool read_pixels(Arena *arena, png_image *image, Photo *photo,
                        char message[PHOTO_MAX_MESSAGE]) {
  if (!photo_allocate(arena, photo, image->height, image->width, message)) return false;
  image->format = PNG_FORMAT_RGBA;
  image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  size_t count = (size_t)photo->height * photo->width;
  uint8_t *with_alpha = arena_alloc(arena, count * RGBA);
  if (!png_image_finish_read(image, NULL, with_alpha, 0, NULL)) {
    return refuse(image, message);
  }
  for (size_t i = 0; i < count; ++i) {
    for (size_t c = 0; c < 3; ++c) photo->pixels[3 * i + c] = with_alpha[RGBA * i + c];
  }
  return true;
}

bool photo_decode_png(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                      char message[PHOTO_MAX_MESSAGE]) {
  png_image image = {.version = PNG_IMAGE_VERSION};
  bool good = png_image_begin_read_from_memory(&image, data, bytes)
                  ? read_pixels(arena, &image, photo, message)
                  : refuse(&image, message);
  png_image_free(&image);
  return good;
}

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
bool photo_decode_png(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                      char message[PHOTO_MAX_MESSAGE]) {
  (void)arena, (void)data, (void)bytes, (void)photo;
  snprintf(message, PHOTO_MAX_MESSAGE, "this atmc was built without libpng, and reads no PNG");
  return false;
}

char *photo_encode_png(Arena *arena, const Photo *photo, const uint8_t (*palette)[3], size_t *bytes,
                       char message[PHOTO_MAX_MESSAGE]) {
  (void)arena, (void)photo, (void)palette;
  *bytes = 0;
  snprintf(message, PHOTO_MAX_MESSAGE, "this atmc was built without libpng, and writes no PNG");
  return NULL;
}
#endif
