/* A subject's graph as code in this process. */
#ifndef ATMC_TESTS_COMPILED_H
#define ATMC_TESTS_COMPILED_H

#include "backends/backend.h"
#include "passes/pass.h"
#include "tests/graphs/call.h"
#include "tests/graphs/trial.h"

typedef struct Compiled {
  Arena *arena;       /* its own */
  const Graph *after; /* the passes */
  const Plan *plan;
  WeightsBlob blob;
  void *weights; /* evaluated */
  Emitted object;
  LoadedModel *loaded; /* NULL: not for this machine */
  const atm_model *model;
} Compiled;

/* Compiles `graph` for inputs of `types`, with weights of trial_weights, under `prefix`. Ends the
 * process where that fails. */
void compiled_new(Compiled *c, const Subject *subject, const Build *build, const char *prefix);
/* Whether products of whole numbers, or weights of halves, are in it. */
bool compiled_is_rounded(const Compiled *c);
bool compiled_is_quantized(const Compiled *c);
void compiled_free(Compiled *c);

#endif
