/* STAGE_PRODUCT: rows A [R,K] times B packed in panels [ceil(N/32)][K][32], in register tiles.
 *
 * B made for each image (scale_matrix, then linear) stands in rows [K][N] instead. The product of
 * mix_rows is of this kind: A is the constant, B the map as it stands, and the bias goes by rows.
 *
 *   for panel of 32 columns, for columns of a tile within it,
 *     for block of K (depth_block), for tile of rows: product_tile.c
 *
 * so that what one block of K takes of B stays close to the registers for all tiles of rows.
 *
 * How the rows of a block are cut into tiles, ProductPlan says. They take few numbers, so all sizes
 * are known here: one micro-kernel for each. The order in which an element is summed depends on
 * depth_block alone.
 *
 * A may also be the windows of a strip (product_source.c): then tiles are cut line by line.
 * What is prefetched meanwhile: product_prefetch.c.
 */
#include "backends/llvm/product.h"

#include <string.h>

#include "ir/plan_room.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { MAX_SIZES = 2 * PLAN_ROW_COUNTS };

/* How many tiles of `rows` rows there are in a block of row_counts[i] rows; or in a line of A. */
typedef struct TileSize {
  uint32_t rows;
  uint32_t counts[PLAN_ROW_COUNTS];
} TileSize;

/* -- the loops --------------------------------------------------------------------------------- */

/* How many tiles of `rows` rows `total` rows are cut into. */
static uint32_t tiles_of_size(uint32_t total, const ProductPlan *plan, uint32_t rows) {
  uint32_t tile_rows = plan->tile_rows, tiles = ceil_div_u32(total, tile_rows);
  if (plan->full) return rows == tile_rows ? total / tile_rows : rows == total % tile_rows;
  if (!tiles) return 0;
  if (rows == total / tiles + 1) return total % tiles;
  return rows == total / tiles ? tiles - total % tiles : 0;
}

/* The distinct tile sizes, largest first. */
static uint32_t tile_sizes(const Product *p, TileSize *sizes) {
  uint32_t count = 0;
  for (uint32_t rows = p->plan.tile_rows; rows > 0; --rows) {
    TileSize size = {.rows = rows};
    bool used = false;
    for (uint32_t i = 0; i < p->rows.kinds; ++i) {
      size.counts[i] = tiles_of_size(p->a.line ? p->a.line : p->rows.counts[i], &p->plan, rows);
      used |= size.counts[i] > 0;
    }
    if (!used) continue;
    CHECK(count < MAX_SIZES);
    sizes[count++] = size;
  }
  return count;
}

/* The number of tiles of one size in the block at hand, or in a line. */
static LLVMValueRef tile_count(const Product *p, const TileSize *size) {
  ModuleContext *m = p->k->m;
  LLVMValueRef count = emit_i64(m, size->counts[0]);
  for (uint32_t i = 1; i < p->rows.kinds; ++i) {
    if (size->counts[i] == size->counts[0]) continue;
    LLVMValueRef here =
        LLVMBuildICmp(m->builder, LLVMIntEQ, p->rows.count, emit_i64(m, p->rows.counts[i]), "");
    count = LLVMBuildSelect(m->builder, here, emit_i64(m, size->counts[i]), count, "");
  }
  return count;
}

uint32_t product_tiles(const Product *p) {
  uint32_t rows = p->rows.counts[0];
  if (!p->a.line) return ceil_div_u32(rows, p->plan.tile_rows);
  return rows / p->a.line * ceil_div_u32(p->a.line, p->plan.tile_rows);
}

/* The tiles of a block, or of a line of A. at[0] is the first row, and at[1] how many tiles before
 * take part in prefetching `next`; both move on. */
static void emit_tiles(const Product *p, Tile tile, LLVMValueRef next, LLVMValueRef at[2]) {
  ModuleContext *m = p->k->m;
  TileSize sizes[MAX_SIZES];
  uint32_t size_count = tile_sizes(p, sizes);
  for (uint32_t i = 0; i < size_count; ++i) {
    Loop tiles;
    loop_begin_carrying(m, &tiles, (LoopRange){emit_i64(m, 0), tile_count(p, &sizes[i]), 1}, at, 2);
    tile.row = tiles.carried[0];
    tile.rows = sizes[i].rows;
    product_prefetch_aim(p, &tile, next, tiles.carried[1]);
    product_tile_emit(p, &tile);
    at[0] = emit_add(m, tile.row, emit_i64(m, tile.rows));
    at[1] = emit_add(m, tiles.carried[1], emit_i64(m, 1));
    loop_end(m, &tiles, at);
    at[0] = tiles.carried[0];
    at[1] = tiles.carried[1];
  }
}

/* All rows; `index` is the number of tiles before that take part in prefetching `next`. */
static void emit_rows(const Product *p, Tile tile, LLVMValueRef next, LLVMValueRef index) {
  ModuleContext *m = p->k->m;
  LLVMValueRef at[] = {emit_i64(m, 0), index};
  if (!p->a.line) {
    emit_tiles(p, tile, next, at);
    return;
  }
  Loop lines;
  loop_begin_carrying(m, &lines, (LoopRange){emit_i64(m, 0), p->rows.count, p->a.line}, &index, 1);
  at[0] = lines.index;
  at[1] = lines.carried[0];
  emit_tiles(p, tile, next, at);
  loop_end(m, &lines, &at[1]);
}

LLVMValueRef product_panel(const Product *p, LLVMValueRef panel) {
  return emit_address(p->k->m, p->weights, emit_mul(p->k->m, panel, p->panel_bytes));
}

uint32_t product_turn_columns(const Product *p) {
  return p->plan.tile_columns > PLAN_PANEL ? p->plan.tile_columns : PLAN_PANEL;
}

/* Their only depth block. What follows is the next panel. */
static void emit_only_depth(const Product *p, Tile tile, LLVMValueRef panel, LLVMValueRef begin) {
  ModuleContext *m = p->k->m;
  Product part = *p;
  part.sums = emit_address(m, p->sums, emit_mul(m, begin, 4 * p->sum_rows));
  tile.depth = p->only_depth;
  LLVMValueRef next = emit_address(m, product_panel(p, emit_add(m, panel, emit_i64(m, 1))),
                                   emit_mul(m, tile.depth, p->step_bytes));
  LLVMValueRef before = LLVMBuildUDiv(m->builder, begin, emit_i64(m, p->plan.tile_columns), "");
  emit_rows(&part, tile, next, emit_mul(m, before, product_tiles(p)));
}

/* `width` columns (at most a tile's) from column `begin` of panel `panel` on. */
static void emit_columns(const Product *p, LLVMValueRef panel, LLVMValueRef begin, uint32_t width) {
  ModuleContext *m = p->k->m;
  uint32_t lanes = m->target->vector_floats;
  Tile tile = {.column = emit_add(m, emit_mul(m, panel, PLAN_PANEL), begin),
               .panel = emit_address(m, product_panel(p, panel),
                                     emit_mul(m, begin, product_column_bytes(p->type))),
               .b = {.dtype = p->type.dtype,
                     .column_bytes = product_column_bytes(p->type),
                     .step_bytes = p->step_bytes},
               .vectors = ceil_div_u32(width, lanes)};
  tile.last_lanes = width - (tile.vectors - 1) * lanes;
  tile.row = tile.depth = emit_i64(m, 0);
  if (p->only_depth) {
    emit_only_depth(p, tile, panel, begin);
    return;
  }
  if (p->depth_blocks == 1) {
    product_widen(p, &tile);
    LLVMValueRef before = LLVMBuildUDiv(m->builder, begin, emit_i64(m, p->plan.tile_columns), "");
    emit_rows(p, tile, product_prefetch_panel(p, panel), emit_mul(m, before, product_tiles(p)));
    if (p->sums) product_tile_finish_sums(p, &tile);
    return;
  }
  product_tile_begin_sums(p, &tile);
  Loop blocks;
  loop_begin(m, &blocks, emit_i64(m, 0), emit_i64(m, p->depth), p->plan.depth_block);
  tile.depth = blocks.index;
  Tile block = tile;
  product_widen(p, &block);
  emit_rows(p, block, product_prefetch_depth(p, &tile, panel), emit_i64(m, 0));
  loop_end(m, &blocks, NULL);
  product_tile_finish_sums(p, &tile);
}

/* The first `width` columns from panel `panel` on. */
static void emit_panel(const Product *p, LLVMValueRef panel, uint32_t width) {
  ModuleContext *m = p->k->m;
  uint32_t rest = width % p->plan.tile_columns;
  if (width > rest) {
    Loop columns;
    loop_begin(m, &columns, emit_i64(m, 0), emit_i64(m, width - rest), p->plan.tile_columns);
    emit_columns(p, panel, columns.index, p->plan.tile_columns);
    loop_end(m, &columns, NULL);
  }
  if (rest) emit_columns(p, panel, emit_i64(m, width - rest), rest);
}

void product_panel_emit(const Product *p, LLVMValueRef panel) {
  emit_panel(p, panel, PLAN_PANEL);
}

/* -- the operands ------------------------------------------------------------------------------ */

/* Where B is: packed weights, or the rows of a matrix that an earlier kernel made for this image,
 * which is still in the cache and not prefetched. */
static void find_weights(Product *p, ValueId b) {
  KernelEmitter *k = p->k;
  const Node *linear = stage_anchor(k, p->stage);
  p->type = graph_type(k->body, b);
  if (linear->op != OP_IMAGE_LINEAR) {
    p->weights = k->views[b.index].base;
    p->aligned = true;
    p->step_bytes = product_panel_bytes(p->type);
    p->panel_bytes = p->step_bytes * p->depth;
    p->next_lines = product_prefetch_lines(p);
  } else {
    CHECK(k->kernel->places[b.index].column == 0);
    View matrix = view_of_map(k, b);
    p->weights = matrix.base;
    p->step_bytes = matrix.row_bytes;
    p->panel_bytes = product_panel_bytes(p->type);
  }
}

/* `value`, a constant whose elements or rows of `row_bytes` belong to the rows of the kernel, from
 * the block's first one on. */
static const View *view_of_rows(KernelEmitter *k, ValueId value, uint64_t row_bytes) {
  View *view = ARENA_NEW(k->m->arena, View);
  *view = k->views[value.index];
  view->row_bytes = row_bytes;
  view->base = emit_address(k->m, view->base, emit_mul(k->m, k->first_row, row_bytes));
  return view;
}

/* mix_rows(x, w, bias): A is w, B is x. */
static void find_mixed(Product *p, const Node *node) {
  KernelEmitter *k = p->k;
  ValueId x = node->operands[0], w = node->operands[1], bias = node_operand(node, 2);
  View map = view_of_map(k, x);
  CHECK(map.channel_bytes == 4 && k->views[w.index].dtype == DTYPE_F32);
  p->type = graph_type(k->body, x);
  p->a = product_source_rows(view_of_rows(k, w, 4 * (uint64_t)p->depth));
  p->row_bias = value_is_none(bias) ? NULL : view_of_rows(k, bias, 4);
  p->weights = map.base;
  p->aligned = k->kernel->places[x.index].column == 0;
  p->step_bytes = map.row_bytes;
  p->panel_bytes = product_panel_bytes(p->type);
}

/* linear(a, b, bias) */
static void find_linear(Product *p, const Node *node) {
  KernelEmitter *k = p->k;
  ValueId a = node->operands[0], bias = node_operand(node, 2);
  bool strip = k->kernel->places[a.index].kind == PLACE_STRIP;
  p->a = strip ? product_source_strip(k, graph_def(k->body, a))
               : product_source_rows(&k->views[a.index]);
  bool comes_in = k->kernel->places[a.index].kind == PLACE_OPERAND;
  bool streams = comes_in && view_reach(k, a) == REACH_STREAMS;
  p->streamed_rows = streams && p->depth >= p->plan.unroll;
  p->bias = value_is_none(bias) ? NULL : &k->views[bias.index];
  p->follows = product_prefetch_follows(k, p->stage);
  find_weights(p, node->operands[1]);
  p->way->find(p, node);
}

static const ProductWay *way_of(OpKind op) {
  if (op == OP_QUANTIZED_LINEAR) return &product_of_quantized;
  return op == OP_SCALED_LINEAR ? &product_of_scaled : &product_of_floats;
}

/* What the emitters of a product need to know. K is the number of multiply-adds of one element of
 * the result, whatever the op. */
static Product product_of(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  Product p = {.k = k, .stage = stage, .plan = stage->product, .way = way_of(node->op)};
  p.channels = value_channels(k, node_result(node, 0));
  p.rows = (ProductRows){.count = k->row_count, .kinds = k->row_count_kinds};
  memcpy(p.rows.counts, k->row_counts, sizeof p.rows.counts);
  p.panels = kernel_panels(k, p.channels);
  p.depth = plan_product_depth(k->body, node);
  p.depth_blocks = ceil_div_u32(p.depth, p.plan.depth_block);
  if (node->op == OP_MIX_ROWS) {
    find_mixed(&p, node);
  } else {
    find_linear(&p, node);
  }
  ProductRoom room = plan_product_room(k->kernel, stage);
  p.sums = p.plan.sums ? kernel_room(k, stage, 0) : NULL;
  p.widened = p.plan.widened ? kernel_room(k, stage, room.widened) : NULL;
  p.paired = p.plan.paired ? kernel_room(k, stage, room.paired) : NULL;
  p.stored_a = p.a;
  return p;
}

/* This task's panels, of a kernel that is cut by columns: whole turns, what is left of whole
 * panels, and the last panel of the product in the task that has it. */
static void emit_task_panels(const Product *p) {
  ModuleContext *m = p->k->m;
  uint32_t turn = product_turn_columns(p) / PLAN_PANEL;
  LLVMValueRef full = emit_i64(m, p->channels / PLAN_PANEL);
  LLVMValueRef end = emit_least(m, p->panels.end, full);
  LLVMValueRef count = LLVMBuildSub(m->builder, end, p->panels.begin, "");
  LLVMValueRef left = LLVMBuildSRem(m->builder, count, emit_i64(m, turn), "");
  LLVMValueRef even = LLVMBuildSub(m->builder, end, left, "");
  Loop loop;
  loop_begin(m, &loop, p->panels.begin, even, turn);
  emit_panel(p, loop.index, turn * PLAN_PANEL);
  loop_end(m, &loop, NULL);
  for (uint32_t panels = 1; panels < turn; ++panels) {
    Branch branch;
    branch_begin(m, &branch, LLVMBuildICmp(m->builder, LLVMIntEQ, left, emit_i64(m, panels), ""));
    emit_panel(p, even, panels * PLAN_PANEL);
    branch_end(m, &branch);
  }
  if (p->channels % PLAN_PANEL == 0) return;
  loop_begin(m, &loop, full, p->panels.end, 1);
  emit_panel(p, loop.index, p->channels % PLAN_PANEL);
  loop_end(m, &loop, NULL);
}

void product_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  uint32_t columns = stage->product.tile_columns;
  CHECK(PLAN_PANEL % columns == 0 || columns % PLAN_PANEL == 0);
  Product p = product_of(k, stage);
  if (p.paired) product_pair(&p);
  if (k->kernel->column_blocks > 1) {
    emit_task_panels(&p);
    return;
  }
  uint32_t step = product_turn_columns(&p);
  uint32_t rest = p.channels % step, panels = (p.channels - rest) / PLAN_PANEL;
  if (panels) {
    Loop loop;
    loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, panels), step / PLAN_PANEL);
    emit_panel(&p, loop.index, step);
    loop_end(m, &loop, NULL);
  }
  if (rest) emit_panel(&p, emit_i64(m, panels), rest);
}
