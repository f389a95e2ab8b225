/* A picture as a list of shapes, which is written as SVG and as PNG: for `offsets`. Units are those
 * of SVG; later shapes cover earlier ones. */
#ifndef ATMC_DRIVER_CANVAS_H
#define ATMC_DRIVER_CANVAS_H

#include "driver/photo.h"

typedef struct CanvasBox {
  double x, y, width, height;
} CanvasBox;

typedef enum CanvasAnchor { CANVAS_START, CANVAS_MIDDLE, CANVAS_END } CanvasAnchor;

typedef enum CanvasKind { CANVAS_RECT, CANVAS_FRAME, CANVAS_TEXT, CANVAS_PHOTO } CanvasKind;

typedef struct CanvasShape {
  CanvasKind kind;
  CanvasBox box;       /* of text: x, y of its line, height of its letters */
  uint32_t color;      /* 0xRRGGBB */
  double alpha;        /* 0 to 1 */
  CanvasAnchor anchor; /* of text */
  const char *text;    /* of text; of a rectangle what is shown on hovering, or NULL */
  const Photo *photo;
} CanvasShape;

typedef struct Canvas {
  Arena *arena;
  double width, height;
  CanvasShape *shapes;
  uint32_t count, capacity;
} Canvas;

/* Empty, white. */
Canvas canvas_new(Arena *arena, double width, double height);
/* A rectangle, filled. `title` may be NULL. */
void canvas_rect(Canvas *c, CanvasBox box, uint32_t color, double alpha, const char *title);
/* The outline of one, a unit wide. */
void canvas_frame(Canvas *c, CanvasBox box, uint32_t color);
/* A line of text at (x, y), with letters of `size`. */
void canvas_text(Canvas *c, double x, double y, double size, CanvasAnchor anchor, const char *text);
/* A photo in a box, its pixels as squares. It must outlive the canvas. */
void canvas_photo(Canvas *c, CanvasBox box, const Photo *photo);

/* As SVG, in the arena. */
const char *canvas_svg(const Canvas *c);
/* As a photo of `scale` pixels for each unit (canvas_pixels.c). */
Photo canvas_pixels(const Canvas *c, double scale);

#endif
