/* average_pool: per output row, per vector of channels, the mean of what a window covers.
 *
 *   sum over the window's rows inside the map of x[.], divided by their number (or by that of all
 * the window's), then the pointwise ops behind
 */
#include "backends/llvm/kernel.h"

typedef struct Pool {
  const Stage *stage;
  Window window;
  bool count_padding;
  View x; /* the whole map */
  Type map;
  /* of the present row */
  LLVMValueRef top, left;                      /* the window's corner in the map; may be outside */
  LLVMValueRef begin_h, end_h, begin_w, end_w; /* the taps inside */
  LLVMValueRef count;                          /* a vector: what to divide by */
} Pool;

/* A SiteEmitter: one vector of the present row. The sum is divided and not multiplied by a
 * reciprocal, which would be rounded once more. */
static void pool_vector(KernelEmitter *k, Site site, void *context) {
  const Pool *p = context;
  ModuleContext *m = k->m;
  LLVMValueRef sum = LLVMConstNull(m->vector);
  Loop lines, taps;
  loop_begin_carrying(m, &lines, (LoopRange){p->begin_h, p->end_h, 1}, &sum, 1);
  loop_begin_carrying(m, &taps, (LoopRange){p->begin_w, p->end_w, 1}, lines.carried, 1);
  Site from = site;
  LLVMValueRef line = emit_mul(m, emit_add(m, p->top, lines.index), (uint64_t)p->map.dims[2]);
  from.row = emit_add(m, line, emit_add(m, p->left, taps.index));
  LLVMValueRef next = emit_fadd(m, taps.carried[0], view_load(k, &p->x, from));
  loop_end(m, &taps, &next);
  loop_end(m, &lines, taps.carried);
  LLVMValueRef mean = LLVMBuildFDiv(m->builder, lines.carried[0], p->count, "");
  pointwise_emit(k, p->stage, site, mean);
}

/* What the present row's sums are divided by, in all lanes. */
static LLVMValueRef find_count(ModuleContext *m, const Pool *p) {
  if (p->count_padding) return emit_splat(m, (double)window_taps(&p->window));
  LLVMValueRef count = LLVMBuildMul(m->builder, LLVMBuildSub(m->builder, p->end_h, p->begin_h, ""),
                                    LLVMBuildSub(m->builder, p->end_w, p->begin_w, ""), "");
  return emit_broadcast(m, LLVMBuildSIToFP(m->builder, count, m->f32, ""));
}

void average_pool_stage(KernelEmitter *k, const Stage *stage) {
  ModuleContext *m = k->m;
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  const AttrsAVERAGE_POOL *a = &node->attrs.AVERAGE_POOL;
  Pool p = {.stage = stage, .window = a->window, .count_padding = a->count_padding};
  p.x = view_of_map(k, x);
  p.map = graph_type(k->body, x);
  Type out = graph_type(k->body, node_result(node, 0));
  Loop rows;
  loop_begin(m, &rows, emit_i64(m, 0), k->row_count, 1);
  kernel_window(k, rows.index, out, &p.window, &p.top, &p.left);
  kernel_taps(k, p.top, window_rows(&p.window), p.map.dims[1], &p.begin_h, &p.end_h);
  kernel_taps(k, p.left, window_columns(&p.window), p.map.dims[2], &p.begin_w, &p.end_w);
  p.count = find_count(m, &p);
  columns_all(k, rows.index, (uint32_t)p.map.dims[3], pool_vector, &p);
  loop_end(m, &rows, NULL);
}
