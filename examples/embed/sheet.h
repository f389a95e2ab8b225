/* A sheet of square RGB tiles in one PNG file, cut into normalized NCHW images. */
#ifndef EXAMPLES_SHEET_H
#define EXAMPLES_SHEET_H

#include <stdint.h>

typedef struct Sheet {
  uint8_t *rgb;  /* [rows * tile][columns * tile][3] */
  uint32_t tile; /* pixels on a side */
  uint32_t columns, rows;
} Sheet;

/* Reads `path`, whose sides must be multiples of `tile`. Returns 0, or -1 with a message on stderr.
 */
int sheet_read(const char *path, uint32_t tile, Sheet *sheet);
void sheet_free(Sheet *sheet);

/* Tile `index` (row-major) as a [3][tile][tile] image: RGB / 255, minus the ImageNet mean, divided
 * by its standard deviation. */
void sheet_image(const Sheet *sheet, uint32_t index, float *image);

#endif
