/* What the functions that infer types share: a node under inspection, and the questions that they
 * ask about it. Checks return NULL, or a message that names the op. */
#ifndef ATMC_IR_OPS_INFER_CHECK_H
#define ATMC_IR_OPS_INFER_CHECK_H

#include "ir/graph.h"

enum { INFER_MAX_OPERANDS = 32 }; /* of all ops but kernels */

typedef struct Infer {
  const Graph *graph;
  const Node *node;
  uint32_t count;                   /* operands */
  Type operand[INFER_MAX_OPERANDS]; /* the first ones, of a kernel */
} Infer;

/* infer_NAME writes the type of the result of op NAME. */
typedef const char *InferFunction(const Infer *in, Type *result);
#define OP(NAME, ...) InferFunction infer_##NAME;
#include "ir/ops.def"

/* A type as text inside a message; lives until the end of the enclosing block. */
#define INFER_TEXT(type) type_format((type), (char[TYPE_TEXT_MAX]){0})

#define INFER_TRY(expression)                                  \
  do {                                                         \
    const char *message_of_expression_ = (expression);         \
    if (message_of_expression_) return message_of_expression_; \
  } while (0)

const char *infer_misfit(const Infer *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool infer_dims_meet(int64_t a, int64_t b, int64_t *meet);
/* *type becomes what it and `other` agree on; false when they do not. */
bool infer_types_meet(Type *type, Type other);

/* Operand 0 is a map. */
const char *infer_check_map(const Infer *in);
/* Operand `i` is a map or vectors per image. */
const char *infer_check_rows(const Infer *in, uint32_t i);
/* Operand `i`, if it is there, is a vector of `channels` elements; `what` names it. */
const char *infer_check_vector(const Infer *in, uint32_t i, const char *what, int64_t channels);
const char *infer_check_range(const Infer *in, const char *what, int64_t value, int64_t low,
                              int64_t high);
const char *infer_check_positive(const Infer *in, const char *what, int64_t value);
const char *infer_check_divides(const Infer *in, const char *what, int64_t value, int64_t channels);
const char *infer_check_eps(const Infer *in, double eps);
/* One axis of a convolution: *count is the number of places where the kernel's window fits. */
const char *infer_slide(const Infer *in, const char *axis, int64_t size, int64_t kernel,
                        int64_t stride, int64_t pad, int64_t *count);

/* *result is the map that windows over `x` give, with `channels`. The attribute structs of the
 * convolutions share the names of these fields but not a type. */
#define INFER_SLIDE(in, a, x, channels_, result)                                              \
  do {                                                                                        \
    *(result) = type_with_channels((x), (channels_));                                         \
    INFER_TRY(infer_slide((in), "height", (x).dims[1], (a).kernel_h, (a).stride_h, (a).pad_h, \
                          &(result)->dims[1]));                                               \
    INFER_TRY(infer_slide((in), "width", (x).dims[2], (a).kernel_w, (a).stride_w, (a).pad_w,  \
                          &(result)->dims[2]));                                               \
  } while (0)

#endif
