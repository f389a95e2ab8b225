/* Results in nchw that leave every cache: whole cache lines of their planes go past the caches,
 * which would else read each line before it is written, and lose what they hold to all of them.
 *
 * Memory takes long runs of lines best. A block writes a run to each plane, so that blocks have
 * many rows where nothing but scratch forbids it. Those of products keep the rows that fill their
 * tiles, those of chunks and of a map's lines are what they must be.
 */
#include "ir/plan.h"
#include "passes/cost_model.h"
#include "passes/plan_parts.h"

bool choose_past(const PlanKernel *kernel, const Port *result, const TargetInfo *target) {
  return target->writes_past && plan_fills_lines(kernel, result) &&
         cost_model_past(type_bytes(result->type));
}

/* Whether its blocks may have any rows. */
static bool is_free(const PlanKernel *kernel) {
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    StageKind kind = kernel->stages[i].kind;
    if (kind == STAGE_PRODUCT || kind == STAGE_REDUCE || kind == STAGE_CALL) return false;
  }
  return kernel->line == 1 && kernel->column_blocks == 1;
}

void choose_planes_blocks(PlanKernel *kernel, uint64_t row_bytes, const TargetInfo *target) {
  bool past = false;
  for (uint32_t r = 0; r < kernel->result_count; ++r) {
    past |= choose_past(kernel, &kernel->results[r], target);
  }
  if (!past || !is_free(kernel)) return;
  kernel->line = PLAN_PLANE_LINE;
  uint32_t lines = plan_lines(kernel), blocks = cost_model_past_blocks(kernel->rows, row_bytes);
  kernel->blocks = blocks < lines ? blocks : lines;
}
