/* PNG by libpng, its simplified interface: any PNG as 8 bits of red, green and blue. */
#include <stdio.h>

#include "decode.h"

#ifdef ATM_HAVE_PNG
#include <png.h>
#include <string.h>

enum { RGBA = 4, CHANNELS = 3 };

/* libpng says what is wrong in words alone. Always 0. */
static int refuse(decoder *d, const png_image *image) {
  d->no_memory = strstr(image->message, "memory") != NULL;
  snprintf(d->message, sizeof d->message, "not a good PNG: %.200s", image->message);
  return 0;
}

/* Reads the pixels, with alpha, and drops that. */
static int read_pixels(decoder *d, png_image *image, decoded *photo) {
  if (!decode_allocate(d, image->height, image->width, photo)) return 0;
  size_t count = (size_t)photo->height * photo->width;
  uint8_t *with_alpha = d->allocate(d->context, count * RGBA);
  d->no_memory = !with_alpha;
  if (d->no_memory) return 0;
  image->format = PNG_FORMAT_RGBA;
  image->flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  if (!png_image_finish_read(image, NULL, with_alpha, 0, NULL)) return refuse(d, image);
  for (size_t i = 0; i < count; ++i) {
    memcpy(photo->pixels + CHANNELS * i, with_alpha + RGBA * i, CHANNELS);
  }
  return 1;
}

int decode_png(decoder *d, const uint8_t *data, size_t bytes, decoded *photo) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  int good = png_image_begin_read_from_memory(&image, data, bytes) ? read_pixels(d, &image, photo)
                                                                   : refuse(d, &image);
  png_image_free(&image);
  return good;
}
#else
int decode_png(decoder *d, const uint8_t *data, size_t bytes, decoded *photo) {
  (void)data, (void)bytes, (void)photo;
  snprintf(d->message, sizeof d->message, "%s was built without libpng, and reads no PNG",
           d->program);
  return 0;
}
#endif
