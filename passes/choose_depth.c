/* How K of a product is cut: scratch and tiles both depend on it. */
#include "passes/cost_model.h"
#include "passes/plan_parts.h"
#include "support/checked_math.h"

uint32_t choose_depth_block(uint32_t depth, DType b) {
  uint32_t blocks = b == DTYPE_S8 ? 1 : ceil_div_u32(depth, cost_model_depth_block(b));
  uint32_t block = ceil_div_u32(depth, blocks);
  return ceil_div_u32(block, PLAN_DEPTH_ALIGN) * PLAN_DEPTH_ALIGN;
}
