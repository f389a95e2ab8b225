/* STAGE_WINOGRAD: quads of 2x2 rows, each from the 4x4 rows of x that its windows read.
 *
 *   for run of quads (WinogradPlan)
 *     sums = bias
 *     for depth block
 *       for line i of B^T d B
 *         inputs = its four numbers, of each quad and channel
 *         for panel of 32 columns
 *           for number j: products[j] = inputs[j] times the weights of plane (i, j)
 *           z = products times A, two columns of rows;  sums += A^T's column i times z
 *     the sums of each row, then the pointwise ops behind
 *
 * so that what is read over and over, inputs and sums, stays in the second-level cache, and weights
 * pass by in the order in which they are stored. All runs take the same steps, and a quad begins at
 * an even row of the map: an element's bits are a function of x alone.
 *
 * B^T and A^T stand in ir/ops/winograd.c, the memory in ir/plan_winograd.h.
 */
#include "backends/llvm/product.h"
#include "ir/plan_winograd.h"
#include "support/checked_math.h"
#include "support/panic.h"

enum { SIDE = WINOGRAD_SIDE, QUAD_SIDE = 2, QUAD_ROWS = QUAD_SIDE * QUAD_SIDE };

typedef struct Winograd {
  KernelEmitter *k;
  const Stage *stage;
  const Window *window;
  WinogradLayout layout;
  LLVMValueRef memory;
  View x;           /* the whole map */
  const View *bias; /* NULL: none */
  Type map, out;
  uint64_t width; /* quads in a line */
  uint32_t depth, channels, panels;
  ProductRows quads;  /* of the run at hand */
  LLVMValueRef first; /* its first quad in the block, row-major */
  Product product;
} Winograd;

/* -- memory ------------------------------------------------------------------------------------ */

/* Row `quad` of array `number` of those at `offset`, of `pitch` floats each. */
static LLVMValueRef row_of(const Winograd *w, uint64_t offset, LLVMValueRef number,
                           LLVMValueRef quad, uint64_t pitch) {
  ModuleContext *m = w->k->m;
  LLVMValueRef bytes =
      emit_add(m, emit_mul(m, number, 4 * pitch * w->layout.quads), emit_mul(m, quad, 4 * pitch));
  return emit_address(m, w->memory, emit_add(m, bytes, emit_i64(m, (int64_t)offset)));
}

/* A vector of columns of a panel from `column` on, a constant, of number `j` of the products. */
static LLVMValueRef load_product(const Winograd *w, uint32_t j, LLVMValueRef quad,
                                 uint32_t column) {
  ModuleContext *m = w->k->m;
  uint64_t columns = w->stage->product.tile_columns, quads = w->layout.quads;
  uint64_t turn = w->layout.products + 4 * quads * (PLAN_PANEL * j + column / columns * columns);
  LLVMValueRef row = emit_address(m, w->memory, emit_mul(m, quad, 4 * columns));
  LLVMValueRef bytes = emit_i64(m, (int64_t)(turn + 4 * (column % columns)));
  return emit_load(m, emit_address(m, row, bytes), m->target->vector_floats);
}

/* -- inputs ------------------------------------------------------------------------------------ */

/* Line i of B^T is a line of d, and another, with or without its sign changed. */
typedef struct LinePair {
  LLVMValueRef a, b; /* i64: lines of d */
  LLVMValueRef sign; /* of b: all lanes 1 or -1 */
} LinePair;

/* `i` == number ? yes : no */
static LLVMValueRef choose(ModuleContext *m, LLVMValueRef i, int64_t number, LLVMValueRef yes,
                           LLVMValueRef no) {
  LLVMValueRef is = LLVMBuildICmp(m->builder, LLVMIntEQ, i, emit_i64(m, number), "");
  return LLVMBuildSelect(m->builder, is, yes, no, "");
}

/* d0 - d2, d1 + d2, d2 - d1, d1 - d3. */
static LinePair pair_of_line(ModuleContext *m, LLVMValueRef i) {
  LLVMValueRef one = emit_i64(m, 1), two = emit_i64(m, 2);
  return (LinePair){
      .a = choose(m, i, 0, emit_i64(m, 0), choose(m, i, 2, two, one)),
      .b = choose(m, i, 3, emit_i64(m, 3), choose(m, i, 2, one, two)),
      .sign = choose(m, i, 1, emit_splat(m, 1), emit_splat(m, -1)),
  };
}

static LLVMValueRef is_below(ModuleContext *m, LLVMValueRef at, int64_t size) {
  return LLVMBuildICmp(m->builder, LLVMIntULT, at, emit_i64(m, size), "");
}

/* The map's row (line, column), from channel `depth` on; zeros outside. */
static LLVMValueRef find_row(const Winograd *w, LLVMValueRef line, LLVMValueRef column,
                             LLVMValueRef depth) {
  ModuleContext *m = w->k->m;
  LLVMValueRef inside = LLVMBuildAnd(m->builder, is_below(m, line, w->map.dims[1]),
                                     is_below(m, column, w->map.dims[2]), "");
  LLVMValueRef row = emit_add(m, emit_mul(m, line, (uint64_t)w->map.dims[2]), column);
  LLVMValueRef address = view_address(w->k, &w->x, (Site){.row = row, .column = depth});
  return LLVMBuildSelect(m->builder, inside, address, w->memory, "");
}

/* Line and column of the first row of quad `quad` of the run, in the block. */
static void find_quad(const Winograd *w, LLVMValueRef quad, LLVMValueRef at[2]) {
  ModuleContext *m = w->k->m;
  LLVMValueRef index = emit_add(m, w->first, quad), width = emit_i64(m, (int64_t)w->width);
  at[0] = emit_mul(m, LLVMBuildUDiv(m->builder, index, width, ""), QUAD_SIDE);
  at[1] = emit_mul(m, LLVMBuildURem(m->builder, index, width, ""), QUAD_SIDE);
}

/* The four numbers of a line of B^T d B, of the vector of channels `bytes` behind `rows`. */
static void transform_vector(const Winograd *w, LLVMValueRef rows[SIDE][2], LLVMValueRef sign,
                             LLVMValueRef bytes, LLVMValueRef d[SIDE]) {
  ModuleContext *m = w->k->m;
  LLVMValueRef line[SIDE];
  uint32_t lanes = m->target->vector_floats;
  for (uint32_t e = 0; e < SIDE; ++e) {
    LLVMValueRef a = emit_load(m, emit_address(m, rows[e][0], bytes), lanes);
    LLVMValueRef b = emit_load(m, emit_address(m, rows[e][1], bytes), lanes);
    line[e] = emit_fma(m, b, sign, a);
  }
  d[0] = emit_fsub(m, line[0], line[2]);
  d[1] = emit_fadd(m, line[1], line[2]);
  d[2] = emit_fsub(m, line[2], line[1]);
  d[3] = emit_fsub(m, line[1], line[3]);
}

/* inputs: line `i`, of the depth block from `depth` on. Vectors reach behind the last channel; what
 * is there, no product reads. */
static void fill_inputs(const Winograd *w, LLVMValueRef i, LLVMValueRef depth) {
  ModuleContext *m = w->k->m;
  LinePair pair = pair_of_line(m, i);
  LLVMValueRef block = emit_i64(m, w->stage->product.depth_block);
  LLVMValueRef left = LLVMBuildSub(m->builder, emit_i64(m, w->depth), depth, "");
  LLVMValueRef end = emit_mul(m, emit_least(m, block, left), 4);
  LLVMValueRef first_line =
      LLVMBuildUDiv(m->builder, w->k->first_row, emit_i64(m, w->out.dims[2]), "");
  LLVMValueRef top = emit_add(m, first_line, emit_i64(m, -(int64_t)w->window->pad_top));
  Loop quads, vectors;
  loop_begin(m, &quads, emit_i64(m, 0), w->quads.count, 1);
  LLVMValueRef at[2], rows[SIDE][2], d[SIDE];
  find_quad(w, quads.index, at);
  LLVMValueRef line = emit_add(m, at[0], top);
  for (uint32_t e = 0; e < SIDE; ++e) {
    LLVMValueRef column = emit_add(m, at[1], emit_i64(m, (int64_t)e - w->window->pad_left));
    rows[e][0] = find_row(w, emit_add(m, line, pair.a), column, depth);
    rows[e][1] = find_row(w, emit_add(m, line, pair.b), column, depth);
  }
  uint64_t pitch = w->layout.input_pitch;
  LLVMValueRef to = row_of(w, w->layout.inputs, emit_i64(m, 0), quads.index, pitch);
  loop_begin(m, &vectors, emit_i64(m, 0), end, 4 * (uint64_t)m->target->vector_floats);
  transform_vector(w, rows, pair.sign, vectors.index, d);
  LLVMValueRef start = emit_address(m, to, vectors.index);
  for (uint32_t j = 0; j < SIDE; ++j) {
    uint64_t bytes = 4 * pitch * w->layout.quads * j;
    emit_store(m, d[j], emit_address(m, start, emit_i64(m, (int64_t)bytes)),
               m->target->vector_floats);
  }
  loop_end(m, &vectors, NULL);
  loop_end(m, &quads, NULL);
}

/* -- products ---------------------------------------------------------------------------------- */

/* products[j] of all j, for the columns of panel `panel` and line `i`. */
static void multiply(const Winograd *w, LLVMValueRef i, LLVMValueRef panel, LLVMValueRef depth) {
  ModuleContext *m = w->k->m;
  Product p = w->product;
  LLVMValueRef index = emit_add(m, emit_mul(m, i, w->panels), panel);
  Loop numbers;
  loop_begin(m, &numbers, emit_i64(m, 0), emit_i64(m, SIDE), 1);
  LLVMValueRef none = emit_i64(m, 0), back = LLVMBuildNeg(m->builder, emit_mul(m, depth, 4), "");
  LLVMValueRef inputs = row_of(w, w->layout.inputs, numbers.index, none, w->layout.input_pitch);
  p.a.base = emit_address(m, inputs, back);
  p.sums = row_of(w, w->layout.products, numbers.index, none, PLAN_PANEL);
  p.only_depth = depth;
  product_panel_emit(&p, emit_add(m, emit_mul(m, index, SIDE), numbers.index));
  loop_end(m, &numbers, NULL);
}

/* sums of line `a` += sign * the products times A, of the columns of a panel. */
static void add_line(const Winograd *w, uint32_t a, LLVMValueRef sign, LLVMValueRef panel) {
  ModuleContext *m = w->k->m;
  uint32_t lanes = m->target->vector_floats;
  Loop quads;
  loop_begin(m, &quads, emit_i64(m, 0), w->quads.count, 1);
  LLVMValueRef sums[QUAD_SIDE];
  for (uint32_t b = 0; b < QUAD_SIDE; ++b) {
    LLVMValueRef row =
        row_of(w, w->layout.sums, emit_i64(m, QUAD_SIDE * a + b), quads.index, w->layout.sum_pitch);
    sums[b] = emit_address(m, row, emit_mul(m, panel, 4 * PLAN_PANEL));
  }
  for (uint32_t column = 0; column < PLAN_PANEL; column += lanes) {
    LLVMValueRef n[SIDE], z[QUAD_SIDE];
    for (uint32_t j = 0; j < SIDE; ++j) n[j] = load_product(w, j, quads.index, column);
    z[0] = emit_fadd(m, n[0], emit_fadd(m, n[1], n[2]));
    z[1] = emit_fsub(m, emit_fsub(m, n[1], n[2]), n[3]);
    for (uint32_t b = 0; b < QUAD_SIDE; ++b) {
      LLVMValueRef at = emit_address(m, sums[b], emit_i64(m, 4 * (int64_t)column));
      emit_store(m, emit_fma(m, z[b], sign, emit_load(m, at, lanes)), at, lanes);
    }
  }
  loop_end(m, &quads, NULL);
}

/* Column `i` of A^T: the lines of rows that line i of the products takes part in. */
static void add_lines(const Winograd *w, LLVMValueRef i, LLVMValueRef panel) {
  ModuleContext *m = w->k->m;
  Branch upper, lower;
  branch_begin(m, &upper, is_below(m, i, SIDE - 1));
  add_line(w, 0, emit_splat(m, 1), panel);
  branch_end(m, &upper);
  branch_begin(m, &lower, LLVMBuildICmp(m->builder, LLVMIntNE, i, emit_i64(m, 0), ""));
  add_line(w, 1, choose(m, i, 1, emit_splat(m, 1), emit_splat(m, -1)), panel);
  branch_end(m, &lower);
}

/* -- sums -------------------------------------------------------------------------------------- */

/* Calls `emit` for each row of the quads of the run. */
typedef void RowEmitter(const Winograd *w, LLVMValueRef quad, LLVMValueRef number);
static void each_row(const Winograd *w, RowEmitter *emit) {
  ModuleContext *m = w->k->m;
  Loop quads, rows;
  loop_begin(m, &quads, emit_i64(m, 0), w->quads.count, 1);
  loop_begin(m, &rows, emit_i64(m, 0), emit_i64(m, QUAD_ROWS), 1);
  emit(w, quads.index, rows.index);
  loop_end(m, &rows, NULL);
  loop_end(m, &quads, NULL);
}

/* A RowEmitter: the sums begin as the bias. */
static void begin_row(const Winograd *w, LLVMValueRef quad, LLVMValueRef number) {
  ModuleContext *m = w->k->m;
  uint32_t lanes = m->target->vector_floats;
  LLVMValueRef row = row_of(w, w->layout.sums, number, quad, w->layout.sum_pitch);
  Loop columns;
  loop_begin(m, &columns, emit_i64(m, 0), emit_i64(m, (int64_t)w->panels * PLAN_PANEL), lanes);
  Site site = {.row = emit_i64(m, 0), .column = columns.index, .lanes = lanes};
  LLVMValueRef bias = w->bias ? view_load(w->k, w->bias, site) : LLVMConstNull(m->vector);
  emit_store(m, bias, emit_address(m, row, emit_mul(m, columns.index, 4)), lanes);
  loop_end(m, &columns, NULL);
}

/* A row that is complete. */
typedef struct Finished {
  const Winograd *w;
  LLVMValueRef sums;
} Finished;

/* A SiteEmitter; `context` is a Finished. */
static void finish_vector(KernelEmitter *k, Site site, void *context) {
  const Finished *f = context;
  LLVMValueRef at = emit_address(k->m, f->sums, emit_mul(k->m, site.column, 4));
  pointwise_emit(k, f->w->stage, site, emit_load(k->m, at, k->m->target->vector_floats));
}

/* A RowEmitter: what is behind the convolution, where the row is one of the map. */
static void finish_row(const Winograd *w, LLVMValueRef quad, LLVMValueRef number) {
  ModuleContext *m = w->k->m;
  LLVMValueRef at[2];
  find_quad(w, quad, at);
  LLVMValueRef line = emit_add(m, at[0], LLVMBuildLShr(m->builder, number, emit_i64(m, 1), ""));
  LLVMValueRef column = emit_add(m, at[1], LLVMBuildAnd(m->builder, number, emit_i64(m, 1), ""));
  LLVMValueRef row = emit_add(m, emit_mul(m, line, (uint64_t)w->out.dims[2]), column);
  LLVMValueRef inside = LLVMBuildICmp(m->builder, LLVMIntULT, row, w->k->row_count, "");
  inside = LLVMBuildAnd(m->builder, inside, is_below(m, column, w->out.dims[2]), "");
  Branch branch;
  branch_begin(m, &branch, inside);
  Finished f = {w, row_of(w, w->layout.sums, number, quad, w->layout.sum_pitch)};
  columns_all(w->k, row, w->channels, finish_vector, &f);
  branch_end(m, &branch);
}

/* -- runs -------------------------------------------------------------------------------------- */

static void emit_run(const Winograd *w) {
  ModuleContext *m = w->k->m;
  each_row(w, begin_row);
  Loop blocks, lines, panels;
  loop_begin(m, &blocks, emit_i64(m, 0), emit_i64(m, w->depth), w->stage->product.depth_block);
  loop_begin(m, &lines, emit_i64(m, 0), emit_i64(m, SIDE), 1);
  fill_inputs(w, lines.index, blocks.index);
  loop_begin(m, &panels, emit_i64(m, 0), emit_i64(m, w->panels), 1);
  multiply(w, lines.index, panels.index, blocks.index);
  add_lines(w, lines.index, panels.index);
  loop_end(m, &panels, NULL);
  loop_end(m, &lines, NULL);
  loop_end(m, &blocks, NULL);
  each_row(w, finish_row);
}

/* Adds a number of quads to those that a run may have. */
static void add_kind(ProductRows *rows, uint32_t count) {
  uint32_t at = 0;
  while (at < rows->kinds && rows->counts[at] < count) ++at;
  if (at < rows->kinds && rows->counts[at] == count) return;
  CHECK(rows->kinds < PLAN_ROW_COUNTS);
  for (uint32_t i = rows->kinds++; i > at; --i) rows->counts[i] = rows->counts[i - 1];
  rows->counts[at] = count;
}

/* All quads of the block are one run. */
static void emit_block(Winograd *w) {
  ModuleContext *m = w->k->m;
  for (uint32_t i = 0; i < w->k->row_count_kinds; ++i) {
    add_kind(&w->quads, (uint32_t)plan_winograd_quads(w->out, w->k->row_counts[i]));
  }
  LLVMValueRef lines = LLVMBuildUDiv(m->builder, w->k->row_count, emit_i64(m, w->out.dims[2]), "");
  LLVMValueRef pairs =
      LLVMBuildLShr(m->builder, emit_add(m, lines, emit_i64(m, 1)), emit_i64(m, 1), "");
  w->quads.count = emit_mul(m, pairs, w->width);
  w->first = emit_i64(m, 0);
  w->product.rows = w->quads;
  emit_run(w);
}

/* Quad `part` * width / parts of a line. */
static LLVMValueRef part_begin(const Winograd *w, LLVMValueRef part) {
  ModuleContext *m = w->k->m;
  LLVMValueRef parts = emit_i64(m, w->stage->parts);
  return LLVMBuildUDiv(m->builder, emit_mul(m, part, w->width), parts, "");
}

/* Each line of quads is cut into parts. */
static void emit_parts(Winograd *w) {
  ModuleContext *m = w->k->m;
  uint32_t parts = w->stage->parts, least = (uint32_t)w->width / parts;
  add_kind(&w->quads, least);
  if (w->width % parts) add_kind(&w->quads, least + 1);
  uint64_t pair = QUAD_SIDE * (uint64_t)w->out.dims[2];
  Loop lines, runs;
  loop_begin_carrying(m, &lines, (LoopRange){emit_i64(m, 0), w->k->row_count, pair},
                      (LLVMValueRef[]){emit_i64(m, 0)}, 1);
  loop_begin(m, &runs, emit_i64(m, 0), emit_i64(m, parts), 1);
  LLVMValueRef begin = part_begin(w, runs.index);
  LLVMValueRef end = part_begin(w, emit_add(m, runs.index, emit_i64(m, 1)));
  w->first = emit_add(m, lines.carried[0], begin);
  w->quads.count = LLVMBuildSub(m->builder, end, begin, "");
  w->product.rows = w->quads;
  emit_run(w);
  loop_end(m, &runs, NULL);
  LLVMValueRef next = emit_add(m, lines.carried[0], emit_i64(m, (int64_t)w->width));
  loop_end(m, &lines, &next);
}

/* The products of a line, but for what is different in each. */
static Product product_of(const Winograd *w, ValueId weights) {
  KernelEmitter *k = w->k;
  ProductPlan plan = w->stage->product;
  Product p = {.k = k, .stage = w->stage, .plan = plan, .way = &product_of_floats};
  p.a = (RowSource){.row_bytes = 4 * w->layout.input_pitch, .step_bytes = 4};
  p.weights = k->views[weights.index].base;
  p.type = graph_type(k->body, weights);
  p.aligned = true;
  p.step_bytes = product_panel_bytes(p.type);
  p.panel_bytes = p.step_bytes * w->depth;
  p.depth = w->depth;
  p.channels = w->channels;
  p.depth_blocks = ceil_div_u32(w->depth, plan.depth_block);
  p.sum_rows = w->layout.quads;
  return p;
}

void winograd_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], bias = node_operand(node, 2);
  Winograd w = {.k = k,
                .stage = stage,
                .window = &node->attrs.WINOGRAD.window,
                .layout = plan_winograd_layout(k->kernel, stage),
                .x = view_of_map(k, x),
                .bias = value_is_none(bias) ? NULL : &k->views[bias.index],
                .map = graph_type(k->body, x),
                .out = graph_type(k->body, node->first_result),
                .depth = value_channels(k, x),
                .channels = value_channels(k, node->first_result)};
  CHECK(w.x.channel_bytes == 4 && w.x.dtype == DTYPE_F32);
  w.memory = kernel_room(k, stage, 0);
  w.width = plan_winograd_width(w.out);
  w.panels = ceil_div_u32(w.channels, PLAN_PANEL);
  w.product = product_of(&w, node->operands[1]);
  columns_copy_run(k, NULL, w.memory, w.layout.input_pitch);
  if (stage->parts == 1) {
    emit_block(&w);
  } else {
    emit_parts(&w);
  }
}
