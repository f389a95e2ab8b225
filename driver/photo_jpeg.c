/* JPEG by libjpeg-turbo, with its defaults: the pixels that Pillow reads. Errors come back by
 * longjmp; whatever libjpeg holds is freed on every way out. A file with warnings is damaged. */
#include <stdio.h>

#include "driver/photo.h"

#ifdef ATMC_HAVE_JPEG
#include <jpeglib.h>
/* Behind jpeglib.h. */
#include <jerror.h>
#include <setjmp.h>

#include "support/memory.h"

enum { MOST_SCANS = 200 }; /* of a progressive file: each goes over the whole image */

typedef struct Decoder {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  char *message;
} Decoder;

/* libjpeg's error_exit. */
static void leave(j_common_ptr jpeg) {
  Decoder *d = jpeg->client_data;
  char text[JMSG_LENGTH_MAX];
  if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) memory_exhausted(0, "reading a JPEG");
  jpeg->err->format_message(jpeg, text);
  snprintf(d->message, PHOTO_MAX_MESSAGE, "not a good JPEG: %.200s", text);
  longjmp(d->escape, 1);
}

/* Warnings are counted by libjpeg's default; nothing is printed. */
static void stay_silent(j_common_ptr jpeg) {
  (void)jpeg;
}

static void count_scans(j_common_ptr jpeg) {
  Decoder *d = jpeg->client_data;
  if (d->jpeg.input_scan_number <= MOST_SCANS) return;
  snprintf(d->message, PHOTO_MAX_MESSAGE, "not a good JPEG: more than %d scans", MOST_SCANS);
  longjmp(d->escape, 1);
}

/* Between setjmp and the end; false after a message. */
static bool decode(Decoder *d, Arena *arena, const uint8_t *data, size_t bytes, Photo *photo) {
  jpeg_mem_src(&d->jpeg, data, (unsigned long)bytes);
  (void)jpeg_read_header(&d->jpeg, TRUE);
  if (!photo_allocate(arena, photo, d->jpeg.image_height, d->jpeg.image_width, d->message)) {
    return false;
  }
  d->jpeg.out_color_space = JCS_RGB;
  (void)jpeg_start_decompress(&d->jpeg);
  while (d->jpeg.output_scanline < photo->height) {
    JSAMPROW row = photo->pixels + (size_t)d->jpeg.output_scanline * photo->width * 3;
    (void)jpeg_read_scanlines(&d->jpeg, &row, 1);
  }
  (void)jpeg_finish_decompress(&d->jpeg);
  if (d->errors.num_warnings == 0) return true;
  snprintf(d->message, PHOTO_MAX_MESSAGE, "not a good JPEG: its data are damaged");
  return false;
}

bool photo_decode_jpeg(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                       char message[PHOTO_MAX_MESSAGE]) {
  Decoder *d = ARENA_NEW(arena, Decoder);
  d->message = message;
  d->jpeg.err = jpeg_std_error(&d->errors);
  d->errors.error_exit = leave;
  d->errors.output_message = stay_silent;
  d->jpeg.client_data = d;
  volatile bool good = false; /* set behind setjmp */
  if (setjmp(d->escape) == 0) {
    jpeg_create_decompress(&d->jpeg);
    d->progress.progress_monitor = count_scans;
    d->jpeg.progress = &d->progress;
    good = decode(d, arena, data, bytes, photo);
  }
  jpeg_destroy_decompress(&d->jpeg);
  return good;
}
#else
bool photo_decode_jpeg(Arena *arena, const uint8_t *data, size_t bytes, Photo *photo,
                       char message[PHOTO_MAX_MESSAGE]) {
  (void)arena, (void)data, (void)bytes, (void)photo;
  snprintf(message, PHOTO_MAX_MESSAGE, "this atmc was built without libjpeg, and reads no JPEG");
  return false;
}
#endif
