/* The list as pixels: a shape covers a part of a pixel, so much of its colour it gets. */
#include <math.h>
#include <string.h>

#include "driver/canvas.h"
#include "driver/canvas_font.h"

/* Letters are smaller than their size; strokes are so wide, in pixels and in parts of the size. */
static const double CAPITAL_PART = 0.72, STROKE_PART = 0.095;

typedef struct Raster {
  Photo photo;
  double scale;
} Raster;

/* Mixes `alpha` of a colour into a pixel, which may be outside. */
static void mix(Raster *r, int64_t x, int64_t y, uint32_t color, double alpha) {
  if (x < 0 || y < 0 || x >= r->photo.width || y >= r->photo.height || alpha <= 0) return;
  uint8_t *pixel = r->photo.pixels + 3 * ((size_t)y * r->photo.width + (size_t)x);
  for (int k = 0; k < 3; ++k) {
    double value = (double)(color >> (16 - 8 * k) & 255);
    pixel[k] = (uint8_t)(pixel[k] + (value - pixel[k]) * fmin(alpha, 1) + 0.5);
  }
}

/* How much of [at, at + 1] is in [from, to]. */
static double cover(double at, double from, double to) {
  return fmax(0, fmin(at + 1, to) - fmax(at, from));
}

static void fill(Raster *r, CanvasBox box, uint32_t color, double alpha) {
  double x0 = box.x * r->scale, x1 = (box.x + box.width) * r->scale;
  double y0 = box.y * r->scale, y1 = (box.y + box.height) * r->scale;
  for (int64_t y = (int64_t)floor(y0); (double)y < y1; ++y) {
    for (int64_t x = (int64_t)floor(x0); (double)x < x1; ++x) {
      mix(r, x, y, color, alpha * cover((double)x, x0, x1) * cover((double)y, y0, y1));
    }
  }
}

static void draw_rect(Raster *r, const CanvasShape *s) {
  fill(r, s->box, s->color, s->alpha);
}

/* Half of its line is inside, half outside. */
static void draw_frame(Raster *r, const CanvasShape *s) {
  CanvasBox b = s->box;
  fill(r, (CanvasBox){b.x - 0.5, b.y - 0.5, b.width + 1, 1}, s->color, s->alpha);
  fill(r, (CanvasBox){b.x - 0.5, b.y + b.height - 0.5, b.width + 1, 1}, s->color, s->alpha);
  fill(r, (CanvasBox){b.x - 0.5, b.y + 0.5, 1, b.height - 1}, s->color, s->alpha);
  fill(r, (CanvasBox){b.x + b.width - 0.5, b.y + 0.5, 1, b.height - 1}, s->color, s->alpha);
}

static void draw_photo(Raster *r, const CanvasShape *s) {
  double x0 = s->box.x * r->scale, y0 = s->box.y * r->scale;
  double width = s->box.width * r->scale, height = s->box.height * r->scale;
  for (int64_t y = (int64_t)ceil(y0 - 0.5); (double)y + 0.5 < y0 + height; ++y) {
    for (int64_t x = (int64_t)ceil(x0 - 0.5); (double)x + 0.5 < x0 + width; ++x) {
      size_t row = (size_t)(((double)y + 0.5 - y0) / height * s->photo->height);
      size_t column = (size_t)(((double)x + 0.5 - x0) / width * s->photo->width);
      const uint8_t *p = s->photo->pixels + 3 * (row * s->photo->width + column);
      mix(r, x, y, (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2], 1);
    }
  }
}

/* -- letters ----------------------------------------------------------------------------------- */

typedef struct Point {
  double x, y;
} Point;

static double distance(Point p, Point a, Point b) {
  double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  double t = length > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / length : 0;
  t = fmin(fmax(t, 0), 1);
  return hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

/* A line from `a` to `b`, in pixels. */
static void stroke(Raster *r, Point a, Point b, double width, uint32_t color) {
  double reach = width / 2 + 1;
  for (int64_t y = (int64_t)floor(fmin(a.y, b.y) - reach); (double)y < fmax(a.y, b.y) + reach;
       ++y) {
    for (int64_t x = (int64_t)floor(fmin(a.x, b.x) - reach); (double)x < fmax(a.x, b.x) + reach;
         ++x) {
      double off = distance((Point){(double)x + 0.5, (double)y + 0.5}, a, b);
      mix(r, x, y, color, width / 2 + 0.5 - off);
    }
  }
}

static int number(char c) {
  return c - 'R';
}

/* Draws it with its left side at `pen`, where `color` is wanted; returns how wide it is. */
static double draw_glyph(Raster *r, const char *glyph, Point pen, double unit, double width,
                         const CanvasShape *s) {
  int left = number(glyph[0]);
  Point last = {0, 0};
  bool down = false;
  for (const char *at = glyph + 2; r && *at; at += 2) {
    if (at[0] == ' ') {
      down = false;
      continue;
    }
    Point next = {pen.x + unit * (number(at[0]) - left),
                  pen.y + unit * (number(at[1]) - CANVAS_FONT_LINE)};
    if (down) stroke(r, last, next, width, s->color);
    last = next;
    down = true;
  }
  return unit * (number(glyph[1]) - left);
}

static double text_width(const char *text, double unit) {
  double width = 0;
  for (; *text; ++text) {
    width += draw_glyph(NULL, canvas_font_glyph(*text), (Point){0, 0}, unit, 0, NULL);
  }
  return width;
}

static void draw_text(Raster *r, const CanvasShape *s) {
  double size = s->box.height * r->scale, unit = size * CAPITAL_PART / CANVAS_FONT_CAPITAL;
  double part = s->anchor == CANVAS_START ? 0 : s->anchor == CANVAS_MIDDLE ? 0.5 : 1;
  Point pen = {s->box.x * r->scale - part * text_width(s->text, unit), s->box.y * r->scale};
  for (const char *c = s->text; *c; ++c) {
    pen.x += draw_glyph(r, canvas_font_glyph(*c), pen, unit, STROKE_PART * size, s);
  }
}

Photo canvas_pixels(const Canvas *c, double scale) {
  typedef void DrawShape(Raster * r, const CanvasShape *s);
  static DrawShape *const drawers[] = {[CANVAS_RECT] = draw_rect,
                                       [CANVAS_FRAME] = draw_frame,
                                       [CANVAS_TEXT] = draw_text,
                                       [CANVAS_PHOTO] = draw_photo};
  Raster r = {
      .scale = scale,
      .photo = {.height = (uint32_t)(c->height * scale), .width = (uint32_t)(c->width * scale)}};
  size_t bytes = (size_t)r.photo.height * r.photo.width * 3;
  r.photo.pixels = arena_alloc(c->arena, bytes);
  memset(r.photo.pixels, 255, bytes);
  for (uint32_t i = 0; i < c->count; ++i) drawers[c->shapes[i].kind](&r, &c->shapes[i]);
  return r.photo;
}
