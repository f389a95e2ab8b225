/* Pools: per output row, per vector of channels, what the window or the cell there comes to, then
 * the pointwise ops behind.
 *
 *   average_pool    the sum of what is inside of the window, divided by its number of rows (or by
 *                   that of the whole window)
 *   adaptive_pool   the same of a cell, which is inside of the map
 *   max_pool        the largest of what is inside, or a NaN
 */
#include <math.h>

#include "backends/llvm/kernel.h"

/* What a row that is inside makes of those before it. */
typedef LLVMValueRef Combine(ModuleContext *m, LLVMValueRef before, LLVMValueRef x);

typedef struct Pool {
  const Stage *stage;
  Combine *combine;
  double start; /* before the first */
  View x;       /* the whole map */
  Type map, out;
  /* of the present row */
  LLVMValueRef top, left; /* the corner in the map; may be outside */
  /* The rows from there on that are inside. */
  LLVMValueRef begin_h, end_h, begin_w, end_w;
  int64_t step_h, step_w; /* from one to the next, in the map */
  LLVMValueRef count;     /* a vector: what to divide by; NULL: nothing is divided */
} Pool;

static Pool pool_of(KernelEmitter *k, const Stage *stage, Combine *combine, double start) {
  const Node *node = stage_anchor(k, stage);
  return (Pool){.stage = stage,
                .combine = combine,
                .start = start,
                .x = view_of_map(k, node->operands[0]),
                .map = graph_type(k->body, node->operands[0]),
                .out = graph_type(k->body, node_result(node, 0)),
                .step_h = 1,
                .step_w = 1};
}

/* before + x */
static LLVMValueRef add_row(ModuleContext *m, LLVMValueRef before, LLVMValueRef x) {
  return emit_fadd(m, before, x);
}

/* The larger of two; a NaN is above everything. */
static LLVMValueRef take_larger(ModuleContext *m, LLVMValueRef before, LLVMValueRef x) {
  LLVMValueRef above = LLVMBuildFCmp(m->builder, LLVMRealOGT, x, before, "");
  LLVMValueRef is_nan = LLVMBuildFCmp(m->builder, LLVMRealUNO, x, x, "");
  return LLVMBuildSelect(m->builder, LLVMBuildOr(m->builder, above, is_nan, ""), x, before, "");
}

/* A SiteEmitter: one vector of the present row. The sum is divided and not multiplied by a
 * reciprocal, which would be rounded once more. */
static void pool_vector(KernelEmitter *k, Site site, void *context) {
  const Pool *p = context;
  ModuleContext *m = k->m;
  LLVMValueRef start = emit_splat(m, p->start);
  Loop lines, taps;
  loop_begin_carrying(m, &lines, (LoopRange){p->begin_h, p->end_h, 1}, &start, 1);
  loop_begin_carrying(m, &taps, (LoopRange){p->begin_w, p->end_w, 1}, lines.carried, 1);
  Site from = site;
  LLVMValueRef i = emit_add(m, p->top, emit_mul(m, lines.index, (uint64_t)p->step_h));
  LLVMValueRef j = emit_add(m, p->left, emit_mul(m, taps.index, (uint64_t)p->step_w));
  from.row = emit_add(m, emit_mul(m, i, (uint64_t)p->map.dims[2]), j);
  LLVMValueRef next = p->combine(m, taps.carried[0], view_load(k, &p->x, from));
  loop_end(m, &taps, &next);
  loop_end(m, &lines, taps.carried);
  LLVMValueRef pooled = lines.carried[0];
  if (p->count) pooled = LLVMBuildFDiv(m->builder, pooled, p->count, "");
  pointwise_emit(k, p->stage, site, pooled);
}

/* The rows inside of the window of row `row`. */
static void find_window(KernelEmitter *k, Pool *p, const Window *window, LLVMValueRef row) {
  WindowAxis rows = window_rows(window), columns = window_columns(window);
  p->step_h = rows.dilation, p->step_w = columns.dilation;
  kernel_window(k, row, p->out, window, &p->top, &p->left);
  kernel_taps(k, p->top, rows, p->map.dims[1], &p->begin_h, &p->end_h);
  kernel_taps(k, p->left, columns, p->map.dims[2], &p->begin_w, &p->end_w);
}

/* Cell `at` of `count` that cover `size` rows: its corner, and behind how many rows it ends. */
static void find_cell(ModuleContext *m, LLVMValueRef at, int64_t count, int64_t size,
                      LLVMValueRef *corner, LLVMValueRef *end) {
  LLVMValueRef next = emit_mul(m, emit_add(m, at, emit_i64(m, 1)), (uint64_t)size);
  LLVMValueRef behind =
      LLVMBuildUDiv(m->builder, emit_add(m, next, emit_i64(m, count - 1)), emit_i64(m, count), "");
  *corner = LLVMBuildUDiv(m->builder, emit_mul(m, at, (uint64_t)size), emit_i64(m, count), "");
  *end = LLVMBuildSub(m->builder, behind, *corner, "");
}

/* The rows of the cell of row `row`. */
static void find_cells(KernelEmitter *k, Pool *p, LLVMValueRef row) {
  ModuleContext *m = k->m;
  LLVMValueRef width = emit_i64(m, p->out.dims[2]), at = emit_add(m, k->first_row, row);
  find_cell(m, LLVMBuildUDiv(m->builder, at, width, ""), p->out.dims[1], p->map.dims[1], &p->top,
            &p->end_h);
  find_cell(m, LLVMBuildURem(m->builder, at, width, ""), p->out.dims[2], p->map.dims[2], &p->left,
            &p->end_w);
  p->begin_h = p->begin_w = emit_i64(m, 0);
}

/* How many rows are inside, in all lanes. */
static LLVMValueRef count_inside(ModuleContext *m, const Pool *p) {
  LLVMValueRef width = LLVMBuildSub(m->builder, p->end_w, p->begin_w, "");
  LLVMValueRef count =
      LLVMBuildMul(m->builder, LLVMBuildSub(m->builder, p->end_h, p->begin_h, ""), width, "");
  return emit_broadcast(m, LLVMBuildSIToFP(m->builder, count, m->f32, ""));
}

void average_pool_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const AttrsAVERAGE_POOL *a = &stage_anchor(k, stage)->attrs.AVERAGE_POOL;
  Pool p = pool_of(k, stage, add_row, 0);
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  find_window(k, &p, &a->window, rows.index);
  p.count = a->count_padding ? emit_splat(m, (double)window_taps(&a->window)) : count_inside(m, &p);
  columns_all(k, rows.index, (uint32_t)p.map.dims[3], pool_vector, &p);
  loop_end(m, &rows, NULL);
}

void adaptive_pool_stage(KernelEmitter *k, const Stage *stage) {
  Pool p = pool_of(k, stage, add_row, 0);
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  find_cells(k, &p, rows.index);
  p.count = count_inside(k->m, &p);
  columns_all(k, rows.index, (uint32_t)p.map.dims[3], pool_vector, &p);
  loop_end(k->m, &rows, NULL);
}

void max_pool_stage(KernelEmitter *k, const Stage *stage) {
  const Window *window = &stage_anchor(k, stage)->attrs.MAX_POOL.window;
  Pool p = pool_of(k, stage, take_larger, -INFINITY);
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  find_window(k, &p, window, rows.index);
  columns_all(k, rows.index, (uint32_t)p.map.dims[3], pool_vector, &p);
  loop_end(k->m, &rows, NULL);
}
