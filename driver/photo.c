/* Which decoder a file is for, and how large a photo may be. */
#include "driver/photo.h"

#include <stdio.h>
#include <string.h>

#include "support/atomic_file.h"
#include "support/file_head.h"

enum { MAX_FILE_BYTES = 256 << 20, MAGIC_BYTES = 8 };

typedef struct Format {
  const char *magic;
  size_t magic_bytes;
  PhotoDecoder *decode;
} Format;

static const Format formats[] = {
    {"\xff\xd8\xff", 3, photo_decode_jpeg},
    {"\x89PNG\r\n\x1a\n", MAGIC_BYTES, photo_decode_png},
};

/* The format that a file with this beginning has; NULL: none of them. */
static const Format *find_format(const char *data, size_t bytes) {
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i) {
    const Format *f = &formats[i];
    if (bytes >= f->magic_bytes && memcmp(data, f->magic, f->magic_bytes) == 0) return f;
  }
  return NULL;
}

Status photo_is_file(Diag *diag, const char *path, bool *is) {
  char magic[MAGIC_BYTES];
  size_t bytes;
  RETURN_IF_ERROR(file_head(diag, path, magic, sizeof magic, &bytes));
  *is = find_format(magic, bytes) != NULL;
  return STATUS_OK;
}

uint8_t *photo_allocate(Arena *arena, Photo *photo, uint64_t height, uint64_t width,
                        char message[PHOTO_MAX_MESSAGE]) {
  if (height < 1 || width < 1 || height > PHOTO_MAX_SIDE || width > PHOTO_MAX_SIDE ||
      height * width > PHOTO_MAX_PIXELS) {
    snprintf(message, PHOTO_MAX_MESSAGE,
             "%llu x %llu pixels; at most %d on a side and %d in all are read",
             (unsigned long long)height, (unsigned long long)width, PHOTO_MAX_SIDE,
             PHOTO_MAX_PIXELS);
    return NULL;
  }
  photo->height = (uint32_t)height;
  photo->width = (uint32_t)width;
  photo->pixels = arena_alloc(arena, (size_t)(height * width * 3));
  return photo->pixels;
}

Status photo_read(Arena *arena, Diag *diag, const char *path, Photo *photo) {
  char *file;
  size_t bytes;
  char message[PHOTO_MAX_MESSAGE] = "not a photo";
  *photo = (Photo){0};
  RETURN_IF_ERROR(atomic_file_read(arena, diag, path, MAX_FILE_BYTES, &file, &bytes));
  const Format *format = find_format(file, bytes);
  if (format && format->decode(arena, (const uint8_t *)file, bytes, photo, message)) {
    return STATUS_OK;
  }
  return diag_error(diag, diag_file(path), "%s", message);
}
