/* A photo as an input of a model, as its "pixels" and "resize" say. */
#ifndef ATMC_DRIVER_PHOTO_INPUT_H
#define ATMC_DRIVER_PHOTO_INPUT_H

#include "driver/compilation.h"
#include "support/npy.h"

/* Reads the photo at `path` for input `index` of the model, the node `input`: its bytes, resized,
 * cropped and arranged, a batch of one. */
MUST_CHECK Status photo_input_read(const Compilation *c, const char *path, uint32_t index,
                                   const Node *input, NpyArray *array);

#endif
