/* Photos in files: JPEG by libjpeg-turbo and PNG by libpng, where atmc was built with them. */
#ifndef ATMC_DRIVER_PHOTO_H
#define ATMC_DRIVER_PHOTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/status.h"

typedef struct Photo { /* [height][width][3] of red, green and blue, in an arena */
  uint8_t *pixels;
  uint32_t height, width;
} Photo;

/* *is: the file at `path` begins as a JPEG or PNG does. */
MUST_CHECK Status photo_is_file(Diag *diag, const char *path, bool *is);
/* Decodes it. Transparency is dropped, and rotations that a camera noted are not done. */
MUST_CHECK Status photo_read(Arena *arena, Diag *diag, const char *path, Photo *photo);

/* -- the decoders (photo_jpeg.c, photo_png.c) -------------------------------------------------- */

/* What a photo may have at most. */
enum { PHOTO_MAX_SIDE = 65535, PHOTO_MAX_PIXELS = 100 << 20, PHOTO_MAX_MESSAGE = 256 };
enum { PHOTO_PALETTE = 256 }; /* colors */
/* Pixels for an image of that size; NULL, with a message, where it is too large. */
uint8_t *photo_allocate(Arena *arena, Photo *photo, uint64_t height, uint64_t width,
                        char message[PHOTO_MAX_MESSAGE]);
/* Decodes `bytes` of `data`; false, with a message, where they are no such image. Without memory
 * the process ends (support/memory.h). */
typedef bool PhotoDecoder(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                          char message[PHOTO_MAX_MESSAGE]);
PhotoDecoder photo_decode_jpeg, photo_decode_png;
/* The way back: a PNG of `*bytes` bytes, in the arena; of indices into `palette` [PHOTO_PALETTE],
 * one byte each, where that is not NULL. NULL, with a message, where it cannot be. */
char *photo_encode_png(Arena *arena, const Photo *photo, const uint8_t (*palette)[3], size_t *bytes,
                       char message[PHOTO_MAX_MESSAGE]);

#endif
