/* Photos in memory: JPEG by libjpeg-turbo and PNG by libpng, where ATM_HAVE_JPEG and ATM_HAVE_PNG
 * say that they are there, and PPM. For emitted programs, and for atmc itself. */
#ifndef ATM_STANDALONE_DECODE_H
#define ATM_STANDALONE_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* What a photo may have at most. */
enum { DECODE_MAX_SIDE = 65535, DECODE_MAX_PIXELS = 100 << 20, DECODE_MAX_MESSAGE = 256 };
enum { DECODE_MAGIC = 8 }; /* bytes that tell photos from other files */

typedef struct decoder {
  void *(*allocate)(void *context, size_t bytes); /* NULL: there is no memory */
  void *context;
  const char *program; /* what messages call it, as "this program" */
  int no_memory;       /* set where a decoder had none */
  char message[DECODE_MAX_MESSAGE];
} decoder;

typedef struct decoded { /* [height][width][3] of red, green and blue, allocated */
  uint8_t *pixels;
  uint32_t height, width;
} decoded;

/* The first `bytes` of a file are those of a photo: whether or not it can be decoded here. */
int decode_is_photo(const uint8_t *data, size_t bytes);
/* 1, or 0 with d->message where `data` are no good photo, or there was no memory. Transparency is
 * dropped; the image is turned as the camera says (EXIF orientation of JPEGs). */
int decode_photo(decoder *d, const uint8_t *data, size_t bytes, decoded *photo);

/* -- parts ------------------------------------------------------------------------------------- */

typedef int decode_fn(decoder *d, const uint8_t *data, size_t bytes, decoded *photo);
decode_fn decode_jpeg, decode_png, decode_ppm;
/* Room for pixels of that size; 0, with a message, where it is too large. */
int decode_allocate(decoder *d, uint64_t height, uint64_t width, decoded *photo);
/* EXIF's orientation of a JPEG file, 1 to 8; 1, upright, where it says none that there is. */
uint32_t decode_orientation(const uint8_t *jpeg, size_t bytes);
/* Turns the image by its orientation, into new pixels; 0 where there is no memory. */
int decode_turn(decoder *d, uint32_t orientation, decoded *photo);

#endif
