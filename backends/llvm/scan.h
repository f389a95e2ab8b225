/* What the walk of a selective_scan (selective_scan.c) and the steps that it makes (scan_steps.c)
 * share. */
#ifndef ATMC_BACKENDS_LLVM_SCAN_H
#define ATMC_BACKENDS_LLVM_SCAN_H

#include "backends/llvm/kernel.h"

enum { SCAN_FORWARD = 0, SCAN_BACK = 1, SCAN_WAYS = 2 };

/* The steps of one way: a map of them, or what they are made of. */
typedef struct ScanSteps {
  View map;          /* the steps, or x */
  uint32_t rank;     /* of x; 0: nothing is made */
  View w, bias;      /* [strips][rank][PLAN_STRIP], [channels] */
  LLVMValueRef made; /* on the stack: [chunk][vectors] vectors */
} ScanSteps;

/* Of one strip. The way forward goes through `lines` lines of `length` tokens. */
typedef struct Scan {
  KernelEmitter *k;
  View u, p, y;
  ScanSteps steps[SCAN_WAYS];
  bool takes[SCAN_WAYS];    /* the ways */
  uint64_t p_of[SCAN_WAYS]; /* channel of p where B of a way begins; C stands behind it */
  uint32_t lines, length;
  int64_t
      stride; /* tokens from one of a line to the next; a line begins one behind the one before */
  uint32_t chunk;             /* tokens of a line whose steps are made at once */
  uint32_t states, vectors;   /* that are at hand */
  LLVMValueRef strip, within; /* i64: the first strip; its first channel at hand, counted in it */
  LLVMValueRef column;        /* i64: the same counted in the map */
  LLVMValueRef rates[LOOP_MAX_CARRIED];
  LLVMValueRef nothing; /* a vector in memory that changes nothing that it is added to */
} Scan;

/* Takes room for the steps of a chunk, of as many vectors as are ever at hand. */
void scan_steps_begin(Scan *s);
/* Makes the steps of way `way` from token `first` (i64) on, as the way goes: a chunk. The next one
 * begins at token `next`. */
void scan_steps_make(const Scan *s, uint32_t way, LLVMValueRef first, LLVMValueRef next);

#endif
