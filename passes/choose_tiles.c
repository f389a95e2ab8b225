/* How products are computed, and into how many blocks a kernel is cut: as the cost model says,
 * unless the kernel sums chunks (then one chunk is one block) or its products are cut by columns.
 * Register tiles come from the target's table. */
#include "ir/macs.h"
#include "ir/plan_room.h"
#include "passes/cost_model.h"
#include "passes/pattern.h"
#include "passes/plan_parts.h"
#include "support/checked_math.h"
#include "support/panic.h"

/* Whether each block, or each line of one, is half a tile at most, and a tile of half the rows may
 * have twice the columns: as many sums, which are multiplied by lanes without taking more
 * registers. */
static bool has_few_rows(const PlanKernel *kernel, const TargetInfo *target) {
  uint32_t counts[PLAN_ROW_COUNTS];
  uint32_t most = counts[plan_row_counts(kernel, counts) - 1];
  if (kernel->line > 1) most = kernel->line;
  return target->row_lanes == ROW_LANES_MULTIPLIED && 2 * most <= target->tile_rows &&
         2 * target->tile_columns <= PLAN_PANEL;
}

/* One row alone is too short a tile to keep the multipliers busy and to draw on the memory's
 * bandwidth: it takes more vectors of columns, of several panels. Sums of whole numbers may take
 * several registers for a vector. */
static void choose_tile(const PlanKernel *kernel, const TargetInfo *target, bool quantized,
                        ProductPlan *product) {
  uint32_t vectors = quantized ? PLAN_ROW_VECTORS : target_row_vectors(target);
  uint32_t wide = vectors * target->vector_floats;
  bool single = kernel->rows <= kernel->blocks;
  product->tile_rows = quantized ? target->dot_rows : target->tile_rows;
  product->tile_columns = quantized ? target->dot_columns : target->tile_columns;
  if (single) product->tile_rows = 1;
  if (single) product->tile_columns = wide > PLAN_PANEL ? wide : PLAN_PANEL;
  if (!single && !quantized && has_few_rows(kernel, target)) {
    product->tile_rows /= 2;
    product->tile_columns *= 2;
  }
}

/* Whether blocks begin at whole tiles (ir/rows.h): then all are full but the last block's last. */
static bool tiles_are_full(const PlanKernel *kernel, uint32_t tile_rows) {
  uint32_t counts[PLAN_ROW_COUNTS];
  return kernel->line == 1 && plan_row_counts(kernel, counts) > 1 && ROWS_UNIT % tile_rows == 0 &&
         rows_unit(kernel->rows, kernel->blocks) == ROWS_UNIT;
}

/* Whether an op behind the product is long: it stays out of the micro-kernel's code. */
static bool has_long_op(const Graph *body, const Stage *stage) {
  for (uint32_t i = 0; i < stage->node_count; ++i) {
    if (op_has(graph_node(body, stage->nodes[i])->op, OP_LONG)) return true;
  }
  return false;
}

/* Steps of a turn: those of a vector of a row, where floats are taken from its lanes; one where it
 * is done in two halves. */
static uint32_t target_unroll(const TargetInfo *target, OpKind op) {
  if (op == OP_QUANTIZED_LINEAR && plan_dot_halves(target->dot) > 1) return 1;
  if (target->row_lanes && op != OP_QUANTIZED_LINEAR && op != OP_SCALED_LINEAR) {
    return target->vector_floats;
  }
  return cost_model_unroll(target->vector_registers, op == OP_QUANTIZED_LINEAR);
}

/* Steps of a turn. A product whose operand stands in short runs takes one of them. */
static uint32_t choose_unroll(const PlanKernel *kernel, const TargetInfo *target, const Node *node,
                              const ProductPlan *product) {
  uint32_t unroll = target_unroll(target, node->op);
  ValueId a = node->operands[0];
  if (kernel->places[a.index].kind != PLACE_STRIP) return unroll;
  const Node *patches = graph_def(kernel->body, a);
  Type map = graph_type(kernel->body, patches->operands[0]);
  uint32_t run = plan_strip_run(&patches->attrs.PATCHES, map);
  bool whole = type_channels(graph_type(kernel->body, a)) <= product->depth_block;
  return whole && run <= PLAN_SHORT_RUN ? run : unroll;
}

/* Whether B is converted once for all tiles of a block, of which there are `tiles`. */
static bool choose_widened(const PlanKernel *kernel, const TargetInfo *target, const Node *node,
                           const ProductPlan *product) {
  uint32_t rows[PLAN_ROW_COUNTS];
  plan_row_counts(kernel, rows);
  DType dtype = graph_type(kernel->body, node->operands[1]).dtype;
  return plan_may_widen(node->op, dtype, target->dot) && product->tile_columns <= PLAN_PANEL &&
         cost_model_widen(ceil_div_u32(rows[0], product->tile_rows),
                          plan_widened_bytes(product, dtype));
}

/* Whether its rows are brought together first. A task has its part of the columns. */
static bool choose_paired(const PlanKernel *kernel, const TargetInfo *target, const Node *node,
                          const ProductPlan *product) {
  int64_t columns = type_channels(graph_type(kernel->body, node->first_result));
  return plan_may_pair(node->op, target->dot, product->tile_rows) &&
         cost_model_pair((uint32_t)columns / kernel->column_blocks);
}

/* The 16 products of a winograd. Their depth block is known: scratch depends on it. */
static void choose_winograd_tile(const TargetInfo *target, ProductPlan *product) {
  product->tile_rows = target->tile_rows;
  product->tile_columns = target->tile_columns;
  product->unroll = target_unroll(target, OP_LINEAR);
}

/* What is chosen later depends on what was before: unrolling on the depth block, widening on the
 * tile. */
void choose_tiles(PlanKernel *kernel, const TargetInfo *target) {
  Stage *stages = (Stage *)kernel->stages;
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    ProductPlan *product = &stages[i].product;
    if (stages[i].kind == STAGE_WINOGRAD) choose_winograd_tile(target, product);
    if (stages[i].kind != STAGE_PRODUCT) continue;
    const Node *node = graph_node(kernel->body, stages[i].nodes[0]);
    uint32_t depth = plan_product_depth(kernel->body, node);
    bool quantized = node->op == OP_QUANTIZED_LINEAR;
    choose_tile(kernel, target, quantized, product);
    product->paired = choose_paired(kernel, target, node, product);
    product->full = product->paired || tiles_are_full(kernel, product->tile_rows);
    product->depth_block =
        choose_depth_block(depth, graph_type(kernel->body, node->operands[1]).dtype);
    product->unroll = choose_unroll(kernel, target, node, product);
    product->widened = choose_widened(kernel, target, node, product);
    product->sums = product->depth_block < depth || has_long_op(kernel->body, &stages[i]);
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
    uint32_t here = (uint32_t)pattern_column_blocks(anchor);
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

/* The strips of channels that cut a call. */
static uint32_t strips_of(const PlanKernel *kernel, const Node *node) {
  Type type = graph_type(kernel->body, node_result(node, 0));
  return ceil_div_u32((uint32_t)type_channels(type), PLAN_STRIP);
}

/* What its products multiply: whole numbers, where any does. */
static ProductsOf products_of(const PlanKernel *kernel) {
  ProductsOf found = PRODUCTS_NONE;
  for (uint32_t i = 0; i < kernel->stage_count; ++i) {
    if (kernel->stages[i].kind != STAGE_PRODUCT) continue;
    const Node *node = graph_node(kernel->body, kernel->stages[i].nodes[0]);
    if (node->op == OP_QUANTIZED_LINEAR) return PRODUCTS_QUANTIZED;
    found = PRODUCTS_FLOATS;
  }
  return found;
}

/* Blocks of whole lines that have about as many rows as `blocks` blocks; an even number. */
static uint32_t blocks_of_lines(const PlanKernel *kernel, uint32_t blocks) {
  uint32_t lines = plan_lines(kernel), each = ceil_div_u32(lines, blocks);
  uint32_t count = ceil_div_u32(lines, each);
  return count > 1 && count % 2 && count < lines ? count + 1 : count;
}

/* `row_bytes` of scratch for one row. Chunks come before whole lines: where a chunk begins within
 * one, place_values drops the strips. */
void choose_blocks(PlanKernel *kernel, uint64_t row_bytes) {
  uint32_t chunks = chunks_of(kernel);
  uint32_t column_blocks = column_blocks_of(kernel);
  const Node *first = graph_node(kernel->body, kernel->stages[0].nodes[0]);
  kernel->column_blocks = column_blocks ? column_blocks : 1;
  bool strips = op_has(first->op, OP_STRIPS);
  if (strips) kernel->column_blocks = cost_model_strip_blocks(strips_of(kernel, first));
  kernel->blocks = 1;
  if (chunks) {
    kernel->blocks = chunks;
    kernel->line = 1;
  } else if (!column_blocks && kernel->stages[0].kind != STAGE_CALL) {
    kernel->blocks = cost_model_blocks(kernel->rows, row_bytes, products_of(kernel));
    if (kernel->line > 1) kernel->blocks = blocks_of_lines(kernel, kernel->blocks);
    choose_winograd_blocks(kernel);
  }
}
