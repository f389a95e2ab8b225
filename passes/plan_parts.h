/* The parts of plan_build, in the order in which they work on one kernel:
 *
 *   schedule_stages   the body's nodes as loop nests
 *   place_values      where each value lives; on the way
 *     choose_blocks   once the scratch of a row is known,
 *     choose_tiles    how products are computed, once it is known how many rows a block has;
 *                     then the layout of scratch, once it is known what stages keep there
 *   choose_reach      which maps are asked for early
 *
 * and then, on the whole plan, place_buffers: the arena; and choose_prefetch_step.
 */
#ifndef ATMC_PASSES_PLAN_PARTS_H
#define ATMC_PASSES_PLAN_PARTS_H

#include "ir/plan.h"

/* schedule_stages and place_values speak of the stage of a value; slices belong to what they cut.
 */
enum {
  NO_STAGE = UINT32_MAX,
  /* Rows whose distance is a multiple of so many bytes fall into two sets of a first-level cache of
   * 4 KiB to a way: fewer lines than a product reads side by side. */
  CROWDED_PITCH_BYTES = 2048,
};

/* Elements between rows of `count` elements of `dtype`. */
static inline uint32_t plan_pitch_of(int64_t count, DType dtype) {
  uint32_t bytes = dtype_bytes(dtype), unit = PLAN_PITCH_BYTES / bytes;
  uint32_t pitch = (uint32_t)((count + unit - 1) / unit * unit);
  return pitch * bytes % CROWDED_PITCH_BYTES ? pitch : pitch + unit;
}

/* Elements between the rows of a map. */
static inline uint32_t plan_pitch(Type type) {
  return plan_pitch_of(type_channels(type), type.dtype);
}

/* Fills stages and stage_count. Returns the stage of each body value ([value_count]): NO_STAGE for
 * inputs; a slice has that of the value it cuts from. */
const uint32_t *schedule_stages(PlanKernel *kernel, Arena *arena);

/* Equal blocks of K, none longer than the cost model's, of a product whose B is stored as `b`; one
 * where these are whole numbers. */
uint32_t choose_depth_block(uint32_t depth, DType b);
/* The line of a kernel that has a winograd. */
void choose_winograd_line(PlanKernel *kernel);
/* Its blocks, which are of such lines; they stay where it has none. */
void choose_winograd_blocks(PlanKernel *kernel);
/* Then fills Stage.parts of its winograds, and their depth blocks. */
void choose_winograd_parts(PlanKernel *kernel);
/* Fills Stage.product of the kernel's products. */
void choose_tiles(PlanKernel *kernel, const TargetInfo *target);
/* Fills blocks and column_blocks, when the kernel keeps `row_bytes` of scratch for each row. `line`
 * becomes 1 where the blocks are given. */
void choose_blocks(PlanKernel *kernel, uint64_t row_bytes);

/* Whether `result` is written past the caches. */
bool choose_past(const PlanKernel *kernel, const Port *result, const TargetInfo *target);
/* The blocks and the line of a kernel that has such a result and nothing that asks for other ones;
 * else they stay. */
void choose_planes_blocks(PlanKernel *kernel, uint64_t row_bytes, const TargetInfo *target);
/* Fills places, blocks, Stage.product, parts and room of the stages, and scratch_bytes. */
void place_values(PlanKernel *kernel, const uint32_t *stage_of, const TargetInfo *target,
                  Arena *arena);

/* Fills the reach of the kernel's ports. */
void choose_reach(PlanKernel *kernel, const TargetInfo *target);
/* Fills prefetch_step, when prefetch_bytes is known. */
void choose_prefetch_step(PlanKernel *kernel);

/* Memory for the values between the kernels of `graph`, and for the first worker's scratch. */
typedef struct Buffers {
  uint64_t *offsets; /* [value_count] bytes from the arena's base; 0 for values without a buffer */
  uint64_t *scratch; /* [node_count] the same of worker 0's scratch of each kernel node */
  uint64_t bytes;
  uint64_t live_peak; /* largest sum of the values that live between two steps */
} Buffers;

/* `kernel_of` [node_count]: the PlanKernel of each kernel node, NULL for other nodes. */
Buffers place_buffers(const Graph *graph, const PlanKernel *const *kernel_of, Arena *arena);

#endif
