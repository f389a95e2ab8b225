/* The decoders of emitted programs, with memory of an arena. */
#include "driver/photo.h"

#include "runtime/standalone/decode.h"
#include "support/atomic_file.h"
#include "support/file_head.h"
#include "support/memory.h"

enum { MAX_FILE_BYTES = 256 << 20 };

Status photo_is_file(Diag *diag, const char *path, bool *is) {
  char magic[DECODE_MAGIC];
  size_t bytes;
  RETURN_IF_ERROR(file_head(diag, path, magic, sizeof magic, &bytes));
  *is = decode_is_photo((const uint8_t *)magic, bytes);
  return STATUS_OK;
}

/* decoder.allocate. */
static void *allocate(void *arena, size_t bytes) {
  return arena_alloc(arena, bytes);
}

Status photo_read(Arena *arena, Diag *diag, const char *path, Photo *photo) {
  char *file;
  size_t bytes;
  RETURN_IF_ERROR(atomic_file_read(arena, diag, path, MAX_FILE_BYTES, &file, &bytes));
  decoder d = {.allocate = allocate, .context = arena, .program = "this atmc"};
  decoded image;
  if (!decode_photo(&d, (const uint8_t *)file, bytes, &image)) {
    if (d.no_memory) memory_exhausted(0, "reading a photo");
    return diag_error(diag, diag_file(path), "%s", d.message);
  }
  *photo = (Photo){image.pixels, image.height, image.width};
  return STATUS_OK;
}
