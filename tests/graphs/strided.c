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

/* Writes one row, whose pages are `room` bytes, and lets nobody else. */
static void put_row(unsigned char *pages, size_t room, unsigned char *at, const unsigned char *row,
                    size_t bytes, unsigned char beside) {
  if (mprotect(pages, room, PROT_READ | PROT_WRITE) != 0) {
    perror("pages");
    exit(3);
  }
  memset(pages, beside, room);
  memcpy(at, row, bytes);
  SANITIZED_FORBID(pages, (size_t)(at - pages));
  SANITIZED_FORBID(at + bytes, (size_t)(pages + room - at) - bytes);
  (void)mprotect(pages, room, PROT_READ);
}

Strided strided_new(const atm_tensor *tensor, const void *dense, GuardedEnd end, unsigned ways,
                    unsigned char beside) {
  Shape s = shape_of(tensor);
  size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (s.row_bytes + page - 1) / page * page;
  size_t slot = room + page, before = end == GUARDED_END ? room - s.row_bytes : 0;
  Strided g = {.bytes = s.images * s.planes * s.rows * slot + page};
  g.pages = mmap(NULL, g.bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (g.pages == MAP_FAILED) {
    perror("pages");
    exit(3);
  }
  atm_strides steps = steps_of(&s, ways);
  g.strides = (atm_strides){steps.row * (ptrdiff_t)slot, steps.plane * (ptrdiff_t)slot,
                            steps.image * (ptrdiff_t)slot};
  g.first = g.pages + page + before;
  if (ways & STRIDED_UPWARDS) {
    g.first += ((ptrdiff_t)s.rows - 1) * g.strides.row;
    g.strides.row = -g.strides.row;
  }
  if (ways & STRIDED_BACKWARDS) {
    g.first += ((ptrdiff_t)s.images - 1) * g.strides.image;
    g.strides.image = -g.strides.image;
  }
  const unsigned char *row = dense;
  for (size_t i = 0; i < s.images * s.planes * s.rows; ++i, row += s.row_bytes) {
    size_t y = i % s.rows, plane = i / s.rows % s.planes, image = i / s.rows / s.planes;
    unsigned char *at = (unsigned char *)(uintptr_t)g.first + (ptrdiff_t)y * g.strides.row +
                        (ptrdiff_t)plane * g.strides.plane + (ptrdiff_t)image * g.strides.image;
    put_row(at - before, room, at, row, s.row_bytes, beside);
  }
  if (tensor->layout[1] != 'c' || s.planes == 1) g.strides.plane = 0;
  return g;
}

void strided_free(Strided *strided) {
  SANITIZED_ALLOW(strided->pages, strided->bytes);
  munmap(strided->pages, strided->bytes);
  *strided = (Strided){0};
}
