/* atm_resize.h: from a photo to the bytes that a model takes, optional to hosts.
 *
 * C99, libc alone, no allocation, reentrant. In libatm_runtime.a these are an object of their own,
 * which products that do not call them do not link.
 *
 *   atm_image photo = {pixels, height, width, 3 * width};
 *   atm_resize resize;
 *   int error = atm_resize_model(PREFIX_model(), entry, &photo, &resize);
 *   size_t bytes = atm_resize_workspace(&photo, &resize);     (allocate so many, at any address)
 *   if (!error) error = atm_resize_run(&photo, &resize, out, workspace, bytes);
 *
 * Results are those of Pillow's Image.resize (reducing_gap unset): filters that widen with the
 * scale where an image gets smaller, in two passes, along rows and then along columns, with
 * coefficients of 22 fractional bits and a rounding to 8 bits after each. An image that keeps its
 * size is copied, row by row.
 */
#ifndef ATM_RESIZE_H
#define ATM_RESIZE_H

#include "atm_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Images are at most so high and wide, before and after. */
#define ATM_RESIZE_MAX_SIDE 65535

/* Three bytes a pixel, as red, green and blue. */
typedef struct atm_image {
  const uint8_t *pixels;
  uint32_t height, width;
  size_t stride; /* bytes from one row to the next, at least 3 width */
} atm_image;

enum { ATM_FILTER_BILINEAR = 1, ATM_FILTER_BICUBIC = 2 };
/* Bits of atm_resize.arrangement: what is written is [3][rows][columns], else
 * [rows][columns][3]; the last channel of an image comes first. */
enum { ATM_ARRANGE_NCHW = 1, ATM_ARRANGE_REVERSED = 2 };

/* What is done to an image: all of it is resized to height x width, of which `rows` x `columns`
 * from (top, left) on are computed and written. */
typedef struct atm_resize {
  uint32_t height, width;
  uint32_t top, left;
  uint32_t rows, columns;
  uint32_t filter;      /* ATM_FILTER_* */
  uint32_t arrangement; /* ATM_ARRANGE_* bits */
} atm_resize;

/* Sets *resize as Resize(to) and CenterCrop([rows, columns]) of torchvision do: the shorter side
 * becomes `to`, the other one keeps the proportion (rounded down), the middle of it is kept. The
 * arrangement is 0. ATM_E_ARGUMENT: the image is empty or too large, the result is too large or
 * smaller than the crop, or there is no such filter. */
int atm_resize_center(const atm_image *image, uint32_t to, uint32_t rows, uint32_t columns,
                      uint32_t filter, atm_resize *resize);

/* Sets *resize as `model` says that its image input takes photos, arrangement included
 * (atm_model.pixels): for `entry`, an image of one, which may be of another size than the crop; the
 * shorter side then is in proportion. ATM_E_ARGUMENT: the input takes no photos, the model was
 * compiled before models said so, it resizes none and the image is not of the entry's size, or as
 * atm_resize_center. */
int atm_resize_model(const atm_model *model, const atm_entry *entry, const atm_image *image,
                     atm_resize *resize);

/* How many bytes atm_resize_run works in: some rows of the result and the filter's coefficients,
 * not an image. 0: what atm_resize_run refuses. */
size_t atm_resize_workspace(const atm_image *image, const atm_resize *resize);

/* Writes rows * columns * 3 bytes to `out`, which overlaps neither the image nor the workspace;
 * that may stand anywhere. ATM_E_ARGUMENT: a pointer is NULL, a size or the filter is out of range,
 * or rows and columns are not within height and width; ATM_E_WORKSPACE: it is NULL or too small. */
int atm_resize_run(const atm_image *image, const atm_resize *resize, uint8_t *out, void *workspace,
                   size_t workspace_bytes);

#ifdef __cplusplus
}
#endif

#endif
