/* Which decoder a file is for, how large a photo may be, and PPM: "P6 width height 255", one white
 * space, the pixels. */
#include "decode.h"

#include <stdio.h>
#include <string.h>

typedef struct format {
  const char *magic;
  size_t bytes;
  decode_fn *decode;
} format;

static const format formats[] = {
    {"\xff\xd8\xff", 3, decode_jpeg},
    {"\x89PNG\r\n\x1a\n", DECODE_MAGIC, decode_png},
    {"P6\n", 3, decode_ppm},
    {"P6 ", 3, decode_ppm},
};

/* The format that a file with this beginning has; NULL: none of them. */
static const format *find_format(const uint8_t *data, size_t bytes) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i) {
    const format *f = &formats[i];
    if (bytes >= f->bytes && memcmp(data, f->magic, f->bytes) == 0) return f;
  }
  return NULL;
}

int decode_is_photo(const uint8_t *data, size_t bytes) {
  return find_format(data, bytes) != NULL;
}

int decode_photo(decoder *d, const uint8_t *data, size_t bytes, decoded *photo) {
  const format *f = find_format(data, bytes);
  *photo = (decoded){NULL, 0, 0};
  if (f) return f->decode(d, data, bytes, photo);
  snprintf(d->message, sizeof d->message, "not a photo");
  return 0;
}

int decode_allocate(decoder *d, uint64_t height, uint64_t width, decoded *photo) {
  if (height < 1 || width < 1 || height > DECODE_MAX_SIDE || width > DECODE_MAX_SIDE ||
      height * width > DECODE_MAX_PIXELS) {
    snprintf(d->message, sizeof d->message,
             "%llu x %llu pixels; at most %d on a side and %d in all are read",
             (unsigned long long)height, (unsigned long long)width, DECODE_MAX_SIDE,
             DECODE_MAX_PIXELS);
    return 0;
  }
  photo->height = (uint32_t)height;
  photo->width = (uint32_t)width;
  photo->pixels = d->allocate(d->context, (size_t)(height * width * 3));
  if (photo->pixels) return 1;
  d->no_memory = 1;
  snprintf(d->message, sizeof d->message, "out of memory");
  return 0;
}

/* -- PPM --------------------------------------------------------------------------------------- */

/* A zero ends no number. */
static int is_space(uint8_t byte) {
  return byte && strchr(" \t\r\n", byte);
}

/* The number at *at, behind white space and comments, which is at most 65535; -1: there is none. */
static long next_number(const uint8_t *data, size_t bytes, size_t *at) {
  int comment = 0;
  for (; *at < bytes && (comment || is_space(data[*at]) || data[*at] == '#'); ++*at) {
    comment = data[*at] == '#' || (comment && data[*at] != '\n');
  }
  long value = 0;
  size_t first = *at;
  for (; *at < bytes && data[*at] >= '0' && data[*at] <= '9' && value <= DECODE_MAX_SIDE; ++*at) {
    value = 10 * value + (data[*at] - '0');
  }
  return *at == first ? -1 : value;
}

int decode_ppm(decoder *d, const uint8_t *data, size_t bytes, decoded *photo) {
  size_t at = 2;
  long width = next_number(data, bytes, &at), height = next_number(data, bytes, &at);
  long levels = next_number(data, bytes, &at);
  if (width < 0 || height < 0 || levels < 0 || at == bytes || !is_space(data[at])) {
    snprintf(d->message, sizeof d->message, "not a good PPM: its header is damaged");
    return 0;
  }
  if (levels != UINT8_MAX) {
    snprintf(d->message, sizeof d->message, "a PPM of %ld levels; 255 are read", levels);
    return 0;
  }
  if (!decode_allocate(d, (uint64_t)height, (uint64_t)width, photo)) return 0;
  size_t count = (size_t)photo->height * photo->width * 3;
  ++at;
  if (bytes - at < count) {
    snprintf(d->message, sizeof d->message, "not a good PPM: the pixels are cut off");
    return 0;
  }
  memcpy(photo->pixels, data + at, count);
  return 1;
}
