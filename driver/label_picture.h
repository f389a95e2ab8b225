/* Maps of labels as pictures: `atmc run --output labels=FILE.png` and `--overlay=FILE.png`. */
#ifndef ATMC_DRIVER_LABEL_PICTURE_H
#define ATMC_DRIVER_LABEL_PICTURE_H

#include "driver/compilation.h"
#include "driver/photo.h"

typedef struct LabelMap { /* of one image: [height][width] */
  Type type;              /* logical */
  const void *labels;     /* as type.dtype says */
} LabelMap;

typedef struct ImageBytes { /* as the model's input stores them */
  const uint8_t *bytes;
  int64_t height, width;
} ImageBytes;

typedef struct PictureFile {
  char *data; /* in an arena */
  size_t bytes;
} PictureFile;

/* Whether an output goes there as a picture: the name ends in .png. */
bool label_picture_is_path(const char *path);
/* The color of each class, as PASCAL VOC has them: the lowest three bits of a class are the highest
 * bit of red, green and blue, the next three the next, and so on. Class 0 is black. */
void label_picture_palette(uint8_t palette[PHOTO_PALETTE][3]);

/* Output `index` of the model can be a picture at `path`: it gives labels, whose classes have
 * colors. Else an error. */
MUST_CHECK Status label_picture_check(const Compilation *c, uint32_t index, const char *path);
/* What --overlay shows: the first output that gives labels, and the first input of bytes that is a
 * photo. Else an error. */
MUST_CHECK Status label_picture_overlay_check(const Compilation *c, uint32_t *output,
                                              uint32_t *input);

/* An indexed PNG of 8 bits, whose indices are the classes. */
MUST_CHECK Status label_picture_indexed(const Compilation *c, const char *path, LabelMap map,
                                        PictureFile *file);
/* The mean of the palette's colors and of `image`, which is what input `input` was given. */
MUST_CHECK Status label_picture_overlay(const Compilation *c, LabelMap map, uint32_t input,
                                        ImageBytes image, PictureFile *file);

#endif
