/* JPEG by libjpeg-turbo, with its defaults: the pixels that Pillow reads. Errors come back by
 * longjmp; whatever libjpeg holds is freed on every way out. A file with warnings is damaged. */
#include <stdio.h>

#include "decode.h"

#ifdef ATM_HAVE_JPEG
#include <jpeglib.h>
/* Behind jpeglib.h. */
#include <jerror.h>
#include <setjmp.h>
#include <string.h>

enum { MOST_SCANS = 200 }; /* of a progressive file: each goes over the whole image */

typedef struct jpeg_state {
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  decoder *d;
} jpeg_state;

/* libjpeg's error_exit. */
static void leave(j_common_ptr jpeg) {
  jpeg_state *s = jpeg->client_data;
  char text[JMSG_LENGTH_MAX];
  s->d->no_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;
  jpeg->err->format_message(jpeg, text);
  snprintf(s->d->message, sizeof s->d->message, "not a good JPEG: %.200s", text);
  longjmp(s->escape, 1);
}

/* Warnings are counted by libjpeg's default; nothing is printed. */
static void stay_silent(j_common_ptr jpeg) {
  (void)jpeg;
}

static void count_scans(j_common_ptr jpeg) {
  jpeg_state *s = jpeg->client_data;
  if (s->jpeg.input_scan_number <= MOST_SCANS) return;
  snprintf(s->d->message, sizeof s->d->message, "not a good JPEG: more than %d scans", MOST_SCANS);
  longjmp(s->escape, 1);
}

/* Between setjmp and the end; 0 after a message. */
static int decode(jpeg_state *s, const uint8_t *data, size_t bytes, decoded *photo) {
  jpeg_mem_src(&s->jpeg, data, (unsigned long)bytes);
  (void)jpeg_read_header(&s->jpeg, TRUE);
  if (!decode_allocate(s->d, s->jpeg.image_height, s->jpeg.image_width, photo)) return 0;
  s->jpeg.out_color_space = JCS_RGB;
  (void)jpeg_start_decompress(&s->jpeg);
  while (s->jpeg.output_scanline < photo->height) {
    JSAMPROW row = photo->pixels + (size_t)s->jpeg.output_scanline * photo->width * 3;
    (void)jpeg_read_scanlines(&s->jpeg, &row, 1);
  }
  (void)jpeg_finish_decompress(&s->jpeg);
  if (s->errors.num_warnings == 0) return 1;
  snprintf(s->d->message, sizeof s->d->message, "not a good JPEG: its data are damaged");
  return 0;
}

int decode_jpeg(decoder *d, const uint8_t *data, size_t bytes, decoded *photo) {
  jpeg_state *s = d->allocate(d->context, sizeof *s);
  d->no_memory = !s;
  if (!s) return 0;
  memset(s, 0, sizeof *s);
  s->d = d;
  s->jpeg.err = jpeg_std_error(&s->errors);
  s->errors.error_exit = leave;
  s->errors.output_message = stay_silent;
  s->jpeg.client_data = s;
  volatile int good = 0; /* set behind setjmp */
  if (setjmp(s->escape) == 0) {
    jpeg_create_decompress(&s->jpeg);
    s->progress.progress_monitor = count_scans;
    s->jpeg.progress = &s->progress;
    good = decode(s, data, bytes, photo);
  }
  jpeg_destroy_decompress(&s->jpeg);
  return good && decode_turn(d, decode_orientation(data, bytes), photo);
}
#else
int decode_jpeg(decoder *d, const uint8_t *data, size_t bytes, decoded *photo) {
  (void)data, (void)bytes, (void)photo;
  snprintf(d->message, sizeof d->message, "%s was built without libjpeg, and reads no JPEG",
           d->program);
  return 0;
}
#endif
