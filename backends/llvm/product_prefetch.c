/* What a product asks for from memory while it multiplies, spread over the turns of its tiles'
 * loops over K. Four streams:
 *
 *   the next B      while one depth block of a panel is multiplied, the next one: its lines, each
 *                   once, by as many tiles as take part
 *   the next rows   of A, where they pass by: those of the next block
 *   the epilogue    what the pointwise ops behind the tile at hand read and write
 *   later weights   of other kernels (weight_prefetch.c)
 */
#include "backends/llvm/product.h"
#include "support/checked_math.h"

/* Cache lines of one k of a panel. */
static uint32_t panel_lines(const Product *p) {
  return product_panel_bytes(p->type) / CACHE_LINE;
}

/* The tiles that take part in prefetching a depth block: as many as there are, down to a power of
 * two, at most one per line of a turn. */
static uint32_t prefetching_tiles(const Product *p) {
  uint32_t tiles = product_tiles(p), parts = 1;
  if (p->depth_blocks == 1 || p->only_depth) tiles *= PLAN_PANEL / p->plan.tile_columns;
  while (2 * parts <= tiles && 2 * parts <= panel_lines(p) * p->plan.unroll) parts *= 2;
  return parts;
}

uint32_t product_prefetch_lines(const Product *p) {
  if (p->plan.tile_columns > PLAN_PANEL) return 0;
  return panel_lines(p) * p->plan.unroll / prefetching_tiles(p);
}

/* Tiles behind those that take part ask for one line over and over. */
static void aim_weights(const Product *p, Tile *tile, LLVMValueRef next, LLVMValueRef index) {
  ModuleContext *m = p->k->m;
  uint32_t parts = prefetching_tiles(p);
  uint64_t bytes = (uint64_t)p->plan.depth_block * product_panel_bytes(p->type) / parts;
  LLVMValueRef active = LLVMBuildICmp(m->builder, LLVMIntSLT, index, emit_i64(m, parts), "");
  tile->next = emit_address(m, next, emit_mul(m, index, bytes));
  tile->next_step = LLVMBuildSelect(
      m->builder, active, emit_i64(m, product_panel_bytes(p->type) / parts), emit_i64(m, 0), "");
}

/* Where the next block has what A has at this tile: a part of it in each panel, and the last part
 * again when it is complete. */
static LLVMValueRef next_rows(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  uint64_t bytes = CACHE_LINE * (uint64_t)(p->depth / p->plan.unroll);
  uint64_t panels = ceil_div_u32((uint32_t)(tile->rows * p->stored_a.row_bytes), (uint32_t)bytes);
  LLVMValueRef panel =
      LLVMBuildUDiv(m->builder, tile->column, emit_i64(m, p->plan.tile_columns), "");
  LLVMValueRef part = emit_least(m, panel, emit_i64(m, (int64_t)panels - 1));
  LLVMValueRef row = emit_add(m, tile->row, p->k->row_count);
  return emit_address(m, product_source_row(m, &p->stored_a, row), emit_mul(m, part, bytes));
}

void product_prefetch_aim(const Product *p, Tile *tile, LLVMValueRef next, LLVMValueRef index) {
  aim_weights(p, tile, next, index);
  if (p->streamed_rows) tile->next_rows = next_rows(p, tile);
}

LLVMValueRef product_prefetch_panel(const Product *p, LLVMValueRef panel) {
  ModuleContext *m = p->k->m;
  LLVMValueRef next = emit_add(m, panel, emit_i64(m, product_turn_columns(p) / PLAN_PANEL));
  LLVMValueRef more = LLVMBuildICmp(m->builder, LLVMIntSLT, next, p->panels.end, "");
  return LLVMBuildSelect(m->builder, more, product_panel(p, next),
                         p->follows ? p->follows : p->weights, "");
}

LLVMValueRef product_prefetch_depth(const Product *p, const Tile *tile, LLVMValueRef panel) {
  ModuleContext *m = p->k->m;
  LLVMValueRef next = emit_add(m, tile->depth, emit_i64(m, p->plan.depth_block));
  LLVMValueRef more = LLVMBuildICmp(m->builder, LLVMIntSLT, next, emit_i64(m, p->depth), "");
  LLVMValueRef inside = emit_address(m, product_panel(p, panel), emit_mul(m, next, p->step_bytes));
  return LLVMBuildSelect(m->builder, more, inside, product_prefetch_panel(p, panel), "");
}

/* Products whose B is a matrix; that of mix_rows is a map. */
static bool is_linear(OpKind op) {
  return op_is_product(op) && op != OP_MIX_ROWS;
}

/* The first stage from `stage` on that is a linear, or NULL. */
static const Node *linear_from(const KernelEmitter *k, const Stage *stage) {
  const Stage *end = k->kernel->stages + k->kernel->stage_count;
  while (stage < end && !is_linear(stage_anchor(k, stage)->op)) ++stage;
  return stage < end ? stage_anchor(k, stage) : NULL;
}

LLVMValueRef product_prefetch_follows(KernelEmitter *k, const Stage *stage) {
  bool cut = k->kernel->column_blocks > 1;
  const Node *next = linear_from(k, stage + 1), *node = next;
  if (!next && cut) node = linear_from(k, k->kernel->stages);
  if (!node) return NULL;
  LLVMValueRef weights = k->views[node->operands[1].index].base;
  if (!cut) return weights;
  PanelRange panels = kernel_panels(k, value_channels(k, node_result(node, 0)));
  uint64_t step_bytes = product_panel_bytes(graph_type(k->body, node->operands[1]));
  uint64_t panel_bytes = step_bytes * plan_product_depth(k->body, node);
  return emit_address(k->m, weights, emit_mul(k->m, next ? panels.begin : panels.end, panel_bytes));
}

/* Asks for this turn's part of the next B, at step `k`. */
static void prefetch_weights(const Product *p, const Tile *tile, LLVMValueRef k) {
  ModuleContext *m = p->k->m;
  LLVMValueRef turn = LLVMBuildSub(m->builder, k, tile->depth, "");
  LLVMValueRef bytes = LLVMBuildMul(m->builder, turn, tile->next_step, "");
  LLVMValueRef start = emit_address(m, tile->next, bytes);
  for (uint32_t line = 0; line < p->next_lines; ++line) {
    emit_prefetch(m, emit_address(m, start, emit_i64(m, CACHE_LINE * line)));
  }
}

/* Asks for the lines that the tile's own epilogue reads and writes: a line in each turn, or, in a
 * long loop, in every second, fourth.. of them; in a short one, only the first lines. */
static void prefetch_epilogue(const Product *p, const Tile *tile, LLVMValueRef k) {
  if (p->sums) return;
  ModuleContext *m = p->k->m;
  uint32_t row_lines = ceil_div_u32(tile->vectors * m->target->vector_floats * 4, CACHE_LINE);
  uint32_t turns = p->depth / p->plan.unroll, shift = 0;
  while ((turns >> (shift + 1)) >= tile->rows * row_lines) ++shift;
  LLVMValueRef turn = LLVMBuildUDiv(m->builder, k, emit_i64(m, p->plan.unroll), "");
  LLVMValueRef line = LLVMBuildLShr(m->builder, turn, emit_i64(m, shift), "");
  LLVMValueRef row = LLVMBuildUDiv(m->builder, line, emit_i64(m, row_lines), "");
  LLVMValueRef column = LLVMBuildURem(m->builder, line, emit_i64(m, row_lines), "");
  Site site = {.row = emit_add(m, tile->row, row),
               .column = emit_add(m, tile->column, emit_mul(m, column, CACHE_LINE / 4))};
  pointwise_prefetch(p->k, p->stage, site);
}

/* Asks for A's lines of the next block, one in each turn. */
static void prefetch_rows(const Product *p, const Tile *tile, LLVMValueRef k) {
  if (!p->streamed_rows) return;
  ModuleContext *m = p->k->m;
  LLVMValueRef bytes = emit_mul(m, k, CACHE_LINE / p->plan.unroll);
  emit_prefetch(m, emit_address(m, tile->next_rows, bytes));
}

void product_prefetch_turn(const Product *p, const Tile *tile, LLVMValueRef k) {
  ModuleContext *m = p->k->m;
  prefetch_weights(p, tile, k);
  prefetch_rows(p, tile, k);
  prefetch_epilogue(p, tile, k);
  weight_prefetch_emit(p->k, LLVMBuildSub(m->builder, k, tile->depth, ""), p->plan.unroll);
}
