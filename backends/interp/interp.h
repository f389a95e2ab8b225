/* Inside the interpreter: one function per op, from operands to results in double.
 *
 * interpret_NAME(node, operands, result): operands[i].data is NULL where an optional operand is
 * absent; result->type is inferred and result->data allocated, with any content. Types are known
 * and fit: the graph was verified.
 */
#ifndef ATMC_BACKENDS_INTERP_INTERP_H
#define ATMC_BACKENDS_INTERP_INTERP_H

#include "backends/backend.h"

typedef void InterpretFunction(const Node *node, const InterpTensor *operands,
                               InterpTensor *result);

/* products.c */
InterpretFunction interpret_CONV2D, interpret_LINEAR, interpret_MIX_ROWS, interpret_SCALE_MATRIX;
/* maps.c */
InterpretFunction interpret_PATCHES, interpret_DEPTHWISE, interpret_GROUPED, interpret_AXIAL_SAMPLE,
    interpret_AXIAL_SHIFT;
/* rows.c */
InterpretFunction interpret_LAYER_NORM, interpret_NORMALIZE, interpret_SOFTMAX, interpret_SLICE,
    interpret_CONCAT, interpret_ADD, interpret_MUL, interpret_FILL, interpret_RELU,
    interpret_SIGMOID, interpret_GELU;
/* layouts.c */
InterpretFunction interpret_RESHAPE, interpret_TRANSPOSE, interpret_SHUFFLE;
/* resample.c */
InterpretFunction interpret_AVERAGE_POOL, interpret_RESIZE, interpret_DEFORM_PATCHES;
/* reductions.c */
InterpretFunction interpret_MEAN_HW, interpret_SUM_CHUNKS, interpret_MEAN_CHUNKS;

/* `graph` with its inputs declared as `types` and everything else inferred anew (bind.c). `graph`
 * itself when its inputs are so already. Fails, with a diagnostic, where the types do not fit. */
MUST_CHECK Status interp_bind(const Graph *graph, Arena *arena, Diag *diag,
                              const InterpTensor *inputs, const Graph **bound);

/* A map's dimensions; vectors [N,C] count as maps of one row. */
typedef struct Extent {
  size_t n, h, w, c;
} Extent;

static inline Extent interp_extent(Type type) {
  size_t n = (size_t)type.dims[0], c = (size_t)type.dims[type.rank - 1];
  if (type.rank != 4) return (Extent){n, 1, 1, c};
  return (Extent){n, (size_t)type.dims[1], (size_t)type.dims[2], c};
}
static inline size_t extent_rows(Extent e) {
  return e.n * e.h * e.w;
}

/* `count` doubles that the caller frees; never NULL. */
double *interp_buffer(size_t count);

#endif
