/* Resizing of photos: the numbers of Pillow, crops, arrangements, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/atm_resize.h"

typedef struct Resized { /* what was recorded: [to_h][to_w][3] bytes in hex */
  uint32_t h, w, to_h, to_w, filter;
  const char *hex;
} Resized;
#include "resized.h"

enum { CASES = sizeof resized / sizeof *resized, PADDING = 5 };

/* Edges of full contrast, ramps, noise; rows have PADDING bytes more, which nobody may read. */
static uint8_t *make_image(uint32_t h, uint32_t w, atm_image *image) {
  size_t stride = 3 * w + PADDING;
  uint8_t *pixels = malloc(h * stride);
  cr_assert(pixels);
  memset(pixels, 0xee, h * stride);
  for (uint32_t y = 0; y < h; ++y) {
    for (uint32_t x = 0; x < w; ++x) {
      uint8_t *pixel = pixels + y * stride + 3 * x;
      pixel[0] = (x / 3 + y / 2) % 2 ? 255 : 0;
      pixel[1] = (uint8_t)(5 * x + 3 * y);
      pixel[2] = (uint8_t)((y * w + x) * 2654435761u >> 24);
    }
  }
  *image = (atm_image){pixels, h, w, stride};
  return pixels;
}

/* Runs in a workspace of exactly the bytes that it says, at an odd address; the caller frees the
 * result. */
static uint8_t *run(const atm_image *image, const atm_resize *resize) {
  size_t bytes = atm_resize_workspace(image, resize);
  cr_assert(bytes > 0);
  uint8_t *workspace = malloc(bytes + 1);
  uint8_t *out = malloc((size_t)resize->rows * resize->columns * 3);
  cr_assert(workspace && out);
  cr_expect_eq(atm_resize_run(image, resize, out, workspace + 1, bytes), ATM_OK);
  free(workspace);
  return out;
}

static atm_resize whole(uint32_t h, uint32_t w, uint32_t filter) {
  return (atm_resize){.height = h, .width = w, .rows = h, .columns = w, .filter = filter};
}

Test(resize, is_that_of_pillow) {
  for (uint32_t i = 0; i < CASES; ++i) {
    const Resized *r = &resized[i];
    atm_image image;
    uint8_t *pixels = make_image(r->h, r->w, &image);
    atm_resize resize = whole(r->to_h, r->to_w, r->filter);
    uint8_t *out = run(&image, &resize);
    cr_assert_eq(strlen(r->hex), 6u * r->to_h * r->to_w);
    uint32_t far = 0;
    for (uint32_t k = 0; k < 3 * r->to_h * r->to_w; ++k) {
      char digits[3] = {r->hex[2 * k], r->hex[2 * k + 1], 0};
      far += labs(strtol(digits, NULL, 16) - out[k]) > 1;
    }
    cr_expect_eq(far, 0, "case %u: %u bytes are more than one level off", i, far);
    free(out);
    free(pixels);
  }
}

Test(resize, keeps_images_of_the_right_size) {
  atm_image image;
  uint8_t *pixels = make_image(9, 14, &image);
  for (uint32_t filter = ATM_FILTER_BILINEAR; filter <= ATM_FILTER_BICUBIC; ++filter) {
    atm_resize resize = whole(9, 14, filter);
    uint8_t *out = run(&image, &resize);
    for (uint32_t y = 0; y < 9; ++y) {
      cr_expect_arr_eq(out + y * 14 * 3, pixels + y * image.stride, 14 * 3);
    }
    free(out);
  }
  free(pixels);
}

/* A crop is that part of the whole, in any arrangement. */
static void check_crop(uint32_t height, uint32_t width) {
  atm_image image;
  uint8_t *pixels = make_image(40, 30, &image);
  atm_resize resize = whole(height, width, ATM_FILTER_BICUBIC);
  uint8_t *all = run(&image, &resize);
  resize.top = 6, resize.left = 4, resize.rows = 8, resize.columns = 5;
  for (uint32_t arrangement = 0; arrangement < 4; ++arrangement) {
    resize.arrangement = arrangement;
    uint8_t *out = run(&image, &resize);
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 8 * 5 * 3; ++i) {
      uint32_t c = i % 3, x = i / 3 % 5, y = i / 15;
      uint32_t to = arrangement & ATM_ARRANGE_REVERSED ? 2 - c : c;
      uint32_t at = arrangement & ATM_ARRANGE_NCHW ? (to * 8 + y) * 5 + x : i - c + to;
      wrong += out[at] != all[((y + 6) * width + x + 4) * 3 + c];
    }
    cr_expect_eq(wrong, 0, "arrangement %u: %u wrong", arrangement, wrong);
    free(out);
  }
  free(all);
  free(pixels);
}

Test(resize, crops_and_arranges) {
  check_crop(21, 17);
  check_crop(40, 30); /* of the image as it is */
}

/* torchvision: Resize(256) of 500x333 gives 384x256; CenterCrop(224) begins at (80, 16). */
Test(resize, takes_the_center) {
  uint8_t byte = 0;
  atm_resize resize;
  atm_image image = {&byte, 500, 333, 999};
  cr_expect_eq(atm_resize_center(&image, 256, 224, 224, ATM_FILTER_BICUBIC, &resize), ATM_OK);
  cr_expect(resize.height == 384 && resize.width == 256 && resize.top == 80 && resize.left == 16);
  cr_expect(resize.rows == 224 && resize.columns == 224 && resize.arrangement == 0);
  static const struct {
    uint32_t side, left;
  } halves[] = {{225, 0}, {227, 2}, {229, 2}, {231, 4}}; /* as Python rounds 0.5, 1.5, ... */
  for (size_t i = 0; i < sizeof halves / sizeof *halves; ++i) {
    image = (atm_image){&byte, halves[i].side, 300, 900};
    cr_expect_eq(atm_resize_center(&image, halves[i].side, 224, 224, ATM_FILTER_BILINEAR, &resize),
                 ATM_OK);
    cr_expect_eq(resize.top, halves[i].left, "%u", halves[i].side);
  }
}

Test(resize, refuses) {
  uint8_t byte[3] = {0}, out[3];
  const atm_image pixel = {byte, 1, 1, 3};
  const atm_resize good = whole(1, 1, ATM_FILTER_BILINEAR);
  atm_resize resize;
  cr_expect_eq(atm_resize_center(&pixel, 8, 9, 8, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_center(&pixel, 8, 8, 8, 3, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_center(&pixel, 0, 0, 0, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  const atm_image thin = {byte, 1, 300, 900};
  cr_expect_eq(atm_resize_center(&thin, 224, 224, 224, ATM_FILTER_BILINEAR, &resize),
               ATM_E_ARGUMENT); /* would be 67200 wide */
  const atm_image images[] = {{byte, 0, 1, 3}, {byte, 1, 65536, 1 << 20}, {byte, 1, 1, 2}};
  for (size_t i = 0; i < sizeof images / sizeof *images; ++i) {
    cr_expect_eq(atm_resize_workspace(&images[i], &good), 0);
    const atm_image *image = &images[i];
    if (i == 2) continue; /* only its rows are too short */
    cr_expect_eq(atm_resize_center(image, 8, 8, 8, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  }
  cr_expect_eq(atm_resize_workspace(NULL, &good), 0);
  cr_expect_eq(atm_resize_workspace(&pixel, NULL), 0);
  cr_expect_eq(atm_resize_center(NULL, 8, 8, 8, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_center(&pixel, 8, 8, 8, ATM_FILTER_BILINEAR, NULL), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_center(&pixel, 8, 0, 8, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_center(&pixel, 8, 8, 0, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_center(&pixel, 8, 8, 9, ATM_FILTER_BILINEAR, &resize), ATM_E_ARGUMENT);
  const atm_image tall = {byte, 300, 1, 3}, blind = {NULL, 1, 1, 3};
  cr_expect_eq(atm_resize_center(&tall, 224, 224, 224, ATM_FILTER_BILINEAR, &resize),
               ATM_E_ARGUMENT);
  const atm_resize bad[] = {
      {.height = 0, .width = 1, .rows = 1, .columns = 1, .filter = ATM_FILTER_BILINEAR},
      {.height = 1, .width = 65536, .rows = 1, .columns = 1, .filter = ATM_FILTER_BILINEAR},
      {.height = 1, .width = 1, .rows = 1, .columns = 2, .filter = ATM_FILTER_BILINEAR},
      {.height = 1, .width = 1, .rows = 1, .columns = 1, .left = 1, .filter = ATM_FILTER_BILINEAR},
      {.height = 1, .width = 1, .rows = 0, .columns = 1, .filter = ATM_FILTER_BILINEAR},
      {.height = 1, .width = 1, .rows = 1, .columns = 1, .filter = 0}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    cr_expect_eq(atm_resize_run(&pixel, &bad[i], out, out, sizeof out), ATM_E_ARGUMENT);
  }
  size_t bytes = atm_resize_workspace(&pixel, &good);
  uint8_t workspace[256];
  cr_assert(bytes <= sizeof workspace);
  cr_expect_eq(atm_resize_run(&pixel, &good, out, workspace, bytes - 1), ATM_E_WORKSPACE);
  cr_expect_eq(atm_resize_run(&pixel, &good, out, NULL, bytes), ATM_E_WORKSPACE);
  cr_expect_eq(atm_resize_run(&pixel, &good, NULL, workspace, bytes), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_run(&blind, &good, out, workspace, bytes), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_run(&pixel, &good, out, workspace, bytes), ATM_OK);
}

/* -- what a model says of photos --------------------------------------------------------------- */

typedef struct Told { /* a model of one entry, and what it says */
  atm_pixels pixels;
  atm_tensor input;
  atm_entry entry;
  atm_model model;
} Told;

static void tell(Told *t, uint32_t rows, uint32_t columns, int planes) {
  t->input = (atm_tensor){.layout = planes ? "nchw" : "nhwc", .dtype = ATM_DTYPE_U8, .rank = 4};
  const uint32_t nhwc[] = {1, rows, columns, 3}, nchw[] = {1, 3, rows, columns};
  memcpy(t->input.dims, planes ? nchw : nhwc, sizeof nhwc);
  t->entry = (atm_entry){.inputs = &t->input};
  t->model = (atm_model){.input_count = 1,
                         .entry_count = 1,
                         .entries = &t->entry,
                         .size = sizeof(atm_model),
                         .pixels = &t->pixels};
}

Test(resize, does_what_a_model_says) {
  uint8_t byte = 0;
  atm_image image = {&byte, 500, 333, 999};
  Told t = {.pixels = {ATM_ORDER_BGR, 256, 224, ATM_FILTER_BICUBIC}};
  atm_resize resize;
  tell(&t, 224, 224, 1);
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_OK);
  cr_expect(resize.height == 384 && resize.width == 256 && resize.top == 80 && resize.left == 16);
  cr_expect(resize.rows == 224 && resize.columns == 224 && resize.filter == ATM_FILTER_BICUBIC);
  cr_expect_eq(resize.arrangement, ATM_ARRANGE_NCHW | ATM_ARRANGE_REVERSED);
  tell(&t, 384, 320, 0); /* the shorter side is 256 * 384 / 224 */
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_OK);
  cr_expect(resize.width == 438 && resize.rows == 384 && resize.columns == 320);
  cr_expect_eq(resize.arrangement, ATM_ARRANGE_REVERSED);
}

Test(resize, keeps_photos_that_a_model_does_not_resize) {
  uint8_t byte = 0;
  atm_image image = {&byte, 500, 333, 999};
  Told t = {.pixels = {.order = ATM_ORDER_RGB}};
  atm_resize resize;
  tell(&t, 500, 333, 0);
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_OK);
  cr_expect(resize.height == 500 && resize.width == 333 && resize.rows == 500 && !resize.top);
  cr_expect_eq(resize.arrangement, 0);
  tell(&t, 333, 500, 0);
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_E_ARGUMENT);
}

Test(resize, refuses_models_that_say_nothing) {
  uint8_t byte = 0;
  atm_image image = {&byte, 500, 333, 999};
  Told t = {.pixels = {ATM_ORDER_RGB, 256, 224, ATM_FILTER_BICUBIC}};
  atm_resize resize;
  tell(&t, 224, 224, 0);
  cr_expect_eq(atm_resize_model(NULL, &t.entry, &image, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_model(&t.model, NULL, &image, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, NULL, &resize), ATM_E_ARGUMENT);
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, NULL), ATM_E_ARGUMENT);
  t.input.dims[0] = 2; /* images at once */
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_E_ARGUMENT);
  tell(&t, 65535, 65535, 0); /* of which the photo would be larger */
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_E_ARGUMENT);
  tell(&t, 224, 224, 0);
  t.model.size = 0; /* compiled before models said so */
  t.model.pixels = NULL;
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_E_ARGUMENT);
  tell(&t, 224, 224, 0);
  t.pixels.order = 0;
  cr_expect_eq(atm_resize_model(&t.model, &t.entry, &image, &resize), ATM_E_ARGUMENT);
}
