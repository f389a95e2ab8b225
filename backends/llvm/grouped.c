/* grouped convolution: each group of output channels reads its own few input channels.
 *
 *   for panel of columns, for vectors of a group (or: vector of several groups) in it,
 *     for tile of rows:
 *       acc = bias;  for tap, for channel c of the group: acc[row] += x[row's tap][c] * w[tap, c]
 *       the pointwise ops behind
 *
 * A vector that lies inside one group multiplies by one channel in all lanes. One that holds whole
 * groups loads the channels of all of them and spreads each group's c-th over the lanes of that
 * group: no product is with a zero.
 *
 * The rows of x that a row's taps read are looked up once for the block, in a table of pointers,
 * where what is outside the map is a row of zeros. So windows at the border are like all others,
 * and a tile is any rows. Tiles have one size: the last begins where it ends with the block's rows,
 * and makes some rows anew that are the same again.
 */
#include "backends/llvm/kernel.h"
#include "ir/plan_room.h"
#include "support/checked_math.h"

enum {
  MAX_TILE_ROWS = 8,
  MAX_TILE_VECTORS = 2,
  MAX_DEPTH_STEPS = 4,    /* channels of a group that are multiplied without a loop */
  MAX_UNROLLED_TAPS = 32, /* looked up without a loop */
};

typedef struct Grouped {
  KernelEmitter *k;
  const Stage *stage;
  Window window;
  View x; /* the whole map */
  Type map, out;
  const View *bias;       /* NULL: none */
  LLVMValueRef weights;   /* [panels][taps * in][width] */
  uint32_t in, each;      /* channels of a group: of x, and of the result */
  uint32_t panels, width; /* of the weights */
  uint32_t taps, tile_rows;
  bool spread; /* vectors hold whole groups */
  GroupedRoom room;
  LLVMValueRef table; /* [rows of the block][taps]: the first channel of the row of x */
} Grouped;

/* Some vectors of columns within a group, or of whole groups. */
typedef struct Columns {
  LLVMValueRef column;  /* i64: of the result */
  LLVMValueRef channel; /* i64: of x, the first of its group, or of the first of its groups */
  LLVMValueRef weights; /* at `column`, tap 0 */
  uint32_t vectors, last_lanes;
} Columns;

/* -- the table of rows ------------------------------------------------------------------------- */

/* A row of zeros, for taps outside the map. */
static LLVMValueRef make_zeros(const Grouped *g) {
  ModuleContext *m = g->k->m;
  LLVMValueRef zeros = kernel_room(g->k, g->stage, 0);
  Loop loop;
  loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, (int64_t)g->room.zeros),
             4 * m->target->vector_floats);
  emit_store(m, LLVMConstNull(m->vector), emit_address(m, zeros, loop.index),
             m->target->vector_floats);
  loop_end(m, &loop, NULL);
  return zeros;
}

/* The row of the map at (i, j), or `zeros` outside. */
static LLVMValueRef row_at(const Grouped *g, LLVMValueRef i, LLVMValueRef j, LLVMValueRef zeros) {
  ModuleContext *m = g->k->m;
  LLVMValueRef height = emit_i64(m, g->map.dims[1]), width = emit_i64(m, g->map.dims[2]);
  LLVMValueRef inside_row = LLVMBuildICmp(m->builder, LLVMIntULT, j, width, "");
  LLVMValueRef inside = LLVMBuildAnd(
      m->builder, LLVMBuildICmp(m->builder, LLVMIntULT, i, height, ""), inside_row, "");
  LLVMValueRef row = emit_add(m, emit_mul(m, i, (uint64_t)g->map.dims[2]), j);
  return LLVMBuildSelect(m->builder, inside, view_row(g->k, &g->x, row), zeros, "");
}

/* The address of the pointer for tap `tap` of row `row` of the block. */
static LLVMValueRef table_entry(const Grouped *g, LLVMValueRef row, LLVMValueRef tap) {
  ModuleContext *m = g->k->m;
  LLVMValueRef index = emit_add(m, emit_mul(m, row, g->taps), tap);
  return emit_address(m, g->table, emit_mul(m, index, PLAN_TABLE_POINTER));
}

/* The taps of `row`, `step` of a line's at a time, whose window has its corner at (top, left). */
static void look_up_line(const Grouped *g, LLVMValueRef row, LLVMValueRef line, LLVMValueRef i,
                         LLVMValueRef left, LLVMValueRef zeros) {
  ModuleContext *m = g->k->m;
  int64_t width = g->window.kernel_w, step = width <= MAX_UNROLLED_TAPS ? width : 1;
  Loop taps;
  loop_begin(m, &taps, emit_i64(m, 0), emit_i64(m, width), (uint64_t)step);
  for (int64_t w = 0; w < step; ++w) {
    LLVMValueRef tap = emit_add(m, taps.index, emit_i64(m, w));
    LLVMValueRef j = emit_add(m, left, emit_mul(m, tap, (uint64_t)g->window.dilation_w));
    LLVMValueRef from = row_at(g, i, j, zeros);
    LLVMValueRef index = emit_add(m, emit_mul(m, line, (uint64_t)width), tap);
    LLVMBuildStore(m->builder, from, table_entry(g, row, index));
  }
  loop_end(m, &taps, NULL);
}

/* Makes the table and fills it for all rows of the block. */
static void fill_table(Grouped *g) {
  KernelEmitter *k = g->k;
  ModuleContext *m = k->m;
  const Window *w = &g->window;
  LLVMValueRef zeros = make_zeros(g), top, left;
  g->table = kernel_room(k, g->stage, g->room.table);
  Loop rows, lines;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  kernel_window(k, rows.index, g->out, w, &top, &left);
  loop_begin(m, &lines, emit_i64(m, 0), emit_i64(m, w->kernel_h), 1);
  LLVMValueRef i = emit_add(m, top, emit_mul(m, lines.index, (uint64_t)w->dilation_h));
  look_up_line(g, rows.index, lines.index, i, left, zeros);
  loop_end(m, &lines, NULL);
  loop_end(m, &rows, NULL);
}

/* -- a tile ------------------------------------------------------------------------------------ */

/* A vector of columns, `step` channels behind `at`. Panels have no padding between channels: the
 * lanes behind a panel's last column are the next channel's, and nobody uses them. */
static LLVMValueRef load_weights(const Grouped *g, LLVMValueRef at, uint64_t step,
                                 uint32_t vector) {
  ModuleContext *m = g->k->m;
  uint32_t lanes = m->target->vector_floats;
  uint64_t bytes = 4 * (step * g->width + vector * lanes);
  return emit_load(m, emit_address(m, at, emit_i64(m, (int64_t)bytes)), lanes);
}

/* `channels`, the groups' of a vector, with each group's c-th in all lanes of the group. */
static LLVMValueRef spread_channel(const Grouped *g, LLVMValueRef channels, uint32_t c) {
  int32_t index[MAX_LANES];
  uint32_t lanes = g->k->m->target->vector_floats;
  for (uint32_t lane = 0; lane < lanes; ++lane) index[lane] = (int32_t)(lane / g->each * g->in + c);
  return emit_shuffle(g->k->m, channels, index, lanes);
}

/* acc += the channels at `from` of all groups of a vector times the weights at `at`. */
static void multiply_spread(const Grouped *g, const Columns *c, const LLVMValueRef *from,
                            LLVMValueRef at, LLVMValueRef *acc) {
  ModuleContext *m = g->k->m;
  LLVMValueRef weights[MAX_LANES];
  for (uint32_t i = 0; i < g->in; ++i) weights[i] = load_weights(g, at, i, 0);
  uint32_t lanes = g->x.exact ? c->last_lanes / g->each * g->in : m->target->vector_floats;
  for (uint32_t r = 0; r < g->tile_rows; ++r) {
    LLVMValueRef channels = emit_load(m, from[r], lanes);
    for (uint32_t i = 0; i < g->in; ++i) {
      acc[r] = emit_fma(m, spread_channel(g, channels, i), weights[i], acc[r]);
    }
  }
}

/* acc += channel `step` behind `from` of one group times its weights at `at`. */
static void multiply_channel(const Grouped *g, const Columns *c, const LLVMValueRef *from,
                             LLVMValueRef at, uint32_t step, LLVMValueRef *acc) {
  ModuleContext *m = g->k->m;
  LLVMValueRef weights[MAX_TILE_VECTORS];
  for (uint32_t v = 0; v < c->vectors; ++v) weights[v] = load_weights(g, at, step, v);
  for (uint32_t r = 0; r < g->tile_rows; ++r) {
    LLVMValueRef address = emit_address(m, from[r], emit_i64(m, 4 * (int64_t)step));
    LLVMValueRef channel = emit_broadcast(m, emit_load_f32(m, address));
    for (uint32_t v = 0; v < c->vectors; ++v) {
      LLVMValueRef *sum = &acc[r * c->vectors + v];
      *sum = emit_fma(m, channel, weights[v], *sum);
    }
  }
}

/* acc += the channels at `from` of one group times the weights at `at`. */
static void multiply_group(const Grouped *g, const Columns *c, const LLVMValueRef *from,
                           LLVMValueRef at, LLVMValueRef *acc) {
  ModuleContext *m = g->k->m;
  uint32_t count = g->tile_rows * c->vectors, steps = MAX_DEPTH_STEPS;
  while (g->in % steps) --steps;
  Loop loop;
  loop_begin_carrying(m, &loop, (LoopRange){emit_i64(m, 0), emit_i64(m, g->in), steps}, acc, count);
  LLVMValueRef next[LOOP_MAX_CARRIED], here[MAX_TILE_ROWS];
  for (uint32_t i = 0; i < count; ++i) next[i] = loop.carried[i];
  for (uint32_t r = 0; r < g->tile_rows; ++r) {
    here[r] = emit_address(m, from[r], emit_mul(m, loop.index, 4));
  }
  LLVMValueRef weights = emit_address(m, at, emit_mul(m, loop.index, 4 * (uint64_t)g->width));
  for (uint32_t step = 0; step < steps; ++step) multiply_channel(g, c, here, weights, step, next);
  loop_end(m, &loop, next);
  for (uint32_t i = 0; i < count; ++i) acc[i] = loop.carried[i];
}

/* The site of vector `vector` of the columns in row `row` + `row_plus` of the block. */
static Site site_of(const Grouped *g, const Columns *c, LLVMValueRef row, uint32_t row_plus,
                    uint32_t vector) {
  uint32_t lanes = g->k->m->target->vector_floats;
  return (Site){.row = row,
                .row_plus = row_plus,
                .column = c->column,
                .column_plus = vector * lanes,
                .lanes = vector + 1 < c->vectors ? lanes : c->last_lanes};
}

/* Rows [row, row + tile_rows) of `c`. */
static void emit_tile(const Grouped *g, const Columns *c, LLVMValueRef row) {
  ModuleContext *m = g->k->m;
  LLVMValueRef acc[LOOP_MAX_CARRIED], from[MAX_TILE_ROWS];
  uint32_t count = g->tile_rows * c->vectors;
  for (uint32_t i = 0; i < count; ++i) {
    Site site = site_of(g, c, row, 0, i % c->vectors);
    acc[i] = g->bias ? view_load(g->k, g->bias, site) : LLVMConstNull(m->vector);
  }
  Loop taps;
  loop_begin_carrying(m, &taps, (LoopRange){emit_i64(m, 0), emit_i64(m, g->taps), 1}, acc, count);
  for (uint32_t r = 0; r < g->tile_rows; ++r) {
    LLVMValueRef entry = table_entry(g, emit_add(m, row, emit_i64(m, r)), taps.index);
    LLVMValueRef pixel = LLVMBuildLoad2(m->builder, m->ptr, entry, "");
    from[r] = emit_address(m, pixel, emit_mul(m, c->channel, 4));
  }
  uint64_t tap_bytes = 4 * (uint64_t)g->in * g->width;
  LLVMValueRef at = emit_address(m, c->weights, emit_mul(m, taps.index, tap_bytes));
  for (uint32_t i = 0; i < count; ++i) acc[i] = taps.carried[i];
  if (g->spread) {
    multiply_spread(g, c, from, at, acc);
  } else {
    multiply_group(g, c, from, at, acc);
  }
  loop_end(m, &taps, acc);
  for (uint32_t i = 0; i < count; ++i) {
    Site site = site_of(g, c, row, i / c->vectors, i % c->vectors);
    pointwise_emit(g->k, g->stage, site, taps.carried[i]);
  }
}

/* -- the loops --------------------------------------------------------------------------------- */

/* All rows of the block, in tiles; the last one begins where it ends with the block. */
static void emit_rows(const Grouped *g, const Columns *c) {
  ModuleContext *m = g->k->m;
  LLVMValueRef last = LLVMBuildSub(m->builder, g->k->row_count, emit_i64(m, g->tile_rows), "");
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), g->k->row_count, g->tile_rows);
  emit_tile(g, c, emit_least(m, rows.index, last));
  loop_end(m, &rows, NULL);
}

/* Columns `from` of panel `panel` on, in the panel; `channel` is where x begins for them. */
static Columns columns_at(const Grouped *g, LLVMValueRef panel, LLVMValueRef from,
                          LLVMValueRef channel) {
  ModuleContext *m = g->k->m;
  uint64_t panel_bytes = 4 * (uint64_t)g->taps * g->in * g->width;
  LLVMValueRef weights = emit_address(m, g->weights, emit_mul(m, panel, panel_bytes));
  return (Columns){.column = emit_add(m, emit_mul(m, panel, g->width), from),
                   .channel = channel,
                   .weights = emit_address(m, weights, emit_mul(m, from, 4))};
}

/* `lanes` columns of whole groups from column `from` of the panel on: one vector. */
static void emit_groups(const Grouped *g, LLVMValueRef panel, LLVMValueRef from, uint32_t lanes) {
  ModuleContext *m = g->k->m;
  LLVMValueRef column = emit_add(m, emit_mul(m, panel, g->width), from);
  LLVMValueRef group = LLVMBuildUDiv(m->builder, column, emit_i64(m, g->each), "");
  Columns c = columns_at(g, panel, from, emit_mul(m, group, g->in));
  c.vectors = 1;
  c.last_lanes = lanes;
  emit_rows(g, &c);
}

/* `count` columns of group `group` of the panel, from its column `from` on. */
static void emit_group(const Grouped *g, LLVMValueRef panel, LLVMValueRef group, LLVMValueRef from,
                       uint32_t count) {
  ModuleContext *m = g->k->m;
  uint32_t lanes = m->target->vector_floats;
  LLVMValueRef before = emit_mul(m, panel, g->width / g->each);
  Columns c = columns_at(g, panel, emit_add(m, emit_mul(m, group, g->each), from),
                         emit_mul(m, emit_add(m, before, group), g->in));
  c.vectors = ceil_div_u32(count, lanes);
  c.last_lanes = count - (c.vectors - 1) * lanes;
  emit_rows(g, &c);
}

/* Calls for `step` columns at a time, and once more for the rest, of the `count` of a panel or of
 * group `group` of it (NULL: the panel). */
static void emit_range(const Grouped *g, LLVMValueRef panel, LLVMValueRef group, uint32_t count,
                       uint32_t step) {
  ModuleContext *m = g->k->m;
  uint32_t rest = count % step, full = count - rest;
  Loop loop;
  if (full) {
    loop_begin(m, &loop, emit_i64(m, 0), emit_i64(m, full), step);
    if (group) emit_group(g, panel, group, loop.index, step);
    if (!group) emit_groups(g, panel, loop.index, step);
    loop_end(m, &loop, NULL);
  }
  if (rest && group) emit_group(g, panel, group, emit_i64(m, full), rest);
  if (rest && !group) emit_groups(g, panel, emit_i64(m, full), rest);
}

/* All columns of a panel: vectors of whole groups, or group by group. */
static void emit_panel(const Grouped *g, LLVMValueRef panel) {
  ModuleContext *m = g->k->m;
  uint32_t lanes = m->target->vector_floats;
  if (g->spread) {
    emit_range(g, panel, NULL, g->width, lanes);
    return;
  }
  Loop groups;
  loop_begin(m, &groups, emit_i64(m, 0), emit_i64(m, g->width / g->each), 1);
  emit_range(g, panel, groups.index, g->each, MAX_TILE_VECTORS * lanes);
  loop_end(m, &groups, NULL);
}

/* Rows of a tile: as many sums as the registers take, and as the smallest block has rows; of those
 * the height that makes the fewest rows twice. */
static uint32_t choose_tile_rows(const Grouped *g) {
  const KernelEmitter *k = g->k;
  uint32_t most = MAX_TILE_ROWS, rows = k->row_counts[k->row_count_kinds - 1], best = 1;
  bool wide = !g->spread && g->each > k->m->target->vector_floats;
  if (wide && k->m->target->tile_rows < most) most = k->m->target->tile_rows;
  if (k->row_counts[0] < most) most = k->row_counts[0];
  for (uint32_t height = most / 2 + 1; height <= most; ++height) {
    if (round_up_size(rows, height) <= round_up_size(rows, best) || best == 1) best = height;
  }
  return best;
}

static Grouped grouped_of(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], bias = node_operand(node, 2);
  Type w = graph_type(k->body, node->operands[1]);
  const AttrsGROUPED *a = &node->attrs.GROUPED;
  uint32_t groups = (uint32_t)a->groups;
  Grouped g = {.k = k, .stage = stage, .window = a->window, .x = view_of_map(k, x)};
  g.room = plan_grouped_room(k->kernel, stage, k->m->target);
  g.map = graph_type(k->body, x);
  g.out = graph_type(k->body, node_result(node, 0));
  g.bias = value_is_none(bias) ? NULL : &k->views[bias.index];
  g.weights = k->views[node->operands[1].index].base;
  g.in = (uint32_t)g.map.dims[3] / groups;
  g.each = (uint32_t)g.out.dims[3] / groups;
  g.panels = (uint32_t)w.dims[0];
  g.width = (uint32_t)w.dims[2];
  g.taps = (uint32_t)window_taps(&g.window);
  uint32_t lanes = k->m->target->vector_floats;
  g.spread = g.each < lanes && lanes % g.each == 0 && g.in <= g.each;
  g.tile_rows = choose_tile_rows(&g);
  return g;
}

void grouped_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  Grouped g = grouped_of(k, stage);
  uint32_t run = g.spread ? g.width : g.each;
  bool whole = run % m->target->vector_floats == 0;
  for (uint32_t i = 0; !whole && i < stage->node_count; ++i) {
    view_make_exact(k, node_result(graph_node(k->body, stage->nodes[i]), 0));
  }
  fill_table(&g);
  Loop panels;
  loop_begin(m, &panels, emit_i64(m, 0), emit_i64(m, g.panels), 1);
  emit_panel(&g, panels.index);
  loop_end(m, &panels, NULL);
}
