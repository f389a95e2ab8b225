/* What the quads of a run take of the worker's scratch, in a stage of kind STAGE_WINOGRAD.
 *
 * A line of x has, for each quad, two columns more than the quad's two. B^T d B is computed line by
 * line, of one block of depth:
 *
 *   zeros     [depth block]                 what is read outside of x
 *   inputs    [4][quads][input pitch]       line i of B^T d B: its four numbers
 *   products  [4][quads][panel]             the same, multiplied, for the columns of one panel
 *   sums      [2][2][quads][sum pitch]      the rows of the quads
 */
#ifndef ATMC_IR_PLAN_WINOGRAD_H
#define ATMC_IR_PLAN_WINOGRAD_H

#include "ir/plan.h"

enum { WINOGRAD_SIDE = 4, WINOGRAD_PLANES = WINOGRAD_SIDE * WINOGRAD_SIDE };

/* Bytes behind the offset of the stage's scratch, and floats. */
typedef struct WinogradLayout {
  uint64_t quads; /* of the largest run */
  uint64_t inputs, products, sums, bytes;
  uint64_t input_pitch, sum_pitch;
} WinogradLayout;

/* Quads in a line of them, of a result of type `type`. */
static inline uint64_t plan_winograd_width(Type type) {
  return ((uint64_t)type.dims[2] + 1) / 2;
}
/* Quads of a block of `rows` rows, which are whole lines. */
static inline uint64_t plan_winograd_quads(Type type, uint64_t rows) {
  return (rows / (uint64_t)type.dims[2] + 1) / 2 * plan_winograd_width(type);
}
/* Where all of it is, once the kernel's blocks, the parts and the depth block are known. */
WinogradLayout plan_winograd_layout(const PlanKernel *kernel, const Stage *stage);

#endif
