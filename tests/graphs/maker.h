/* Makers of random graphs of ops: each appends some nodes behind a value and keeps what they give.
 * What does not fit, or would take long in the interpreter, is not kept. */
#ifndef ATMC_TESTS_GRAPHS_MAKER_H
#define ATMC_TESTS_GRAPHS_MAKER_H

#include "tests/graphs/subject.h"

#define LENGTH(array) ((uint32_t)(sizeof(array) / sizeof *(array)))

typedef struct Maker {
  Choices *c;
  Arena *arena;
  Builder b;
  const char *misfit; /* the builder's */
  ValueId values[SUBJECT_VALUES];
  uint32_t count, weights;
  ValueId indices; /* whole numbers, which nothing may read; VALUE_NONE: none */
  int64_t macs;    /* what the interpreter may still multiply */
} Maker;

typedef void MakeNode(Maker *m, ValueId x);

/* Of a value. */
Type maker_type(const Maker *m, ValueId v);
int64_t maker_channels(const Maker *m, ValueId v);
bool maker_is_map(const Maker *m, ValueId v);
/* Keeps `v` for later makers, unless it did not fit or is large. */
void maker_keep(Maker *m, ValueId v);
/* Takes multiply-adds from what may still be computed; false: they are too many. */
bool maker_affords(Maker *m, Type result, int64_t depth);
/* Weights of a name of their own; a bias, or none. */
ValueId maker_weight(Maker *m, Type type);
ValueId maker_bias(Maker *m, int64_t channels);
/* Seldom many. */
int64_t maker_some_channels(Maker *m);
/* `x` times weights, or VALUE_NONE where that would take long. */
ValueId maker_linear(Maker *m, ValueId x, int64_t channels);
/* `x` normalized. */
ValueId maker_norm(Maker *m, ValueId x);

/* makers_of_windows.c */
MakeNode make_conv2d, make_same_conv2d, make_depthwise, make_patches, make_pool, make_max_pool,
    make_adaptive_pool, make_deformed, make_deformed_along;

#endif
