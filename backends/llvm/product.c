/* STAGE_PRODUCT: rows A [R,K] times B packed in panels [ceil(N/32)][K][32], in register tiles.
 *
 * B made for each image (scale_matrix, then linear) stands in rows [K][N] instead. The product of
 * mix_rows is of this kind: A is the constant, B the map as it stands, and the bias goes by rows.
 *
 *   for panel of 32 columns, for columns of a tile within it, for tile of rows:
 *     for block of K (at most 256):
 *       acc = 0;  for k: acc[row][vector] += A[row][k] * B[k][vector]
 *       sum = sum + acc      (in a stored tile; with one block of K the sum is acc itself)
 *     bias, then the pointwise ops behind, per row and vector
 *
 * The R rows of a block are cut into T = ceil(R / tile_rows) tiles, the first R % T of R/T + 1
 * rows, the others of R/T. R takes at most two values, so all sizes are known here: one
 * micro-kernel for each. The order in which an element is summed depends on K alone.
 *
 * Cheap epilogues run on the accumulators; those with a gelu or sigmoid, and those behind several
 * blocks of K, run in a loop over the rows of the stored tile, which keeps them out of the
 * micro-kernel's code.
 */
#include <string.h>

#include "backends/llvm/kernel.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { DEPTH_BLOCK = 256, DEPTH_ALIGN = 4, MAX_SIZES = 4, MAX_VECTORS = 8 };
/* One k of a panel. */
enum { PANEL_BYTES = 4 * PLAN_PANEL, CACHE_LINE = 64, PANEL_LINES = PANEL_BYTES / CACHE_LINE };

typedef struct Product {
  KernelEmitter *k;
  const Stage *stage;
  const View *a;
  const View *bias;     /* NULL: none */
  const View *row_bias; /* of mix_rows: one for each row; NULL: none */
  LLVMValueRef weights; /* B */
  bool aligned;         /* B, to vectors */
  uint64_t step_bytes;  /* of B: from one k to the next, */
  uint64_t panel_bytes; /* and from one panel to the next */
  uint32_t depth;       /* K */
  uint32_t channels;    /* N */
  uint32_t depth_blocks, depth_block;
  uint32_t unroll;      /* steps of k in a turn */
  uint32_t columns;     /* of a tile: tile_columns, or some whole panels */
  LLVMValueRef tile;    /* stored sums [tile_rows][columns], or NULL */
  LLVMValueRef follows; /* B of the next product, or NULL */
  uint32_t ahead_lines; /* to prefetch in each turn of the loop over k */
} Product;

/* A register tile: `rows` rows from `row` on, `vectors` vectors of columns from `column` on. */
typedef struct Tile {
  LLVMValueRef row, column; /* i64 */
  LLVMValueRef panel;       /* B at k = 0 and `column` */
  uint32_t rows, vectors;
  uint32_t last_lanes;     /* of the last vector */
  LLVMValueRef ahead;      /* what to prefetch at k = 0, */
  LLVMValueRef ahead_step; /* and how many bytes later with each k */
} Tile;

/* How many tiles of `rows` rows there are when the block has row_counts[0] or [1] rows. */
typedef struct TileSize {
  uint32_t rows;
  uint32_t counts[2];
} TileSize;

/* Whether an op behind the product is long. */
static bool has_long_op(const KernelEmitter *k, const Stage *stage) {
  for (uint32_t i = 0; i < stage->node_count; i++) {
    OpKind op = graph_node(k->body, stage->nodes[i])->op;
    if (op == OP_GELU || op == OP_SIGMOID) return true;
  }
  return false;
}

static bool stores_nchw(const KernelEmitter *k) {
  for (uint32_t r = 0; r < k->kernel->result_count; r++) {
    if (k->kernel->results[r].nchw) return true;
  }
  return false;
}

/* -- the micro-kernel -------------------------------------------------------------------------- */

static uint32_t lanes_of(const Product *p, const Tile *tile, uint32_t vector) {
  return vector + 1 < tile->vectors ? p->k->m->target->vector_floats : tile->last_lanes;
}

/* One step of K: acc += A[.][k] * B[k][.]. `a` and `b` point at k, `step` is added to it. */
static void multiply_step(const Product *p, const Tile *tile, LLVMValueRef a, LLVMValueRef b,
                          uint32_t step, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef columns[MAX_VECTORS];
  uint32_t vector_bytes = 4 * m->target->vector_floats;
  for (uint32_t v = 0; v < tile->vectors; v++) {
    uint32_t panel = v * vector_bytes / PANEL_BYTES, bytes = v * vector_bytes % PANEL_BYTES;
    LLVMValueRef at = emit_i64(m, (int64_t)(p->step_bytes * step + p->panel_bytes * panel + bytes));
    columns[v] = emit_load(m, emit_address(m, b, at), m->target->vector_floats);
    if (p->aligned) LLVMSetAlignment(columns[v], vector_bytes);
  }
  for (uint32_t r = 0; r < tile->rows; r++) {
    uint64_t bytes = r * p->a->row_bytes + step * p->a->channel_bytes;
    LLVMValueRef lane = emit_load_f32(m, emit_address(m, a, emit_i64(m, (int64_t)bytes)));
    LLVMValueRef row = emit_broadcast(m, lane);
    for (uint32_t v = 0; v < tile->vectors; v++) {
      LLVMValueRef *sum = &acc[r * tile->vectors + v];
      *sum = emit_fma(m, row, columns[v], *sum);
    }
  }
}

/* Asks for this turn's share of the next panel, at step `k`. */
static void prefetch_ahead(const Product *p, const Tile *tile, LLVMValueRef k) {
  ModuleContext *m = p->k->m;
  LLVMValueRef bytes = LLVMBuildMul(m->builder, k, tile->ahead_step, "");
  LLVMValueRef start = emit_address(m, tile->ahead, bytes);
  for (uint32_t line = 0; line < p->ahead_lines; line++) {
    LLVMValueRef address = emit_address(m, start, emit_i64(m, CACHE_LINE * line));
    LLVMValueRef read = emit_i32(m, 0), second_level = emit_i32(m, 2), data = emit_i32(m, 1);
    emit_intrinsic(m, "llvm.prefetch", (LLVMValueRef[]){address, read, second_level, data}, 4);
  }
}

/* acc += A * B over k of [begin, end), `unroll` steps at a time. */
static void multiply_range(const Product *p, const Tile *tile, LLVMValueRef begin, LLVMValueRef end,
                           uint32_t unroll, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t count = tile->rows * tile->vectors;
  LLVMValueRef rows = view_row(p->k, p->a, tile->row);
  Loop loop;
  loop_begin(m, &loop, begin, end, unroll, acc, count);
  LLVMValueRef a = emit_address(m, rows, emit_mul(m, loop.index, p->a->channel_bytes));
  LLVMValueRef b = emit_address(m, tile->panel, emit_mul(m, loop.index, p->step_bytes));
  LLVMValueRef next[LOOP_MAX_CARRIED];
  memcpy(next, loop.carried, count * sizeof *next);
  if (unroll == p->unroll) prefetch_ahead(p, tile, loop.index);
  for (uint32_t step = 0; step < unroll; step++) multiply_step(p, tile, a, b, step, next);
  loop_end(m, &loop, next);
  for (uint32_t i = 0; i < count; i++) acc[i] = loop.carried[i];
}

/* acc = A * B over k of the depth block that begins at `begin`. Only the last block can be short or
 * have a length that is no multiple of the unrolling. */
static void multiply(const Product *p, const Tile *tile, LLVMValueRef begin, LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  LLVMValueRef zero = LLVMConstNull(m->vector);
  for (uint32_t i = 0; i < tile->rows * tile->vectors; i++) acc[i] = zero;
  uint32_t rest = p->depth % p->unroll;
  LLVMValueRef even = emit_i64(m, p->depth - rest), end = even;
  if (p->depth_blocks > 1) {
    end = emit_add(m, begin, emit_i64(m, p->depth_block));
    LLVMValueRef whole = LLVMBuildICmp(m->builder, LLVMIntSLT, end, even, "");
    end = LLVMBuildSelect(m->builder, whole, end, even, "");
  }
  if (p->depth > rest) multiply_range(p, tile, begin, end, p->unroll, acc);
  if (!rest) return;
  LLVMValueRef last = emit_i64(m, p->depth);
  if (p->depth_blocks > 1) {
    LLVMValueRef ends = LLVMBuildICmp(m->builder, LLVMIntEQ, end, even, "");
    last = LLVMBuildSelect(m->builder, ends, last, end, "");
  }
  multiply_range(p, tile, end, last, 1, acc);
}

/* -- the stored tile and the epilogue ---------------------------------------------------------- */

static LLVMValueRef tile_address(const Product *p, LLVMValueRef row, uint32_t vector) {
  ModuleContext *m = p->k->m;
  LLVMValueRef start = emit_address(m, p->tile, emit_mul(m, row, 4 * (uint64_t)p->columns));
  return emit_address(m, start, emit_i64(m, 4 * vector * m->target->vector_floats));
}

static Site site_of(const Product *p, const Tile *tile, LLVMValueRef row, uint32_t row_plus,
                    uint32_t vector) {
  return (Site){.row = row,
                .row_plus = row_plus,
                .column = tile->column,
                .column_plus = vector * p->k->m->target->vector_floats,
                .lanes = lanes_of(p, tile, vector)};
}

static void load_bias(const Product *p, const Tile *tile, LLVMValueRef *bias) {
  for (uint32_t v = 0; v < tile->vectors; v++) {
    bias[v] = p->bias ? view_load(p->k, p->bias, site_of(p, tile, tile->row, 0, v))
                      : LLVMConstNull(p->k->m->vector);
  }
}

/* `sum` with the row's own bias, if there is one. */
static LLVMValueRef add_row_bias(const Product *p, LLVMValueRef row, uint32_t row_plus,
                                 LLVMValueRef sum) {
  if (!p->row_bias) return sum;
  Site site = {.row = row, .row_plus = row_plus, .column = emit_i64(p->k->m, 0)};
  LLVMValueRef bias = emit_load_f32(p->k->m, view_address(p->k, p->row_bias, site));
  return emit_fadd(p->k->m, sum, emit_broadcast(p->k->m, bias));
}

static void finish_in_registers(const Product *p, const Tile *tile, const LLVMValueRef *acc) {
  LLVMValueRef bias[MAX_VECTORS];
  load_bias(p, tile, bias);
  for (uint32_t v = 0; v < tile->vectors; v++) {
    for (uint32_t r = 0; r < tile->rows; r++) {
      LLVMValueRef value = acc[r * tile->vectors + v];
      if (p->bias) value = emit_fadd(p->k->m, value, bias[v]);
      value = add_row_bias(p, tile->row, r, value);
      pointwise_emit(p->k, p->stage, site_of(p, tile, tile->row, r, v), value);
    }
  }
}

/* sum = bias, for all rows of the stored tile. */
static void start_tile(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  LLVMValueRef bias[MAX_VECTORS];
  load_bias(p, tile, bias);
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), emit_i64(m, tile->rows), 1, NULL, 0);
  for (uint32_t v = 0; v < tile->vectors; v++) {
    emit_store(m, bias[v], tile_address(p, rows.index, v), m->target->vector_floats);
  }
  loop_end(m, &rows, NULL);
}

static void add_to_tile(const Product *p, const Tile *tile, const LLVMValueRef *acc) {
  ModuleContext *m = p->k->m;
  uint32_t width = m->target->vector_floats;
  for (uint32_t r = 0; r < tile->rows; r++) {
    for (uint32_t v = 0; v < tile->vectors; v++) {
      LLVMValueRef at = tile_address(p, emit_i64(m, r), v);
      LLVMValueRef sum = emit_fadd(m, emit_load(m, at, width), acc[r * tile->vectors + v]);
      emit_store(m, sum, at, width);
    }
  }
}

static void finish_stored(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), emit_i64(m, tile->rows), 1, NULL, 0);
  LLVMValueRef row = emit_add(m, tile->row, rows.index);
  for (uint32_t v = 0; v < tile->vectors; v++) {
    LLVMValueRef sum = emit_load(m, tile_address(p, rows.index, v), m->target->vector_floats);
    sum = add_row_bias(p, row, 0, sum);
    pointwise_emit(p->k, p->stage, site_of(p, tile, row, 0, v), sum);
  }
  loop_end(m, &rows, NULL);
}

static void emit_tile(const Product *p, const Tile *tile) {
  ModuleContext *m = p->k->m;
  LLVMValueRef acc[LOOP_MAX_CARRIED];
  CHECK(tile->rows * tile->vectors <= LOOP_MAX_CARRIED);
  if (!p->tile) {
    multiply(p, tile, emit_i64(m, 0), acc);
    finish_in_registers(p, tile, acc);
    return;
  }
  start_tile(p, tile);
  Loop blocks;
  loop_begin(m, &blocks, emit_i64(m, 0), emit_i64(m, p->depth), p->depth_block, NULL, 0);
  multiply(p, tile, blocks.index, acc);
  add_to_tile(p, tile, acc);
  loop_end(m, &blocks, NULL);
  finish_stored(p, tile);
}

/* -- the loops around it ----------------------------------------------------------------------- */

/* The distinct tile sizes, largest first. */
static uint32_t tile_sizes(const KernelEmitter *k, uint32_t tile_rows, TileSize *sizes) {
  uint32_t count = 0;
  for (uint32_t rows = tile_rows; rows > 0; rows--) {
    TileSize size = {.rows = rows};
    for (uint32_t i = 0; i < k->row_count_kinds; i++) {
      uint32_t total = k->row_counts[i], tiles = ceil_div_u32(total, tile_rows);
      if (!tiles) continue;
      if (rows == total / tiles + 1) size.counts[i] = total % tiles;
      if (rows == total / tiles) size.counts[i] = tiles - total % tiles;
    }
    if (!size.counts[0] && !size.counts[1]) continue;
    CHECK(count < MAX_SIZES);
    sizes[count++] = size;
  }
  return count;
}

/* The number of tiles of one size in the block at hand. */
static LLVMValueRef tile_count(KernelEmitter *k, const TileSize *size) {
  LLVMValueRef first = emit_i64(k->m, size->counts[0]);
  if (k->row_count_kinds == 1 || size->counts[0] == size->counts[1]) return first;
  LLVMValueRef is_first =
      LLVMBuildICmp(k->m->builder, LLVMIntEQ, k->row_count, emit_i64(k->m, k->row_counts[0]), "");
  return LLVMBuildSelect(k->m->builder, is_first, first, emit_i64(k->m, size->counts[1]), "");
}

static uint32_t tiles_of(const Product *p) {
  return ceil_div_u32(p->k->row_counts[0], p->stage->tile_rows);
}

/* The tiles that share the prefetching of a panel: as many as there are, down to a power of two, at
 * most one per line of a turn. */
static uint32_t prefetching_tiles(const Product *p) {
  uint32_t tiles = tiles_of(p) * (PLAN_PANEL / p->columns), share = 1;
  while (2 * share <= tiles && 2 * share <= PANEL_LINES * p->unroll) share *= 2;
  return share;
}

/* Gives tile `index` of the panel its part of the next one; tiles behind the last share ask for one
 * line over and over. */
static void aim_ahead(const Product *p, Tile *tile, LLVMValueRef next, LLVMValueRef index) {
  ModuleContext *m = p->k->m;
  uint32_t share = prefetching_tiles(p);
  uint64_t bytes = (uint64_t)p->depth * PANEL_LINES * CACHE_LINE / share;
  LLVMValueRef active = LLVMBuildICmp(m->builder, LLVMIntSLT, index, emit_i64(m, share), "");
  tile->ahead = emit_address(m, next, emit_mul(m, index, bytes));
  tile->ahead_step = LLVMBuildSelect(
      m->builder, active, emit_i64(m, PANEL_LINES * CACHE_LINE / share), emit_i64(m, 0), "");
}

/* All rows; `index` is the number of the panel's tiles before, `next` the panel to prefetch. */
static void emit_rows(const Product *p, Tile tile, LLVMValueRef next, LLVMValueRef index) {
  ModuleContext *m = p->k->m;
  TileSize sizes[MAX_SIZES];
  uint32_t size_count = tile_sizes(p->k, p->stage->tile_rows, sizes);
  LLVMValueRef at[] = {emit_i64(m, 0), index};
  for (uint32_t i = 0; i < size_count; i++) {
    Loop tiles;
    loop_begin(m, &tiles, emit_i64(m, 0), tile_count(p->k, &sizes[i]), 1, at, 2);
    tile.row = tiles.carried[0];
    tile.rows = sizes[i].rows;
    aim_ahead(p, &tile, next, tiles.carried[1]);
    emit_tile(p, &tile);
    at[0] = emit_add(m, tile.row, emit_i64(m, tile.rows));
    at[1] = emit_add(m, tiles.carried[1], emit_i64(m, 1));
    loop_end(m, &tiles, at);
    at[0] = tiles.carried[0];
    at[1] = tiles.carried[1];
  }
}

/* B from panel `panel` on. */
static LLVMValueRef panel_address(const Product *p, LLVMValueRef panel) {
  return emit_address(p->k->m, p->weights, emit_mul(p->k->m, panel, p->panel_bytes));
}

/* What to prefetch during the tiles of panel `panel`: the next one, or the next product's first. */
static LLVMValueRef panel_ahead(const Product *p, LLVMValueRef panel) {
  ModuleContext *m = p->k->m;
  LLVMValueRef next = emit_add(m, panel, emit_i64(m, 1));
  LLVMValueRef last = emit_i64(m, ceil_div_u32(p->channels, PLAN_PANEL) - 1);
  LLVMValueRef is_last = LLVMBuildICmp(m->builder, LLVMIntEQ, panel, last, "");
  return LLVMBuildSelect(m->builder, is_last, p->follows ? p->follows : p->weights,
                         panel_address(p, next), "");
}

/* `width` columns (at most a tile's) from column `begin` of panel `panel` on. */
static void emit_columns(const Product *p, LLVMValueRef panel, LLVMValueRef begin, uint32_t width) {
  ModuleContext *m = p->k->m;
  uint32_t lanes = m->target->vector_floats;
  Tile tile = {.column = emit_add(m, emit_mul(m, panel, PLAN_PANEL), begin),
               .panel = emit_address(m, panel_address(p, panel), emit_mul(m, begin, 4)),
               .vectors = ceil_div_u32(width, lanes)};
  tile.last_lanes = width - (tile.vectors - 1) * lanes;
  LLVMValueRef before = LLVMBuildUDiv(m->builder, begin, emit_i64(m, p->columns), "");
  emit_rows(p, tile, panel_ahead(p, panel), emit_mul(m, before, tiles_of(p)));
}

/* The first `width` columns from panel `panel` on. */
static void emit_panel(const Product *p, LLVMValueRef panel, uint32_t width) {
  ModuleContext *m = p->k->m;
  uint32_t rest = width % p->columns;
  if (width > rest) {
    Loop columns;
    loop_begin(m, &columns, emit_i64(m, 0), emit_i64(m, width - rest), p->columns, NULL, 0);
    emit_columns(p, panel, columns.index, p->columns);
    loop_end(m, &columns, NULL);
  }
  if (rest) emit_columns(p, panel, emit_i64(m, width - rest), rest);
}

/* B of the first product behind `stage`, or NULL. */
static LLVMValueRef weights_behind(const KernelEmitter *k, const Stage *stage) {
  const Stage *end = k->kernel->stages + k->kernel->stage_count;
  for (const Stage *next = stage + 1; next < end; next++) {
    const Node *node = stage_anchor(k, next);
    if (node->op == OP_LINEAR) return k->views[node->operands[1].index].base;
  }
  return NULL;
}

/* Where B is: packed weights, or the rows of a matrix that an earlier kernel made for this image,
 * which is still in the cache and not prefetched. */
static void find_weights(Product *p, ValueId b) {
  KernelEmitter *k = p->k;
  const Node *linear = stage_anchor(k, p->stage);
  if (linear->attrs.LINEAR.panel) {
    CHECK(linear->attrs.LINEAR.panel == PLAN_PANEL && graph_type(k->body, b).rank == 3);
    p->weights = k->views[b.index].base;
    p->aligned = true;
    p->step_bytes = PANEL_BYTES;
    p->panel_bytes = p->step_bytes * p->depth;
    if (p->columns <= PLAN_PANEL) {
      p->ahead_lines = PANEL_LINES * p->unroll / prefetching_tiles(p);
    }
  } else {
    CHECK(graph_type(k->body, b).rank == 4 && k->kernel->places[b.index].column == 0);
    View matrix = view_of_map(k, b);
    p->weights = matrix.base;
    p->step_bytes = matrix.row_bytes;
    p->panel_bytes = PANEL_BYTES;
  }
}

/* The width of a tile. One row alone is too short a tile to keep the multipliers busy and to draw
 * on the memory's bandwidth: it takes MAX_VECTORS vectors of several panels. */
static uint32_t tile_columns(const KernelEmitter *k, const Stage *stage) {
  if (k->kernel->rows > k->kernel->blocks) return stage->tile_columns;
  uint32_t wide = MAX_VECTORS * k->m->target->vector_floats;
  return wide > PLAN_PANEL ? wide : PLAN_PANEL;
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
  CHECK(map.channel_bytes == 4);
  p->depth = (uint32_t)type_channels(graph_type(k->body, w));
  p->a = view_of_rows(k, w, 4 * (uint64_t)p->depth);
  p->row_bias = value_is_none(bias) ? NULL : view_of_rows(k, bias, 4);
  p->weights = map.base;
  p->aligned = k->kernel->places[x.index].column == 0;
  p->step_bytes = map.row_bytes;
  p->panel_bytes = PANEL_BYTES;
}

/* linear(a, b, bias) */
static void find_linear(Product *p, const Node *node) {
  KernelEmitter *k = p->k;
  ValueId a = node->operands[0], bias = node_operand(node, 2);
  p->depth = value_channels(k, a);
  p->a = &k->views[a.index];
  p->bias = value_is_none(bias) ? NULL : &k->views[bias.index];
  p->follows = weights_behind(k, p->stage);
  find_weights(p, node->operands[1]);
}

static Product product_of(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  Product p = {.k = k, .stage = stage};
  p.channels = value_channels(k, node_result(node, 0));
  p.columns = tile_columns(k, stage);
  p.unroll = k->m->target->vector_registers < 32 ? 4 : 2; /* small tiles have short turns */
  if (node->op == OP_MIX_ROWS)
    find_mixed(&p, node);
  else
    find_linear(&p, node);
  p.depth_blocks = ceil_div_u32(p.depth, DEPTH_BLOCK);
  p.depth_block = ceil_div_u32(p.depth, p.depth_blocks);
  p.depth_block = ceil_div_u32(p.depth_block, DEPTH_ALIGN) * DEPTH_ALIGN;
  if (p.depth_blocks > 1 || has_long_op(k, stage) || stores_nchw(k)) {
    p.tile = emit_stack(k->m, 4 * (uint64_t)stage->tile_rows * p.columns);
  }
  return p;
}

void product_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  CHECK(PLAN_PANEL % stage->tile_columns == 0);
  Product p = product_of(k, stage);
  uint32_t step = p.columns > PLAN_PANEL ? p.columns : PLAN_PANEL; /* columns of a turn */
  uint32_t rest = p.channels % step, panels = (p.channels - rest) / PLAN_PANEL;
  if (panels) {
    Loop loop;
    loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, panels), step / PLAN_PANEL, NULL, 0);
    emit_panel(&p, loop.index, step);
    loop_end(m, &loop, NULL);
  }
  if (rest) emit_panel(&p, emit_i64(m, panels), rest);
}
