/* A photo as an input of a model, as the model's metadata say (atm_resize.h). */
#ifndef ATM_STANDALONE_PHOTO_H
#define ATM_STANDALONE_PHOTO_H

#include <stdio.h>

#include "atm_runtime.h"
#include "npy.h"

enum { PHOTO_MAX_MESSAGE = 256 };

/* `file`, which is at its beginning and stays there, begins as a photo does; never of a pipe. */
int photo_is_file(FILE *file);
/* Reads `file` for the image input of `model`: its bytes, resized, cropped and arranged for the
 * first resolution of one image that has the size of the crop, or else takes it. 0, with a message,
 * where it cannot be; else array->data is the caller's to free. */
int photo_read(FILE *file, const atm_model *model, npy_array *array,
               char message[PHOTO_MAX_MESSAGE]);

#endif
