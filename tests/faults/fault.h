/* Which call fails: what faults.c and the library that it preloads (fail_calls.c) tell each other,
 * in a file that both have mapped. */
#ifndef ATMC_TESTS_FAULT_H
#define ATMC_TESTS_FAULT_H

#include <stdatomic.h>
#include <stdint.h>

/* The environment variable that names the file. */
#define FAULT_VARIABLE "ATMC_TEST_FAULT"

typedef enum FaultKind {
  FAULT_MEMORY,    /* allocations of atmc's own code */
  FAULT_CALLS,     /* system calls of atmc's own code, and what of the C library stands for them */
  FAULT_LIBRARIES, /* allocations of LLVM, libzip, libjpeg, libpng and the C and C++ libraries */
  FAULT_SHORT,     /* reads and writes that do less than they were asked for */
} FaultKind;

typedef enum FaultSpan {
  FAULT_ONCE,
  FAULT_SAME, /* and every later call of the same function */
  FAULT_ALL,  /* and every later call of the kind */
} FaultSpan;

enum { FAULT_NAMED = 1 << 17 }; /* calls whose functions are noted */

/* Files of atmc once it is loaded, for which its libraries take a third of a trial: for each byte
 * that comes from the first a child goes on as atmc, and how it ended goes to the second, an int of
 * waitpid. With the end of the first it is over. */
enum { FAULT_TRIALS = 198, FAULT_ENDS = 199 };

typedef struct Fault {
  FaultKind kind;
  FaultSpan span;
  uint32_t at;                    /* of the calls of that kind, from 1; 0: none fails */
  atomic_uint_least32_t seen;     /* calls of that kind so far */
  atomic_uint_least32_t failed;   /* how many of them failed */
  char name[40];                  /* of the function that failed first */
  uint8_t functions[FAULT_NAMED]; /* of each call, a byte that tells them apart */
} Fault;

#endif
