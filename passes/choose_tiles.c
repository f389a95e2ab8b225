/* Register tiles come from the target's table; blocks from the cost model, unless the kernel sums
 * chunks (then one chunk is one block) or its products are cut by columns. */
#include "passes/cost_model.h"
#include "passes/plan_parts.h"
#include "support/panic.h"

void choose_tiles(PlanKernel *kernel, const TargetInfo *target) {
  Stage *stages = (Stage *)kernel->stages;
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    if (stages[i].kind != STAGE_PRODUCT) continue;
    stages[i].tile_rows = target->tile_rows;
    stages[i].tile_columns = target->tile_columns;
  }
}

/* The chunks that the kernel sums; 0 when it sums none. */
static uint32_t chunks_of(const PlanKernel *kernel) {
  uint32_t chunks = 0;
  for (uint32_t i = 0; i < kernel->body->node_count; ++i) {
    const Node *node = &kernel->body->nodes[i];
    if (node->op != OP_SUM_CHUNKS) continue;
    uint32_t here = (uint32_t)node->attrs.SUM_CHUNKS.chunks;
    if (chunks && chunks != here) PANIC("a kernel sums %u and %u chunks", chunks, here);
    chunks = here;
  }
  return chunks;
}

/* The column blocks of the kernel's products; 0 when it is cut by rows. */
static uint32_t column_blocks_of(const PlanKernel *kernel) {
  uint32_t blocks = 0, products = 0;
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    const Node *anchor = graph_node(kernel->body, kernel->stages[i].nodes[0]);
    uint32_t here = anchor->op == OP_LINEAR ? (uint32_t)anchor->attrs.LINEAR.column_blocks : 0;
    if (here && blocks && blocks != here) {
      PANIC("a kernel has %u and %u column blocks", blocks, here);
    }
    if (here) blocks = here, products++;
  }
  for (uint32_t i = 0; blocks && i < kernel->stage_count; ++i) {
    StageKind kind = kernel->stages[i].kind;
    CHECK(kind == STAGE_POINTWISE || (kind == STAGE_PRODUCT && products-- > 0));
  }
  return blocks;
}

static bool has_products(const PlanKernel *kernel) {
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    if (kernel->stages[i].kind == STAGE_PRODUCT) return true;
  }
  return false;
}

void choose_blocks(PlanKernel *kernel, uint64_t row_bytes) {
  uint32_t chunks = chunks_of(kernel);
  uint32_t column_blocks = column_blocks_of(kernel);
  kernel->column_blocks = column_blocks ? column_blocks : 1;
  kernel->blocks = 1;
  if (chunks) {
    kernel->blocks = chunks;
  } else if (!column_blocks) {
    kernel->blocks = cost_model_blocks(kernel->rows, row_bytes, has_products(kernel));
  }
}
