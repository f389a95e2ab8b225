/* softmax over groups: the row is [groups][count]; lane i of all groups sums to one.
 *
 *   for vector i of count:
 *     top = max over g of x[g][i];  y[g][i] = exp(x[g][i] - top), sum += y[g][i];  y[g][i] *= 1 /
 * sum
 */
#include "backends/llvm/kernel.h"

typedef struct Softmax {
  const View *x;
  const View *y;
  ValueId result;
  uint32_t groups, count;
} Softmax;

/* `site` of group 0, moved to group `group` (i64). */
static Site in_group(KernelEmitter *k, const Softmax *s, Site site, LLVMValueRef group) {
  site.column = emit_add(k->m, site.column, emit_mul(k->m, group, s->count));
  return site;
}

/* max over the groups, lane by lane; subtracted first, so that no exponential is above 1. */
static LLVMValueRef largest(KernelEmitter *k, const Softmax *s, Site site) {
  ModuleContext *m = k->m;
  LLVMValueRef top = view_load(k, s->x, site);
  Loop groups;
  loop_begin_carrying(m, &groups, (LoopRange){emit_i64(m, 1), emit_i64(m, s->groups), 1}, &top, 1);
  LLVMValueRef x = view_load(k, s->x, in_group(k, s, site, groups.index));
  LLVMValueRef next = emit_fmax(m, groups.carried[0], x);
  loop_end(m, &groups, &next);
  return groups.carried[0];
}

/* A SiteEmitter over the lanes of a group. The exponentials stand in y's own memory between the two
 * loops over groups. */
static void softmax_vector(KernelEmitter *k, Site site, void *context) {
  const Softmax *s = context;
  ModuleContext *m = k->m;
  LLVMValueRef top = largest(k, s, site), sum = LLVMConstNull(m->vector);
  Loop groups;
  loop_begin_carrying(m, &groups, (LoopRange){emit_i64(m, 0), emit_i64(m, s->groups), 1}, &sum, 1);
  Site at = in_group(k, s, site, groups.index);
  LLVMValueRef y = elementary_exp(m, emit_fsub(m, view_load(k, s->x, at), top));
  view_store(k, s->y, at, y);
  LLVMValueRef next = emit_fadd(m, groups.carried[0], y);
  loop_end(m, &groups, &next);
  LLVMValueRef scale = LLVMBuildFDiv(m->builder, emit_splat(m, 1.0), groups.carried[0], "");
  loop_begin(m, &groups, emit_i64(m, 0), emit_i64(m, s->groups), 1);
  at = in_group(k, s, site, groups.index);
  view_store_value(k, s->result, at, emit_fmul(m, view_load(k, s->y, at), scale));
  loop_end(m, &groups, NULL);
}

void softmax_stage(KernelEmitter *k, const Stage *stage) {
  const Node *node = stage_anchor(k, stage);
  ValueId x = node->operands[0], result = node_result(node, 0);
  Softmax s = {.x = &k->views[x.index], .result = result};
  s.groups = (uint32_t)node->attrs.SOFTMAX.groups;
  s.count = value_channels(k, x) / s.groups;
  view_make_exact(k, result); /* the next group begins behind the last lane */
  s.y = &k->views[result.index];
  Loop rows;
  loop_begin(k->m, &rows, emit_i64(k->m, 0), k->row_count, 1);
  columns_all(k, rows.index, s.count, softmax_vector, &s);
  loop_end(k->m, &rows, NULL);
}
