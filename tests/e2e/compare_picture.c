/* compare_picture LABELS.npy PICTURE.png PHOTO.npy OVERLAY.png: the picture is indexed, its indices
 * are the labels [1,1,H,W] of bytes, its palette begins as that of PASCAL VOC; the overlay is the
 * mean of its colors and of the photo [1,H,W,3]. */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/npy.h"

/* bird, dining table, potted plant and void have a bit of each kind. */
static const struct {
  int class;
  png_color color;
} known[] = {{0, {0, 0, 0}},   {1, {128, 0, 0}},   {2, {0, 128, 0}},       {3, {128, 128, 0}},
             {4, {0, 0, 128}}, {8, {64, 0, 0}},    {11, {192, 128, 0}},    {15, {192, 128, 128}},
             {16, {0, 64, 0}}, {20, {0, 64, 128}}, {255, {224, 224, 192}}, {32, {0, 0, 64}},
             {64, {32, 0, 0}}, {128, {0, 32, 0}}};

typedef struct Picture {
  png_structp png;
  png_infop info;
  png_bytepp rows;
} Picture;

/* Whether the file is a PNG of that size and kind, of 8 bits. */
static int picture_read(const char *path, const NpyArray *labels, int color_type, Picture *p) {
  FILE *file = fopen(path, "rb");
  if (!file) return 0;
  p->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  p->info = png_create_info_struct(p->png);
  png_init_io(p->png, file);
  png_read_png(p->png, p->info, PNG_TRANSFORM_IDENTITY, NULL); /* which aborts on what is none */
  fclose(file);
  p->rows = png_get_rows(p->png, p->info);
  return png_get_image_height(p->png, p->info) == labels->dims[2] &&
         png_get_image_width(p->png, p->info) == labels->dims[3] &&
         png_get_bit_depth(p->png, p->info) == 8 &&
         png_get_color_type(p->png, p->info) == color_type;
}

static int differ(const char *what, int64_t y, int64_t x) {
  printf("%s differs at row %lld, column %lld\n", what, (long long)y, (long long)x);
  return 1;
}

static int check_palette(const Picture *picture, png_colorp *palette) {
  int count;
  if (!png_get_PLTE(picture->png, picture->info, palette, &count) || count != 256) return 1;
  for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
    png_color got = (*palette)[known[i].class], wanted = known[i].color;
    if (got.red == wanted.red && got.green == wanted.green && got.blue == wanted.blue) continue;
    printf("class %d: %d %d %d\n", known[i].class, got.red, got.green, got.blue);
    return 1;
  }
  return 0;
}

static int near_mean(png_byte got, uint8_t photo, png_byte color) {
  return abs(2 * got - photo - color) <= 1;
}

static int check_pixels(const NpyArray *labels, const NpyArray *photo, const Picture *picture,
                        const Picture *overlay, png_colorp palette) {
  for (int64_t y = 0; y < labels->dims[2]; ++y) {
    for (int64_t x = 0; x < labels->dims[3]; ++x) {
      int64_t i = y * labels->dims[3] + x;
      png_color color = palette[labels->bytes[i]];
      const png_byte *over = overlay->rows[y] + 3 * x;
      const uint8_t *under = photo->bytes + 3 * i;
      if (picture->rows[y][x] != labels->bytes[i]) return differ("the picture", y, x);
      if (!near_mean(over[0], under[0], color.red) || !near_mean(over[1], under[1], color.green) ||
          !near_mean(over[2], under[2], color.blue)) {
        return differ("the overlay", y, x);
      }
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  Arena *arena = arena_new();
  Diag diag = {.stream = stderr};
  NpyArray labels, photo;
  Picture picture, overlay;
  png_colorp palette;
  if (argc != 5 || npy_read_bytes(arena, &diag, argv[1], &labels) ||
      npy_read_bytes(arena, &diag, argv[3], &photo)) {
    fprintf(stderr, "usage: compare_picture LABELS.npy PICTURE.png PHOTO.npy OVERLAY.png\n");
    return 2;
  }
  if (!picture_read(argv[2], &labels, PNG_COLOR_TYPE_PALETTE, &picture) ||
      !picture_read(argv[4], &labels, PNG_COLOR_TYPE_RGB, &overlay)) {
    printf("no pictures of that size and kind\n");
    return 1;
  }
  int wrong = check_palette(&picture, &palette) ||
              check_pixels(&labels, &photo, &picture, &overlay, palette);
  png_destroy_read_struct(&picture.png, &picture.info, NULL);
  png_destroy_read_struct(&overlay.png, &overlay.info, NULL);
  arena_free(arena);
  return wrong;
}
