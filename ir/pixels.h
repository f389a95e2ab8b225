/* What a model says of an input that takes photos, besides its type: for the programs that hand
 * them over. The numbers of filters are those of runtime/atm_resize.h. */
#ifndef ATMC_IR_PIXELS_H
#define ATMC_IR_PIXELS_H

#include <stdbool.h>
#include <stdint.h>

/* Windows read bytes less this (ops.def: PATCHES). */
enum { PIXELS_MIDDLE = 128 };

typedef enum PixelFilter { PIXEL_FILTER_BILINEAR = 1, PIXEL_FILTER_BICUBIC = 2 } PixelFilter;

typedef struct Pixels {
  bool declared;      /* the input takes bytes; else nothing below counts */
  bool reversed;      /* blue comes first */
  uint32_t resize_to; /* the shorter side; 0: photos are taken as they are */
  uint32_t crop;      /* both sides of the middle that is kept */
  PixelFilter filter;
} Pixels;

#endif
