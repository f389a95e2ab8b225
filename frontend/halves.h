/* An FC whose result is cut in two halves, values and gates: two products make them, so that a gate
 * is at hand where its values are made. */
#ifndef ATMC_FRONTEND_HALVES_H
#define ATMC_FRONTEND_HALVES_H

#include "frontend/layer.h"

typedef enum Half { HALF_VALUES, HALF_GATES } Half;

typedef struct Halves {
  const Recipe *weight, *bias; /* of the whole: the rows of the values, then those of the gates */
  int64_t count;               /* rows of one half */
} Halves;

/* Whether `hidden`, of the layer's key `key`, is even; reports where it is not. */
bool halves_fit(Lowering *l, const char *key, int64_t hidden);
/* The tensors PREFIX.weight [hidden,depth] and PREFIX.bias [hidden]. */
Halves halves_begin(Lowering *l, const char *prefix, int64_t hidden, int64_t depth);
/* The weights of one half, [hidden/2,depth], */
ValueId halves_weight(Lowering *l, const Halves *halves, Half half);
/* and its bias [hidden/2]. */
ValueId halves_bias(Lowering *l, const Halves *halves, Half half);
/* A half of the FC's result, over the channels of `x`. */
ValueId halves_linear(Lowering *l, const Halves *halves, Half half, ValueId x);

#endif
