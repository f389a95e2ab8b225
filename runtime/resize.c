/* Resizing of photos, with the numbers of Pillow (atm_resize.h).
 *
 * A result's pixel at x, along one side, is a weighted sum of the pixels around (x + 1/2) scale, as
 * far as the filter reaches; where the image gets smaller, the filter is as many times wider. The
 * pass along rows is done for one row of the image at a time, into a ring of as many rows as the
 * pass along columns has taps: both windows move forward only.
 *
 * The workspace: the columns' windows, [columns] Window; their weights, [columns][taps] int32; the
 * weights of one row, [taps of a column] int32; the ring, [taps of a column][columns][3] bytes.
 */
#include "atm_resize.h"

#include <string.h>

/* Of a weight: 8 bits of a pixel and two for sums beyond 1 are left of 32. */
enum { WEIGHT_BITS = 22, CHANNELS = 3, INT_BYTES = 4 };

typedef struct window { /* the pixels that one pixel is made of */
  uint32_t first, count;
} window;

typedef struct kernel { /* a filter: a function of the distance in pixels, 0 from `support` on */
  double support;
  double (*weight)(double x);
} kernel;

typedef struct side { /* one dimension: `from` pixels become `to` */
  uint32_t from, to;
  double scale, widening; /* pixels of the image for each of the result; at least 1 */
  const kernel *filter;
  uint32_t taps; /* at least the pixels of any window */
} side;

static double bilinear(double x) {
  if (x < 0) x = -x;
  return x < 1 ? 1 - x : 0;
}

/* Keys's cubic with a = -1/2. */
static double bicubic(double x) {
  const double a = -0.5;
  if (x < 0) x = -x;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static const kernel kernels[] = {
    [ATM_FILTER_BILINEAR] = {1, bilinear},
    [ATM_FILTER_BICUBIC] = {2, bicubic},
};

/* -- one side ---------------------------------------------------------------------------------- */

static side side_of(uint32_t from, uint32_t to, uint32_t filter) {
  side s = {.from = from, .to = to, .filter = &kernels[filter]};
  s.scale = (double)from / to;
  s.widening = s.scale < 1 ? 1 : s.scale;
  double reach = s.filter->support * s.widening;
  s.taps = (uint32_t)reach;
  if (s.taps < reach) ++s.taps;
  s.taps = 2 * s.taps + 1;
  return s;
}

/* The window of pixel `x` of the result, and its weights [taps], which have the sum 1. */
static window weigh(const side *s, uint32_t x, int32_t *weights) {
  double center = (x + 0.5) * s->scale, reach = s->filter->support * s->widening;
  double low = center - reach + 0.5, high = center + reach + 0.5, sum = 0;
  window w = {.first = low < 0 ? 0 : (uint32_t)low};
  w.count = (high > s->from ? s->from : (uint32_t)high) - w.first;
  double step = 1 / s->widening;
  for (uint32_t i = 0; i < w.count; ++i) {
    sum += s->filter->weight((i + w.first - center + 0.5) * step);
  }
  for (uint32_t i = 0; i < w.count; ++i) {
    double weight = s->filter->weight((i + w.first - center + 0.5) * step);
    if (sum != 0) weight /= sum;
    weight *= 1 << WEIGHT_BITS;
    weights[i] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
  }
  return w;
}

/* A weighted sum as a pixel. */
static uint8_t pixel_of(int32_t sum) {
  if (sum < 0) return 0;
  sum >>= WEIGHT_BITS;
  return (uint8_t)(sum > UINT8_MAX ? UINT8_MAX : sum);
}

/* -- two passes -------------------------------------------------------------------------------- */

typedef struct passes {
  const atm_image *image;
  const atm_resize *resize;
  side rows, columns; /* along a column, whose pixels are rows; along a row */
  window *windows;
  int32_t *weights, *row_weights;
  uint8_t *ring;
} passes;

/* Row `y` of the image, resized, into its place in the ring. */
static void resize_row(const passes *p, uint32_t y) {
  uint32_t columns = p->resize->columns;
  const uint8_t *row = p->image->pixels + y * p->image->stride;
  uint8_t *out = p->ring + (size_t)(y % p->rows.taps) * columns * CHANNELS;
  for (uint32_t x = 0; x < columns; ++x, out += CHANNELS) {
    const int32_t *weights = p->weights + (size_t)x * p->columns.taps;
    const uint8_t *in = row + (size_t)p->windows[x].first * CHANNELS;
    int32_t sum[CHANNELS];
    for (int c = 0; c < CHANNELS; ++c) sum[c] = 1 << (WEIGHT_BITS - 1);
    for (uint32_t i = 0; i < p->windows[x].count; ++i, in += CHANNELS) {
      for (int c = 0; c < CHANNELS; ++c) sum[c] += in[c] * weights[i];
    }
    for (int c = 0; c < CHANNELS; ++c) out[c] = pixel_of(sum[c]);
  }
}

/* Where byte `i` of row `y` is written. */
static size_t place_of(const atm_resize *resize, uint32_t y, uint32_t i) {
  int planes = (resize->arrangement & ATM_ARRANGE_NCHW) != 0;
  size_t pixel = (size_t)y * resize->columns + i / CHANNELS, c = i % CHANNELS;
  if (resize->arrangement & ATM_ARRANGE_REVERSED) c = CHANNELS - 1 - c;
  return planes ? c * resize->rows * resize->columns + pixel : pixel * CHANNELS + c;
}

/* Row `y` of what is written, of the rows of `w` in the ring. */
static void blend_rows(const passes *p, window w, uint32_t y, uint8_t *out) {
  uint32_t columns = p->resize->columns;
  for (uint32_t i = 0; i < columns * CHANNELS; ++i) {
    uint32_t slot = w.first % p->rows.taps;
    int32_t sum = 1 << (WEIGHT_BITS - 1);
    for (uint32_t k = 0; k < w.count; ++k) {
      sum += p->ring[(size_t)slot * columns * CHANNELS + i] * p->row_weights[k];
      if (++slot == p->rows.taps) slot = 0;
    }
    out[place_of(p->resize, y, i)] = pixel_of(sum);
  }
}

/* All rows of an image that keeps its size: filters give what is there. */
static void arrange_rows(const atm_image *image, const atm_resize *resize, uint8_t *out) {
  size_t bytes = (size_t)resize->columns * CHANNELS;
  for (uint32_t y = 0; y < resize->rows; ++y) {
    const uint8_t *row = image->pixels + (resize->top + y) * image->stride;
    row += (size_t)resize->left * CHANNELS;
    if (!resize->arrangement) memcpy(out + y * bytes, row, bytes);
    for (uint32_t i = 0; resize->arrangement && i < bytes; ++i) {
      out[place_of(resize, y, i)] = row[i];
    }
  }
}

/* -- the interface ----------------------------------------------------------------------------- */

static int is_side(uint32_t pixels) {
  return pixels >= 1 && pixels <= ATM_RESIZE_MAX_SIDE;
}

static int is_filter(uint32_t filter) {
  return filter == ATM_FILTER_BILINEAR || filter == ATM_FILTER_BICUBIC;
}

/* `count` pixels from `first` on lie within `side`. */
static int is_part(uint32_t first, uint32_t count, uint32_t side) {
  return count >= 1 && first < side && count <= side - first;
}

static int is_sound(const atm_image *image, const atm_resize *resize) {
  return image && resize && is_side(image->height) && is_side(image->width) &&
         image->stride >= (size_t)image->width * CHANNELS && is_side(resize->height) &&
         is_side(resize->width) && is_part(resize->top, resize->rows, resize->height) &&
         is_part(resize->left, resize->columns, resize->width) && is_filter(resize->filter);
}

/* The half; of odd numbers, the even one of its neighbors, as Python rounds. */
static uint32_t half(uint32_t twice) {
  return twice / 2 + (twice % 4 == 3);
}

int atm_resize_center(const atm_image *image, uint32_t to, uint32_t rows, uint32_t columns,
                      uint32_t filter, atm_resize *resize) {
  if (!image || !resize || !is_side(image->height) || !is_side(image->width) || !is_side(to)) {
    return ATM_E_ARGUMENT;
  }
  uint64_t height = image->height, width = image->width, least = height < width ? height : width;
  height = to * height / least;
  width = to * width / least;
  if (height > ATM_RESIZE_MAX_SIDE || width > ATM_RESIZE_MAX_SIDE || rows < 1 || rows > height ||
      columns < 1 || columns > width || !is_filter(filter)) {
    return ATM_E_ARGUMENT;
  }
  *resize = (atm_resize){.height = (uint32_t)height,
                         .width = (uint32_t)width,
                         .top = half((uint32_t)height - rows),
                         .left = half((uint32_t)width - columns),
                         .rows = rows,
                         .columns = columns,
                         .filter = filter};
  return ATM_OK;
}

/* `image` as it is, of rows x columns. */
static int keep(const atm_image *image, uint32_t rows, uint32_t columns, atm_resize *resize) {
  if (!image || !resize || image->height != rows || image->width != columns || !is_side(rows) ||
      !is_side(columns)) {
    return ATM_E_ARGUMENT;
  }
  *resize = (atm_resize){.height = rows,
                         .width = columns,
                         .rows = rows,
                         .columns = columns,
                         .filter = ATM_FILTER_BILINEAR}; /* which keeps an image of that size */
  return ATM_OK;
}

int atm_resize_model(const atm_model *model, const atm_entry *entry, const atm_image *image,
                     atm_resize *resize) {
  if (!model || !entry || !model->size) return ATM_E_ARGUMENT;
  const atm_pixels *pixels = &model->pixels[model->image_input];
  const atm_tensor *input = &entry->inputs[model->image_input];
  if (!pixels->order || input->dims[0] != 1) return ATM_E_ARGUMENT;
  int planes = input->layout[1] == 'c';
  uint32_t rows = input->dims[planes ? 2 : 1], columns = input->dims[planes ? 3 : 2];
  int code = ATM_OK;
  if (pixels->resize_to) {
    uint64_t longer = rows > columns ? rows : columns, to = pixels->resize_to * longer;
    to /= pixels->crop;
    if (to > ATM_RESIZE_MAX_SIDE) return ATM_E_ARGUMENT;
    code = atm_resize_center(image, (uint32_t)to, rows, columns, pixels->filter, resize);
  } else {
    code = keep(image, rows, columns, resize);
  }
  if (code) return code;
  resize->arrangement =
      (planes ? ATM_ARRANGE_NCHW : 0) | (pixels->order == ATM_ORDER_BGR ? ATM_ARRANGE_REVERSED : 0);
  return ATM_OK;
}

size_t atm_resize_workspace(const atm_image *image, const atm_resize *resize) {
  if (!is_sound(image, resize)) return 0;
  uint64_t across = side_of(image->width, resize->width, resize->filter).taps;
  uint64_t down = side_of(image->height, resize->height, resize->filter).taps;
  uint64_t columns = resize->columns;
  /* each term is below 2^37; the last bytes are for the alignment */
  uint64_t bytes = columns * sizeof(window) + columns * across * INT_BYTES + down * INT_BYTES +
                   down * columns * CHANNELS + INT_BYTES;
  return bytes > SIZE_MAX ? 0 : (size_t)bytes;
}

int atm_resize_run(const atm_image *image, const atm_resize *resize, uint8_t *out, void *workspace,
                   size_t workspace_bytes) {
  size_t needed = atm_resize_workspace(image, resize);
  if (!needed || !image->pixels || !out) return ATM_E_ARGUMENT;
  if (!workspace || workspace_bytes < needed) return ATM_E_WORKSPACE;
  if (resize->height == image->height && resize->width == image->width) {
    arrange_rows(image, resize, out);
    return ATM_OK;
  }
  passes p = {.image = image, .resize = resize};
  p.rows = side_of(image->height, resize->height, resize->filter);
  p.columns = side_of(image->width, resize->width, resize->filter);
  uintptr_t odd = (uintptr_t)workspace % INT_BYTES;
  void *aligned = (char *)workspace + (odd ? INT_BYTES - odd : 0);
  p.windows = aligned;
  void *behind = p.windows + resize->columns;
  p.weights = behind;
  p.row_weights = p.weights + (size_t)resize->columns * p.columns.taps;
  p.ring = (uint8_t *)(p.row_weights + p.rows.taps);
  for (uint32_t x = 0; x < resize->columns; ++x) {
    p.windows[x] = weigh(&p.columns, resize->left + x, p.weights + (size_t)x * p.columns.taps);
  }
  uint32_t next = 0; /* the first row of the image that was not resized yet */
  for (uint32_t y = 0; y < resize->rows; ++y) {
    window w = weigh(&p.rows, resize->top + y, p.row_weights);
    if (next < w.first) next = w.first;
    for (; next < w.first + w.count; ++next) resize_row(&p, next);
    blend_rows(&p, w, y, out);
  }
  return ATM_OK;
}
