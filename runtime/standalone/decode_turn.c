/* How the camera was held: tag 0x0112 of the first directory in a JPEG's Exif segment, and the
 * image turned by it, as Pillow's ImageOps.exif_transpose does.
 *
 *   1 2     3 4     5 6 7 8     as they are and mirrored; upside down and mirrored so;
 *                               transposed; turned right; transposed the other way; turned left
 */
#include <string.h>

#include "decode.h"

enum { UPRIGHT = 1, LAST_ORIENTATION = 8, FIRST_TURNED = 5, CHANNELS = 3 };

/* -- EXIF -------------------------------------------------------------------------------------- */

/* The TIFF file inside of an Exif segment. */
typedef struct tiff {
  const uint8_t *data;
  size_t bytes;
  int big; /* the most significant byte comes first */
} tiff;

/* The number of `width` bytes at `at`; 0 beyond the end. */
static uint32_t number(const tiff *t, size_t at, uint32_t width) {
  uint32_t value = 0;
  if (at > t->bytes || width > t->bytes - at) return 0;
  for (uint32_t i = 0; i < width; ++i) {
    uint32_t byte = t->data[at + i];
    value |= byte << 8 * (t->big ? width - 1 - i : i);
  }
  return value;
}

/* Of the first directory; UPRIGHT where it has none. */
static uint32_t orientation_of(const tiff *t) {
  enum { DIRECTORY = 4, ENTRY = 12, TAG = 0x0112, SHORT = 3, LONG = 4, MAGIC = 42 };
  if (number(t, 2, 2) != MAGIC) return UPRIGHT;
  size_t at = number(t, DIRECTORY, 4);
  uint32_t count = number(t, at, 2);
  at += 2;
  for (uint32_t i = 0; i < count && at + ENTRY <= t->bytes; ++i, at += ENTRY) {
    if (number(t, at, 2) != TAG) continue;
    uint32_t type = number(t, at + 2, 2);
    uint32_t value = type == SHORT ? number(t, at + 8, 2) : type == LONG ? number(t, at + 8, 4) : 0;
    return value >= UPRIGHT && value <= LAST_ORIENTATION ? value : UPRIGHT;
  }
  return UPRIGHT;
}

uint32_t decode_orientation(const uint8_t *jpeg, size_t bytes) {
  enum { APP1 = 0xe1, FIRST_ALONE = 0xd0, LAST_ALONE = 0xd9, SCAN = 0xda, EXIF = 6, HEAD = 4 };
  for (size_t at = 2; at + HEAD <= bytes && jpeg[at] == 0xff;) {
    uint32_t marker = jpeg[at + 1];
    if (marker == 0xff) { /* a byte that fills */
      ++at;
      continue;
    }
    if (marker == SCAN || (marker >= FIRST_ALONE && marker <= LAST_ALONE)) break;
    size_t length = (size_t)jpeg[at + 2] << 8 | jpeg[at + 3];
    if (length < 2 || length > bytes - at - 2) break;
    const uint8_t *segment = jpeg + at + HEAD;
    if (marker == APP1 && length >= EXIF + 2 + 2 && memcmp(segment, "Exif\0\0", EXIF) == 0) {
      tiff t = {segment + EXIF, length - 2 - EXIF, segment[EXIF] == 'M'};
      return orientation_of(&t);
    }
    at += 2 + length;
  }
  return UPRIGHT;
}

/* -- turning ----------------------------------------------------------------------------------- */

int decode_turn(decoder *d, uint32_t orientation, decoded *photo) {
  if (orientation <= UPRIGHT || orientation > LAST_ORIENTATION) return 1;
  static const uint8_t rows_flipped[] = {0, 0, 0, 1, 1, 0, 1, 1, 0};
  static const uint8_t columns_flipped[] = {0, 0, 1, 1, 0, 0, 0, 1, 1};
  decoded turned, from = *photo;
  int swapped = orientation >= FIRST_TURNED;
  if (!decode_allocate(d, swapped ? from.width : from.height, swapped ? from.height : from.width,
                       &turned)) {
    return 0;
  }
  uint8_t *out = turned.pixels;
  for (uint32_t y = 0; y < turned.height; ++y) {
    for (uint32_t x = 0; x < turned.width; ++x, out += CHANNELS) {
      size_t row = swapped ? x : y, column = swapped ? y : x;
      if (rows_flipped[orientation]) row = from.height - 1 - row;
      if (columns_flipped[orientation]) column = from.width - 1 - column;
      memcpy(out, from.pixels + (row * from.width + column) * CHANNELS, CHANNELS);
    }
  }
  *photo = turned;
  return 1;
}
