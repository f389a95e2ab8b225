/* Inputs that take the bytes of photos: their keys, and the normalization in front of the layers.
 */
#ifndef ATMC_FRONTEND_INPUT_PIXELS_H
#define ATMC_FRONTEND_INPUT_PIXELS_H

#include "frontend/layer.h"

/* "pixels" and "resize" of an input, as they are read. */
typedef struct InputPixels {
  const char *format, *layout, *order;
  JsonReals mean, std;
  Pixels about;
} InputPixels;

/* Reads both objects of an input of `channels`; `resize` may be NULL. False after an error. */
bool input_pixels_read(Lowering *l, const cJSON *pixels, const cJSON *resize, int64_t channels,
                       InputPixels *out);
/* (x / 255 - mean) / std, channel by channel, of the bytes `x`. */
ValueId input_pixels_lower(Lowering *l, const InputPixels *pixels, ValueId x);

#endif
