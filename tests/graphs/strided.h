/* Images of bytes whose rows of pixels stand on pages of their own, with pages that may not be
 * touched between them. Needs nothing of the compiler, as guarded.h. */
#ifndef ATMC_TESTS_STRIDED_H
#define ATMC_TESTS_STRIDED_H

#include "runtime/atm_runtime.h"
#include "tests/graphs/guarded.h"

/* What is unusual about how the rows follow each other; bits. */
enum {
  STRIDED_UPWARDS = 1,     /* the last row of an image first */
  STRIDED_BACKWARDS = 2,   /* the last image first */
  STRIDED_INTERLEAVED = 4, /* of channels in planes, by rows: one row of each, then the next */
  STRIDED_WAYS = 8
};

typedef struct Strided {
  const unsigned char *first; /* in[i] */
  atm_strides strides;
  unsigned char *pages;
  size_t bytes;
} Strided;

/* A copy of the bytes of `dense`, an input of bytes, that may not be written to. Rows meet pages
 * that may not be touched at `end`; what else is on their pages is `beside`. Ends the process where
 * there is no memory. */
Strided strided_new(const atm_tensor *tensor, const void *dense, GuardedEnd end, unsigned ways,
                    unsigned char beside);
void strided_free(Strided *strided);

#endif
