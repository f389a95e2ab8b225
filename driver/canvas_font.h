/* The letters of pictures of pixels. */
#ifndef ATMC_DRIVER_CANVAS_FONT_H
#define ATMC_DRIVER_CANVAS_FONT_H

#include <stdint.h>

/* From the capitals' top to the line that letters stand on; that line. */
enum { CANVAS_FONT_CAPITAL = 21, CANVAS_FONT_LINE = 9 };

/* The strokes of an ASCII character (canvas_font.c says how they read); of '?' for any other. */
const char *canvas_font_glyph(char c);

#endif
