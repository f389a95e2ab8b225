/* Photos in files (runtime/standalone/decode.h): JPEG and PNG where atmc was built with their
 * libraries, and PPM. */
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

/* *is: the file at `path` begins as a JPEG, PNG or PPM does. */
MUST_CHECK Status photo_is_file(Diag *diag, const char *path, bool *is);
/* Decodes it. Transparency is dropped; it is turned as the camera was held. */
MUST_CHECK Status photo_read(Arena *arena, Diag *diag, const char *path, Photo *photo);

enum { PHOTO_MAX_MESSAGE = 256, PHOTO_PALETTE = 256 /* colors */ };
/* The way back: a PNG of `*bytes` bytes, in the arena; of indices into `palette` [PHOTO_PALETTE],
 * one byte each, where that is not NULL. NULL, with a message, where it cannot be. */
char *photo_encode_png(Arena *arena, const Photo *photo, const uint8_t (*palette)[3], size_t *bytes,
                       char message[PHOTO_MAX_MESSAGE]);

#endif
