/* What a kernel asks for before it needs it: lines of the maps that pass by, and weights of later
 * steps.
 *
 *   REACH_NEAR      weights, maps that stay in a cache, and kernels of one block: nothing is next
 *   REACH_STREAMS   rows in the arena, one for each row of the kernel
 *   REACH_PAST      results in nchw that leave every cache (choose_planes.c)
 *   REACH_FAR       any other large map: a caller's, or one of which windows are read
 */
#include "ir/plan.h"
#include "passes/cost_model.h"
#include "passes/plan_parts.h"
#include "support/checked_math.h"

/* By the bytes of one image of the port's map. */
static PortReach reach_of(const PlanKernel *kernel, const Port *port) {
  if (port->kind == PORT_WEIGHTS || kernel->blocks == 1) return REACH_NEAR;
  uint64_t rows = plan_rows(port->type);
  uint64_t row_bytes = dtype_bytes(port->type.dtype) * (uint64_t)type_channels(port->type);
  if (!cost_model_far(rows * row_bytes)) return REACH_NEAR;
  return port->kind == PORT_ROWS && rows == kernel->rows ? REACH_STREAMS : REACH_FAR;
}

void choose_reach(PlanKernel *kernel, const TargetInfo *target) {
  Port *operands = (Port *)kernel->operands, *results = (Port *)kernel->results;
  for (uint32_t i = 0; i < kernel->operand_count; ++i) {
    operands[i].reach = reach_of(kernel, &operands[i]);
  }
  for (uint32_t i = 0; i < kernel->result_count; ++i) {
    bool past = choose_past(kernel, &results[i], target);
    results[i].reach = past ? REACH_PAST : reach_of(kernel, &results[i]);
  }
}

/* Steps of K in all tiles of one task, at least. */
static uint64_t steps_of_task(const PlanKernel *kernel) {
  uint32_t rows[PLAN_ROW_COUNTS];
  plan_row_counts(kernel, rows);
  uint64_t steps = 0;
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Stage *stage = &kernel->stages[i];
    if (stage->kind != STAGE_PRODUCT) continue;
    const Node *node = graph_node(kernel->body, stage->nodes[0]);
    int64_t channels = type_channels(graph_type(kernel->body, node_result(node, 0)));
    uint32_t columns = (uint32_t)channels / kernel->column_blocks;
    uint64_t tiles = (uint64_t)ceil_div_u32(rows[0], stage->product.tile_rows) *
                     ceil_div_u32(columns, stage->product.tile_columns);
    steps += tiles * plan_product_depth(kernel->body, node);
  }
  return steps;
}

/* Rounded up, so that the task's part is asked for before its last tile ends. */
void choose_prefetch_step(PlanKernel *kernel) {
  uint64_t part = (kernel->prefetch_bytes << PLAN_PREFETCH_FRACTION) / plan_tasks(kernel);
  uint64_t steps = kernel->prefetch_bytes ? steps_of_task(kernel) : 0;
  kernel->prefetch_step = steps ? (part + steps - 1) / steps : 0;
}
