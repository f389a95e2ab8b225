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
  const Type *input_types; /* [input_count] */
  uint32_t input_count;
  const Graph *graph; /* of kernels, one for each step of the plan, in the same order */
  const Plan *plan;
  uint64_t macs; /* of the model's graph before all passes */
} Resolution;

/* The model for one instruction set. */
typedef struct Variant {
  const TargetInfo *target;
  Resolution resolutions[SHAPES_MAX]; /* [resolution_count of the compilation] */
  const Plan *plans[SHAPES_MAX];      /* those of the resolutions */
} Variant;

typedef struct CompileTimes { /* seconds */
  double read, passes, emit, write;
} CompileTimes;

typedef struct Compilation {
  const Options *options;
  Arena *arena;
  Diag *diag;
  RecipeTable *recipes;
  PassOptions pass_options;
  Variant *variants; /* best first; all commands but `compile` have one */
  uint32_t variant_count, resolution_count;
  DType weights_dtype; /* --weights-dtype */
  bool quantize;       /* --quantize=int8 */
  TextList keep_float; /* the layers that it leaves alone: the model's and --keep-float's */
  char **plan_texts;   /* of the files of --from-plan */
  const void **inputs; /* verify: the tensors of --input, as stored; NULL: synthetic ones */
  Model *model;
  Weights *weights;   /* NULL until read; `inspect` reads none */
  const Graph *graph; /* the model's, after the passes that run once, until the last resolution */
  Arena *once;        /* of that graph and what became of it, where passes made it */
  bool stopped;       /* --stop-after was reached and its graph printed: there are no plans */
  WeightsBlob blob;   /* of all plans of all variants */
  Progress progress;
  CompileTimes times;
} Compilation;

typedef Status CompilationUse(Compilation *c);
/* Chooses the targets, checks the pass options and calls `use`: a whole command. */
MUST_CHECK Status compilation_with(const Options *options, Arena *arena, Diag *diag,
                                   CompilationUse *use);
typedef Status CompilationContextUse(Compilation *c, void *context);
/* The same for a command of several compilations, which `context` tells of each other. */
MUST_CHECK Status compilation_with_context(const Options *options, Arena *arena, Diag *diag,
                                           CompilationContextUse *use, void *context);

/* What passes see of the options; without a resolution. Those that run once look at no target. */
PassContext compilation_pass_context(const Compilation *c, const TargetInfo *target);

/* Reads the model, and the weights where --weights was given. */
MUST_CHECK Status compilation_read(Compilation *c);
/* Runs the passes and plans for each of `shapes`; or stops, with c->stopped set. */
MUST_CHECK Status compilation_plan(Compilation *c, const ShapeList *shapes);
/* The model's graph before all passes, with every type known, in `arena`. */
MUST_CHECK Status compilation_source(const Compilation *c, const Resolution *resolution,
                                     Arena *arena, const Graph **source);
/* What the compilation says of the artifact: variants and weights. Names, and how the weights are
 * stored, are the caller's to add. */
ArtifactSpec compilation_artifact(const Compilation *c, const WeightSource *source);
/* Bytes of the first plan's weights that are whole numbers of 8 bits. */
uint64_t compilation_quantized_bytes(const Compilation *c);
/* As what the weights are stored, for people: "f32", "int8 and f32". */
const char *compilation_weights_text(const Compilation *c);
/* llvm_emit, timed. */
MUST_CHECK Status compilation_emit(Compilation *c, const ArtifactSpec *spec, EmitKind kind,
                                   Emitted *out);

#endif
