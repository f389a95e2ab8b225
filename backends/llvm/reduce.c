/* STAGE_REDUCE: sums over rows.
 *
 *   sum_chunks   one chunk is one block: row `block` of the result is the sum of the block's rows
 *   mean_chunks  the chunks' sum, in double, over the number of rows
 *
 * Nothing follows either in its stage: what reads a mean has the rows of its own kernel.
 */
#include "backends/llvm/kernel.h"
#include "support/panic.h"

typedef struct Reduce {
  const Stage *stage;
  View from;
  View to;            /* sum_chunks */
  LLVMValueRef count; /* rows to add up */
  double scale;       /* mean_chunks */
} Reduce;

/* Sums of the rows, PARTIAL at a time: row r goes to sum r mod PARTIAL; then the rest to the first.
 */
static LLVMValueRef sum_rows(KernelEmitter *k, const Reduce *reduce, Site site, bool wide) {
  enum { PARTIAL = 4 };
  ModuleContext *m = k->m;
  LLVMTypeRef type = wide ? LLVMVectorType(m->f64, m->target->vector_floats) : m->vector;
  LLVMValueRef sums[PARTIAL];
  for (uint32_t i = 0; i < PARTIAL; ++i) sums[i] = LLVMConstNull(type);
  LLVMValueRef even = LLVMBuildAnd(m->builder, reduce->count, emit_i64(m, -(int64_t)PARTIAL), "");
  LLVMValueRef begin = emit_i64(m, 0), end = even;
  for (uint32_t unroll = PARTIAL; unroll; unroll = unroll > 1 ? 1 : 0) {
    Loop rows;
    loop_begin_carrying(m, &rows, (LoopRange){begin, end, unroll}, sums, unroll);
    for (uint32_t i = 0; i < unroll; ++i) {
      site.row = rows.index;
      site.row_plus = i;
      LLVMValueRef x = view_load(k, &reduce->from, site);
      if (wide) x = LLVMBuildFPExt(m->builder, x, type, "");
      sums[i] = emit_fadd(m, rows.carried[i], x);
    }
    loop_end(m, &rows, sums);
    for (uint32_t i = 0; i < unroll; ++i) sums[i] = rows.carried[i];
    begin = even;
    end = reduce->count;
  }
  return emit_fadd(m, emit_fadd(m, sums[0], sums[1]), emit_fadd(m, sums[2], sums[3]));
}

/* A SiteEmitter of sum_chunks: the sum of the block's rows, in f32. */
static void sum_vector(KernelEmitter *k, Site site, void *context) {
  const Reduce *reduce = context;
  LLVMValueRef sum = sum_rows(k, reduce, site, false);
  site.row = k->block;
  site.row_plus = 0;
  view_store(k, &reduce->to, site, sum);
}

void sum_chunks_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  CHECK(stage->node_count == 1 && node->attrs.SUM_CHUNKS.chunks == (int32_t)k->kernel->blocks);
  Reduce reduce = {.stage = stage, .from = k->views[x.index], .count = k->row_count};
  reduce.to = view_of_map(k, node_result(node, 0));
  columns_all(k, emit_i64(k->m, 0), value_channels(k, x), sum_vector, &reduce);
}

/* A SiteEmitter of mean_chunks: the rows are the chunks of the image. In double, and rounded once.
 */
static void mean_vector(KernelEmitter *k, Site site, void *context) {
  const Reduce *reduce = context;
  ModuleContext *m = k->m;
  LLVMValueRef sum = sum_rows(k, reduce, site, true);
  LLVMValueRef lanes[MAX_LANES];
  for (uint32_t i = 0; i < m->target->vector_floats; ++i) {
    lanes[i] = LLVMConstReal(m->f64, reduce->scale);
  }
  sum = emit_fmul(m, sum, LLVMConstVector(lanes, m->target->vector_floats));
  LLVMValueRef mean = LLVMBuildFPTrunc(m->builder, sum, m->vector, "");
  pointwise_emit(k, reduce->stage, site, mean);
}

void mean_chunks_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0];
  Reduce reduce = {.stage = stage, .from = view_of_map(k, x)};
  reduce.count = emit_i64(k->m, graph_type(k->body, x).dims[2]);
  reduce.scale = 1.0 / node->attrs.MEAN_CHUNKS.rows;
  columns_all(k, emit_i64(k->m, 0), value_channels(k, x), mean_vector, &reduce);
}
