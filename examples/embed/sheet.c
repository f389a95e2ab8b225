#include "sheet.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sheet_read(const char *path, uint32_t tile, Sheet *sheet) {
  png_image png = {.version = PNG_IMAGE_VERSION};
  *sheet = (Sheet){.tile = tile};
  if (!png_image_begin_read_from_file(&png, path)) {
    fprintf(stderr, "%s: %s\n", path, png.message);
    return -1;
  }
  png.format = PNG_FORMAT_RGB;
  sheet->columns = png.width / tile;
  sheet->rows = png.height / tile;
  sheet->rgb = malloc(PNG_IMAGE_SIZE(png));
  if (png.width % tile || png.height % tile || !sheet->rgb ||
      !png_image_finish_read(&png, NULL, sheet->rgb, 0, NULL)) {
    fprintf(stderr, "%s: not a sheet of %ux%u tiles: %s\n", path, tile, tile, png.message);
    png_image_free(&png);
    sheet_free(sheet);
    return -1;
  }
  return 0;
}

void sheet_free(Sheet *sheet) {
  free(sheet->rgb);
  sheet->rgb = NULL;
}

void sheet_image(const Sheet *sheet, uint32_t index, float *image) {
  static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
  const uint32_t tile = sheet->tile, pitch = sheet->columns * tile;
  const uint32_t top = index / sheet->columns * tile, left = index % sheet->columns * tile;
  for (uint32_t c = 0; c < 3; ++c) {
    for (uint32_t y = 0; y < tile; ++y) {
      for (uint32_t x = 0; x < tile; ++x) {
        uint8_t byte = sheet->rgb[3 * ((size_t)(top + y) * pitch + left + x) + c];
        *image++ = ((float)byte / 255.0f - mean[c]) / deviation[c];
      }
    }
  }
}
