/* The list, and its SVG. */
#include "driver/canvas.h"

#include <string.h>

#include "driver/report/markup.h"

enum { INK = 0x1f2530 };

Canvas canvas_new(Arena *arena, double width, double height) {
  return (Canvas){.arena = arena, .width = width, .height = height};
}

static void push(Canvas *c, CanvasShape shape) {
  ARENA_PUSH(c->arena, c->shapes, c->count, c->capacity, shape);
}

void canvas_rect(Canvas *c, CanvasBox box, uint32_t color, double alpha, const char *title) {
  push(c, (CanvasShape){
              .kind = CANVAS_RECT, .box = box, .color = color, .alpha = alpha, .text = title});
}

void canvas_frame(Canvas *c, CanvasBox box, uint32_t color) {
  push(c, (CanvasShape){.kind = CANVAS_FRAME, .box = box, .color = color, .alpha = 1});
}

void canvas_text(Canvas *c, double x, double y, double size, CanvasAnchor anchor,
                 const char *text) {
  push(c, (CanvasShape){.kind = CANVAS_TEXT,
                        .box = {.x = x, .y = y, .height = size},
                        .color = INK,
                        .alpha = 1,
                        .anchor = anchor,
                        .text = text});
}

void canvas_photo(Canvas *c, CanvasBox box, const Photo *photo) {
  push(c, (CanvasShape){.kind = CANVAS_PHOTO, .box = box, .alpha = 1, .photo = photo});
}

/* -- SVG --------------------------------------------------------------------------------------- */

static const char *color_text(const Markup *m, const CanvasShape *shape) {
  return arena_printf(m->arena, "#%06x", (unsigned)shape->color);
}

static void write_rect(Markup *m, const CanvasShape *s) {
  bool frame = s->kind == CANVAS_FRAME;
  markup_open(m, "rect", "x", markup_number(m, s->box.x), "y", markup_number(m, s->box.y), "width",
              markup_number(m, s->box.width), "height", markup_number(m, s->box.height), "fill",
              frame ? "none" : color_text(m, s), "stroke", frame ? color_text(m, s) : NULL,
              "fill-opacity", s->alpha < 1 ? arena_printf(m->arena, "%.3g", s->alpha) : NULL, NULL);
  if (s->text) markup_element(m, "title", s->text, NULL);
  markup_close(m);
}

static void write_text(Markup *m, const CanvasShape *s) {
  static const char *const anchors[] = {"start", "middle", "end"};
  markup_element(m, "text", s->text, "x", markup_number(m, s->box.x), "y",
                 markup_number(m, s->box.y), "font-size", markup_number(m, s->box.height),
                 "text-anchor", anchors[s->anchor], "fill", color_text(m, s), NULL);
}

static const char *base64(Arena *arena, const char *data, size_t bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *in = (const unsigned char *)data;
  char *out = arena_alloc(arena, 4 * ((bytes + 2) / 3) + 1), *at = out;
  for (size_t i = 0; i < bytes; i += 3, at += 4) {
    size_t left = bytes - i;
    uint32_t word = (uint32_t)in[i] << 16;
    if (left > 1) word |= (uint32_t)in[i + 1] << 8;
    if (left > 2) word |= in[i + 2];
    for (int k = 0; k < 4; ++k) at[k] = digits[word >> (18 - 6 * k) & 63];
    if (left < 3) at[3] = '=';
    if (left < 2) at[2] = '=';
  }
  return out;
}

/* Nothing where atmc was built without libpng. */
static void write_photo(Markup *m, const CanvasShape *s) {
  char message[PHOTO_MAX_MESSAGE];
  size_t bytes;
  const char *png = photo_encode_png(m->arena, s->photo, NULL, &bytes, message);
  if (!png) return;
  const char *data =
      arena_printf(m->arena, "data:image/png;base64,%s", base64(m->arena, png, bytes));
  markup_empty(m, "image", "x", markup_number(m, s->box.x), "y", markup_number(m, s->box.y),
               "width", markup_number(m, s->box.width), "height", markup_number(m, s->box.height),
               "preserveAspectRatio", "none", "style", "image-rendering:pixelated", "href", data,
               NULL);
}

const char *canvas_svg(const Canvas *c) {
  typedef void WriteShape(Markup * m, const CanvasShape *s);
  static WriteShape *const writers[] = {[CANVAS_RECT] = write_rect,
                                        [CANVAS_FRAME] = write_rect,
                                        [CANVAS_TEXT] = write_text,
                                        [CANVAS_PHOTO] = write_photo};
  Markup m = markup_new(c->arena);
  const char *width = markup_number(&m, c->width), *height = markup_number(&m, c->height);
  markup_open(&m, "svg", "xmlns", "http://www.w3.org/2000/svg", "viewBox",
              arena_printf(c->arena, "0 0 %s %s", width, height), "width", width, "height", height,
              "font-family", "system-ui, sans-serif", NULL);
  markup_empty(&m, "rect", "width", width, "height", height, "fill", "#ffffff", NULL);
  for (uint32_t i = 0; i < c->count; ++i) writers[c->shapes[i].kind](&m, &c->shapes[i]);
  markup_close(&m);
  return markup_text_of(&m);
}
