/* Passes over the graph: functions from a graph to a new graph.
 *
 * A pass is {name, summary, run} in one file with one exported function; passes.def lists them all,
 * pipeline.c their order with a reason on each line. A pass keeps the meaning of the graph: the
 * interpreter computes the same outputs (1e-12 relative, in double) before and after.
 */
#ifndef ATMC_PASSES_PASS_H
#define ATMC_PASSES_PASS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ir/graph.h"
#include "ir/plan.h"

/* What a pass may depend on. */
typedef struct PassContext {
  Arena *arena; /* of the new graph, and of all that the pass needs meanwhile */
  /* manager_run: the arena of the graph that it is given, freed when that is not needed any more.
   * NULL: the graph stays. */
  Arena *spent;
  Diag *diag;
  const TargetInfo *target; /* the cost models' */
  /* specialize_shapes binds the graph's inputs to these, in order; NULL leaves them open. */
  const Type *input_types;
  uint32_t input_count;
  DType weights_dtype; /* store_weights: as what large constants are stored */
  bool quantize;       /* quantize_products: whether it does, and the layers that it leaves alone */
  const char *const *keep_float;
  uint32_t keep_float_count;
  const char *quantize_only; /* the only layer that it looks at; NULL: all */
} PassContext;

/* The new graph; `graph` itself when nothing matched. Fails only for user errors (a resolution that
 * the model cannot take), with a diagnostic. */
typedef Status PassRun(const PassContext *context, const Graph *graph, const Graph **result);

typedef struct Pass {
  const char *name;    /* as on the command line: fold-layer-norms */
  const char *summary; /* one line for --help */
  PassRun *run;
  bool required; /* the backend needs it: --disable-pass refuses, with a message */
} Pass;

/* Whether `name` is that of the layer `label`, or of what it is a part of: the text in front of a
 * dot in it. */
bool pass_layer_is_of(const char *label, const char *name);

/* All passes (passes.def): their functions, and a table indexed by PassId. */
#define PASS(function, name, required, summary) PassRun function;
#include "passes/passes.def"

typedef enum PassId {
#define PASS(function, name, required, summary) PASS_##function,
#include "passes/passes.def"
  PASS_COUNT,
} PassId;

extern const Pass pass_table[PASS_COUNT];

/* All passes, in the order of passes.def. */
const Pass *pass_all(uint32_t *count);
/* The pass called `name`, or NULL. */
const Pass *pass_find(const char *name);

/* The two halves of the pipeline: before and after the resolution is known. */
typedef enum PipelinePart { PIPELINE_ONCE, PIPELINE_PER_RESOLUTION } PipelinePart;
/* Passes in the order in which they run. */
typedef struct PassList {
  const Pass *const *items;
  uint32_t count;
} PassList;

/* Those of one half. */
PassList pipeline_passes(PipelinePart part);

/* Is told what each pass did, in `ms` milliseconds; the graphs are gone afterwards. */
typedef void PassObserver(void *context, const Pass *pass, const Graph *before, const Graph *after,
                          double ms);

/* How a sequence of passes is run and observed. */
typedef struct PassOptions {
  const char *const *disabled; /* names */
  uint32_t disabled_count;
  const char *const *print_after; /* names, or "all" */
  uint32_t print_after_count;
  const char *stop_after; /* NULL: run all */
  bool verify_each;
  bool time_passes;
  FILE *stream;          /* for printed graphs and times */
  PassObserver *observe; /* NULL: nobody asks */
  void *observer;        /* its context */
} PassOptions;

/* Checks the names; a wrong one is a usage error that suggests the nearest. */
MUST_CHECK Status manager_check_options(const PassOptions *options, Diag *diag);
/* Runs `passes` in order. Each has an arena of its own, which is freed with its graph when the next
 * one stands; the last is the context's. *stopped is set when stop_after was reached. */
MUST_CHECK Status manager_run(const PassContext *context, const PassOptions *options,
                              PassList passes, const Graph *graph, const Graph **result,
                              bool *stopped);

/* From a graph of kernels to a Plan: chooses tiles and blocks, places values, plans memory. */
MUST_CHECK Status plan_build(const PassContext *context, const Graph *graph, const Plan **plan);

#endif
