/* Photos, JPEG, PNG and PPM: what is decoded and written as a PNG has the same pixels again. */
#include "driver/photo.h"

#include <string.h>

#include "tests/fuzz/targets/target.h"

const uint32_t target_most_errors = 1;

Status target_read(Fuzzed *f) {
  Photo photo, again;
  RETURN_IF_ERROR(photo_read(f->arena, &f->diag, target_file(f), &photo));
  char message[PHOTO_MAX_MESSAGE];
  f->data = photo_encode_png(f->arena, &photo, NULL, &f->bytes, message);
  target_check(f->data != NULL, "it can be written");
  target_check(!photo_read(f->arena, &f->diag, target_file(f), &again), "it reads back");
  target_check(again.height == photo.height && again.width == photo.width, "as large as it was");
  size_t size = (size_t)photo.height * photo.width * 3;
  target_check(memcmp(photo.pixels, again.pixels, size) == 0, "with the same colors");
  return STATUS_OK;
}
