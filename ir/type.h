/* Types of graph values: an element type (ir/dtype.def), a rank and dimensions.
 *
 * Feature maps are logically [N, H, W, C] and vectors per image [N, C]; C is innermost and always
 * known. A dimension is a number >= 1 or open (DIM_OPEN, printed `?`) until specialize_shapes.
 */
#ifndef ATMC_IR_TYPE_H
#define ATMC_IR_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/dtype.h"

enum { TYPE_MAX_RANK = 4 };
#define DIM_OPEN ((int64_t)-1)

typedef struct Type {
  DType dtype;
  uint32_t rank;
  int64_t dims[TYPE_MAX_RANK]; /* unused ones are 0 */
} Type;

/* Types of f32; type_with_dtype makes others of them. */

/* `dims` [rank]. */
Type type_make(uint32_t rank, const int64_t *dims);
Type type_vector(int64_t c);                               /* [c] */
Type type_matrix(int64_t n, int64_t c);                    /* [n,c] */
Type type_map(int64_t n, int64_t h, int64_t w, int64_t c); /* [n,h,w,c] */
/* `type` with elements of type `dtype`. */
Type type_with_dtype(Type type, DType dtype);
/* `type` with its innermost dimension replaced. */
Type type_with_channels(Type type, int64_t channels);

/* Element types and dimensions are the same. */
bool type_equal(Type a, Type b);
/* No dimension is open. */
bool type_is_known(Type type);
/* The innermost dimension. */
int64_t type_channels(Type type);
/* The number of elements; false when a dimension is open or the count exceeds INT64_MAX / 16. */
bool type_count(Type type, int64_t *count);
/* The bytes of all elements, one behind the other. `type` must be one whose elements can be counted
 * (checked, panic). */
uint64_t type_bytes(Type type);

enum { TYPE_TEXT_MAX = 112 };
/* Writes `f32[1,56,56,64]`, `f32[?,?,?,3]` or `f16[2,64,32]` to `text`, which is returned. */
const char *type_format(Type type, char text[TYPE_TEXT_MAX]);

#endif
