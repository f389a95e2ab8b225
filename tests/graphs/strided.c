/* A slot for each row of pixels: its own pages, and one that may not be touched. */
#include "tests/graphs/strided.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/sanitized.h"

typedef struct Shape {
  size_t images, planes, rows, row_bytes;
} Shape;

static Shape shape_of(const atm_tensor *tensor) {
  const uint32_t *d = tensor->dims;
  if (tensor->layout[1] == 'c') return (Shape){d[0], d[1], d[2], d[3]};
  return (Shape){d[0], 1, d[1], (size_t)d[2] * d[3]};
}

/* From one row, plane and image to the next, in slots, all downwards. */
static atm_strides steps_of(const Shape *s, unsigned ways) {
  ptrdiff_t planes = (ptrdiff_t)s->planes, rows = (ptrdiff_t)s->rows;
  if (ways & STRIDED_INTERLEAVED) return (atm_strides){planes, 1, planes * rows};
  return (atm_strides){1, rows, planes * rows};
}

/* Of AddressSanitizer: nobody may touch what is beside a row on its pages. */
static void forbid_beside(const unsigned char *pages, size_t room, const unsigned char *row,
                          size_t bytes) {
  SANITIZED_FORBID(pages, (size_t)(row - pages));
  SANITIZED_FORBID(row + bytes, (size_t)(pages + room - row) - bytes);
}

/* Ends the process where the system says no. */
static void protect(unsigned char *pages, size_t bytes, int how) {
  if (mprotect(pages, bytes, how) == 0) return;
  perror("pages");
  exit(3);
}

/* To where the strides say. */
static void copy_rows(const Strided *g, const Shape *s, const unsigned char *row) {
  for (size_t i = 0; i < s->images * s->planes * s->rows; ++i, row += s->row_bytes) {
    size_t y = i % s->rows, plane = i / s->rows % s->planes, image = i / s->rows / s->planes;
    ptrdiff_t at = (ptrdiff_t)y * g->strides.row + (ptrdiff_t)plane * g->strides.plane +
                   (ptrdiff_t)image * g->strides.image;
    memcpy(g->pages + (g->first - g->pages) + at, row, s->row_bytes);
  }
}

/* The rows of an image, or the images, in the other direction. */
static void turn(Strided *g, ptrdiff_t *stride, size_t count) {
  g->first += ((ptrdiff_t)count - 1) * *stride;
  *stride = -*stride;
}

Strided strided_new(const atm_tensor *tensor, const void *dense, GuardedEnd end, unsigned ways,
                    unsigned char beside) {
  Shape s = shape_of(tensor);
  size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (s.row_bytes + page - 1) / page * page;
  size_t slot = room + page, before = end == GUARDED_END ? room - s.row_bytes : 0;
  Strided g = {.bytes = s.images * s.planes * s.rows * slot + page};
  g.pages = mmap(NULL, g.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (g.pages == MAP_FAILED) {
    perror("pages");
    exit(3);
  }
  atm_strides steps = steps_of(&s, ways);
  g.strides = (atm_strides){steps.row * (ptrdiff_t)slot, steps.plane * (ptrdiff_t)slot,
                            steps.image * (ptrdiff_t)slot};
  g.first = g.pages + page + before;
  if (ways & STRIDED_UPWARDS) turn(&g, &g.strides.row, s.rows);
  if (ways & STRIDED_BACKWARDS) turn(&g, &g.strides.image, s.images);
  memset(g.pages, beside, g.bytes);
  copy_rows(&g, &s, dense);
  protect(g.pages, g.bytes, PROT_READ);
  for (size_t at = 0; at < g.bytes; at += slot) {
    protect(g.pages + at, page, PROT_NONE);
    if (at + slot < g.bytes) {
      forbid_beside(g.pages + at + page, room, g.pages + at + page + before, s.row_bytes);
    }
  }
  if (tensor->layout[1] != 'c' || s.planes == 1) g.strides.plane = 0;
  return g;
}

void strided_free(Strided *strided) {
  SANITIZED_ALLOW(strided->pages, strided->bytes);
  munmap(strided->pages, strided->bytes);
  *strided = (Strided){0};
}
