/* The room of a stage: what it keeps for itself in the worker's scratch while it runs. Threads of a
 * host may have small stacks, so nothing that grows with a model stands in a frame.
 *
 *   product        sums       [rows of the block][tile columns]: f32, where they are stored
 *                  widened    [depth block][tile columns]: B, converted, where it is widened
 *                  paired     [pairs of rows of the block][eights of K, an even number][2][8]: s8
 *   winograd       its quads: ir/plan_winograd.h
 *   axial_sample   first      [batch][slots]: u32, the floats before a pair of neighbours,
 *                  low, high  the same: f32, their weights
 *   grouped        zeros      what is read outside of the map, a row
 *                  table      [rows of the block][taps]: pointers to rows of the map, or zeros
 *
 * All parts begin at multiples of PLAN_ALIGN.
 */
#ifndef ATMC_IR_PLAN_ROOM_H
#define ATMC_IR_PLAN_ROOM_H

#include "ir/plan.h"

/* Of B that is stored as `b`, converted: bytes of a column at one step of K, an f32 or a four of
 * s16; and of a depth block of a tile's columns. */
static inline uint32_t plan_widened_column(DType b) {
  return b == DTYPE_S8 ? 4 * dtype_bytes(DTYPE_S16) : dtype_bytes(DTYPE_F32);
}
static inline uint64_t plan_widened_bytes(const ProductPlan *product, DType b) {
  return (uint64_t)plan_widened_column(b) * product->depth_block * product->tile_columns;
}

/* Of two rows of `depth` eights, paired: an eight of each in turn. */
static inline uint64_t plan_pair_bytes(uint32_t depth) {
  return 16 * round_up_size(depth, 2);
}

/* Where the parts of a room are: bytes behind its begin, where the first part is; and all bytes. */
typedef struct ProductRoom {
  uint64_t widened, paired, bytes;
} ProductRoom;
typedef struct SampleRoom {
  uint32_t batch; /* rows whose neighbours are found together */
  uint32_t slots; /* of a row: one for each group of channels, up to a whole vector */
  uint64_t low, high, bytes;
} SampleRoom;
typedef struct GroupedRoom {
  uint64_t zeros; /* bytes of them: whole vectors */
  uint64_t table, bytes;
} GroupedRoom;
/* Bytes of a pointer in the table, on the widest target. */
enum { PLAN_TABLE_POINTER = 8 };

/* Of a stage of kind STAGE_PRODUCT. */
ProductRoom plan_product_room(const PlanKernel *kernel, const Stage *stage);
/* Of one that begins with axial_sample, */
SampleRoom plan_sample_room(const PlanKernel *kernel, const Stage *stage, const TargetInfo *target);
/* and with grouped. */
GroupedRoom plan_grouped_room(const PlanKernel *kernel, const Stage *stage,
                              const TargetInfo *target);

/* What the stage takes, of whatever kind it is; 0: nothing. */
uint64_t plan_room_bytes(const PlanKernel *kernel, const Stage *stage, const TargetInfo *target);

#endif
