/* What the functions that infer types share: a node under inspection, and the questions that they
 * ask about it. Checks return NULL, or a message that names the op. */
#ifndef ATMC_IR_OPS_INFER_CHECK_H
#define ATMC_IR_OPS_INFER_CHECK_H

#include "ir/graph.h"
#include "support/status.h"

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

/* The message "NAME: ...", in the graph's arena. */
const char *infer_misfit(const Infer *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* *meet is what two dimensions agree on: the known one of them, where one is open; false where they
 * differ. */
bool infer_dims_meet(int64_t a, int64_t b, int64_t *meet);
/* *type becomes what it and `other` agree on; false when they do not. */
bool infer_types_meet(Type *type, Type other);

/* Operand 0 is a map. */
const char *infer_check_map(const Infer *in);
/* Operand `i` is a map or vectors per image. */
const char *infer_check_rows(const Infer *in, uint32_t i);
/* Operand `i`, if it is there, is a vector of `channels` elements; `what` names it. */
const char *infer_check_vector(const Infer *in, uint32_t i, const char *what, int64_t channels);
/* Operand `i` is packed [ceil(channels/panel),depth,panel], of any element type. */
const char *infer_check_packed(const Infer *in, uint32_t i, int64_t channels, int64_t depth,
                               int64_t panel);
/* The attribute called `what` is in [low, high]. */
const char *infer_check_range(const Infer *in, const char *what, int64_t value, int64_t low,
                              int64_t high);
/* It is at least 1. */
const char *infer_check_positive(const Infer *in, const char *what, int64_t value);
/* It divides the `channels` of an operand. */
const char *infer_check_divides(const Infer *in, const char *what, int64_t value, int64_t channels);
/* `eps` is finite, and 0 or more. */
const char *infer_check_eps(const Infer *in, double eps);
/* *result is the map that windows over `x` give, with `channels`. */
const char *infer_window(const Infer *in, const Window *window, Type x, int64_t channels,
                         Type *result);
/* The taps of `window` lie side by side. */
const char *infer_check_undilated(const Infer *in, const Window *window);

#endif
