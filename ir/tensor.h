/* A tensor as the interpreter computes with it. */
#ifndef ATMC_IR_TENSOR_H
#define ATMC_IR_TENSOR_H

#include "ir/type.h"

/* In logical order ([N,H,W,C] or [N,C], row-major), in double whatever its element type. */
typedef struct InterpTensor {
  Type type;
  double *data;
} InterpTensor;

#endif
