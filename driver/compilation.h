/* The route from files to plans, and on to code: what compile, run, bench, inspect and verify
 * share. */
#ifndef ATMC_DRIVER_COMPILATION_H
#define ATMC_DRIVER_COMPILATION_H

#include "backends/backend.h"
#include "driver/options.h"
#include "driver/progress.h"
#include "driver/shapes.h"
#include "frontend/frontend.h"
#include "passes/pass.h"

/* The model at one resolution. */
typedef struct Resolution {
  Shape shape;
  const Type *input_types; /* [input_count], of one round */
  uint32_t input_count, rounds;
  const Graph *graph; /* of kernels, one for each step of the plan, in the same order */
  const Plan *plan;
  const Graph *source; /* the model's graph before all passes, with every type known */
  uint64_t macs;       /* of `source` */
} Resolution;

typedef struct CompileTimes { /* seconds */
  double read, passes, emit, write;
} CompileTimes;

typedef struct Compilation {
  const Options *options;
  Arena *arena;
  Diag *diag;
  RecipeTable *recipes;
  PassOptions pass_options;
  const TargetInfo *target;
  Model *model;
  Weights *weights;   /* NULL until read; `inspect` reads none */
  const Graph *graph; /* the model's, after the passes that run once */
  bool stopped;       /* --stop-after was reached and its graph printed: there are no plans */
  Resolution resolutions[SHAPES_MAX];
  const Plan *plans[SHAPES_MAX]; /* those of the resolutions */
  uint32_t resolution_count;
  WeightsBlob blob; /* of all plans */
  Progress progress;
  CompileTimes times;
} Compilation;

typedef Status CompilationUse(Compilation *c);
/* Chooses the target, checks the pass options and calls `use`: a whole command. */
MUST_CHECK Status compilation_with(const Options *options, Arena *arena, Diag *diag,
                                   CompilationUse *use);

/* Reads the model, and the weights where --weights was given. */
MUST_CHECK Status compilation_read(Compilation *c);
/* Runs the passes and plans for each of `shapes`; or stops, with c->stopped set. */
MUST_CHECK Status compilation_plan(Compilation *c, const ShapeList *shapes);
/* The code of all plans; `*data` is malloced. */
MUST_CHECK Status compilation_emit(Compilation *c, const EmitOptions *options, EmitKind kind,
                                   char **data, size_t *bytes);

#endif
