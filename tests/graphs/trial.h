/* A trial: a subject is compiled in several ways, and each must give what the interpreter says of
 * the graph as it was drawn. */
#ifndef ATMC_TESTS_TRIAL_H
#define ATMC_TESTS_TRIAL_H

#include "ir/tensor.h"
#include "passes/pass.h"
#include "tests/graphs/subject.h"

enum { TRIAL_BUILDS = 64 };

/* One way to compile it. */
typedef struct Build {
  const char *isa;
  const char *const *off; /* passes that do not run */
  uint32_t off_count;
  bool quantize;    /* products are of whole numbers */
  bool half;        /* large weights are stored in half precision */
  bool unoptimized; /* LLVM does not optimize */
} Build;

typedef struct Trial {
  Arena *arena;
  Diag diag;
  Subject subject;
  uint64_t seed; /* of inputs, orders of tasks and choices of builds */
  InterpTensor inputs[SUBJECT_INPUTS], expected[SUBJECT_OUTPUTS];
  double largest[SUBJECT_OUTPUTS];
  bool ops[OP_KIND_COUNT]; /* those that its kernels had */
  uint32_t built;          /* how often it was compiled and run */
} Trial;

/* Draws the inputs and what is expected. */
void trial_begin(Trial *t);
/* The builds that trials with this seed have: of every other seed two, else one. At most
 * TRIAL_BUILDS; returns how many. */
uint32_t trial_builds(Arena *arena, uint64_t seed, Build *builds);
/* Every build that there is, for subjects that are kept. */
uint32_t trial_all_builds(Arena *arena, Build *builds);
/* Compiles, runs and compares; ends the process where anything is wrong, and says what. */
void trial_build(Trial *t, const Build *build);
/* Each image alone gives the bits that it gives among others. */
void trial_split(Trial *t, const char *isa);

/* Where element `e` of a tensor in logical order is in the caller's memory. */
size_t trial_caller_index(Type type, bool nchw, size_t e);
/* Images [begin, begin + those of the plan) of the trial's inputs as the caller has them. */
const void **trial_caller_inputs(const Trial *t, const Plan *plan, int64_t begin, Arena *arena);
/* By how much code may be off in output `output` of `graph`, for which `expected` is right: what
 * rounding explains at first sight, and how far the last bits of inputs and weights move it. */
double trial_allowed(const Trial *t, const Graph *graph, uint32_t output,
                     const InterpTensor *expected);
/* Whether output `output` holds places of largest values, and rounding may make them others than
 * those in `expected`. */
bool trial_may_choose_others(const Trial *t, uint32_t output, const InterpTensor *expected);

/* The weights of all trials: any numbers in [-0.3, 0.3) that follow from their name; variances are
 * half or more. */
extern const WeightSource trial_weights;

#endif
