/* Memory between pages that may not be touched. Needs nothing of the compiler: NEON code is run
 * with it too, under qemu. */
#ifndef ATMC_TESTS_GUARDED_H
#define ATMC_TESTS_GUARDED_H

#include <stdbool.h>
#include <stddef.h>

/* At which end the memory meets a page. */
typedef enum GuardedEnd { GUARDED_BEGIN, GUARDED_END } GuardedEnd;

typedef struct Guarded {
  unsigned char *data; /* `bytes` of 0xff: of floats, NaN */
  size_t bytes;
  unsigned char *pages; /* between the two that may not be touched */
  size_t page_bytes;
} Guarded;

/* `bytes` at a multiple of `align`, a power of two up to a page; at GUARDED_END less than `align`
 * bytes are behind them. Ends the process where there is no memory. */
Guarded guarded_new(size_t bytes, size_t align, GuardedEnd end);
/* From now on nobody may write to it. */
void guarded_protect(const Guarded *guarded);
/* Whether what is beside it on its pages is as it was. */
bool guarded_intact(const Guarded *guarded);
void guarded_free(Guarded *guarded);

#endif
