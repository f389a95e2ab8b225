/* "pixels" and "resize" of an input.
 *
 *   input u8  ->  pixels  ->  mul 1 / (255 std)  ->  add -mean / std
 *
 * What is around the map, for windows that reach over its border, stays 0 behind that. Where a
 * convolution reads it, it goes into the weights (passes/read_pixels.c).
 */
#include "frontend/input_pixels.h"

#include <string.h>

enum { MAX_TEXT = 16, MAX_NUMBER = 1000000, PHOTO_CHANNELS = 3 };
#define MIN_STD 1e-6

static const JsonField pixels_fields[] = {
    {"format", JSON_TEXT, true, 1, MAX_TEXT, offsetof(InputPixels, format)},
    {"layout", JSON_TEXT, false, 1, MAX_TEXT, offsetof(InputPixels, layout)},
    {"order", JSON_TEXT, false, 1, MAX_TEXT, offsetof(InputPixels, order)},
    {"mean", JSON_REALS, true, 0, MAX_NUMBER, offsetof(InputPixels, mean)},
    {"std", JSON_REALS, true, 0, MAX_NUMBER, offsetof(InputPixels, std)},
};
static const JsonFields pixels_table = {"\"pixels\"", pixels_fields,
                                        sizeof pixels_fields / sizeof *pixels_fields};

typedef struct ResizeSpec {
  int64_t to, crop;
  const char *filter;
} ResizeSpec;

static const JsonField resize_fields[] = {
    {"to", JSON_INT, true, 1, LAYER_MAX_SIDE, offsetof(ResizeSpec, to)},
    {"crop", JSON_INT, true, 1, LAYER_MAX_SIDE, offsetof(ResizeSpec, crop)},
    {"filter", JSON_TEXT, true, 1, MAX_TEXT, offsetof(ResizeSpec, filter)},
};
static const JsonFields resize_table = {"\"resize\"", resize_fields,
                                        sizeof resize_fields / sizeof *resize_fields};

/* The value of key `key` is one of two texts; *second: which. False after an error. */
static bool choose(Lowering *l, const char *key, const char *value, const char *const texts[2],
                   bool *second) {
  *second = strcmp(value, texts[1]) == 0;
  if (*second || strcmp(value, texts[0]) == 0) return true;
  layer_error(l, key, "\"%s\" must be \"%s\" or \"%s\", not %s", key, texts[0], texts[1],
              error_list_quote(l->arena, value));
  return false;
}

/* There is a number for each channel. */
static bool check_count(Lowering *l, const char *key, const JsonReals *numbers, int64_t channels) {
  if (numbers->count == channels) return true;
  layer_error(l, key, "\"%s\" has %u number%s; the input has %lld channels", key, numbers->count,
              numbers->count == 1 ? "" : "s", (long long)channels);
  return false;
}

static bool read_pixels(Lowering *l, const cJSON *object, int64_t channels, InputPixels *out) {
  static const char *const layouts[] = {"nhwc", "nchw"}, *const orders[] = {"rgb", "bgr"};
  bool is_nchw;
  l->object = object;
  if (!json_fields_read(l->source, object, &pixels_table, &l->errors, out)) return false;
  if (strcmp(out->format, "u8") != 0) {
    layer_error(l, "format", "\"format\" must be \"u8\", not %s",
                error_list_quote(l->arena, out->format));
    return false;
  }
  if (!choose(l, "layout", out->layout, layouts, &is_nchw) ||
      !choose(l, "order", out->order, orders, &out->about.reversed) ||
      !check_count(l, "mean", &out->mean, channels) ||
      !check_count(l, "std", &out->std, channels)) {
    return false;
  }
  for (uint32_t i = 0; i < out->std.count; ++i) {
    if (out->std.items[i] >= MIN_STD) continue;
    layer_error(l, "std", "\"std\" must be at least %g, not %g", MIN_STD, out->std.items[i]);
    return false;
  }
  if (out->about.reversed && channels != PHOTO_CHANNELS) {
    layer_error(l, "order", "\"bgr\" needs an input of %d channels", PHOTO_CHANNELS);
    return false;
  }
  return true;
}

static bool read_resize(Lowering *l, const cJSON *object, int64_t channels, Pixels *about) {
  static const char *const filters[] = {"bilinear", "bicubic"};
  ResizeSpec spec = {0};
  bool is_bicubic;
  l->object = object;
  if (!json_fields_read(l->source, object, &resize_table, &l->errors, &spec) ||
      !choose(l, "filter", spec.filter, filters, &is_bicubic)) {
    return false;
  }
  if (spec.crop > spec.to) {
    layer_error(l, "crop", "\"crop\" must be at most \"to\", %lld, not %lld", (long long)spec.to,
                (long long)spec.crop);
    return false;
  }
  if (channels != PHOTO_CHANNELS) {
    layer_error(l, NULL, "\"resize\" needs an input of %d channels", PHOTO_CHANNELS);
    return false;
  }
  about->resize_to = (uint32_t)spec.to;
  about->crop = (uint32_t)spec.crop;
  about->filter = is_bicubic ? PIXEL_FILTER_BICUBIC : PIXEL_FILTER_BILINEAR;
  return true;
}

bool input_pixels_read(Lowering *l, const cJSON *pixels, const cJSON *resize, int64_t channels,
                       InputPixels *out) {
  const cJSON *input = l->object;
  *out = (InputPixels){.layout = "nhwc", .order = "rgb", .about.declared = true};
  bool fits = read_pixels(l, pixels, channels, out);
  fits = (!resize || read_resize(l, resize, channels, &out->about)) && fits;
  l->object = input;
  return fits;
}

/* The constant of `count` numbers. */
static ValueId constant_of(Lowering *l, const double *numbers, uint32_t count) {
  return build_constant(l->builder, recipe_numbers(l->model->graph->recipes, numbers, count));
}

ValueId input_pixels_lower(Lowering *l, const InputPixels *pixels, ValueId x) {
  uint32_t channels = pixels->mean.count;
  double *gain = ARENA_ARRAY(l->arena, channels, double);
  double *bias = ARENA_ARRAY(l->arena, channels, double);
  for (uint32_t i = 0; i < channels; ++i) {
    gain[i] = 1 / (255 * pixels->std.items[i]);
    bias[i] = -pixels->mean.items[i] / pixels->std.items[i];
  }
  ValueId value = build_pixels(l->builder, x, pixels->about.reversed);
  value = build_mul(l->builder, value, constant_of(l, gain, channels));
  return build_add(l->builder, value, constant_of(l, bias, channels));
}
