/* softmax over groups: the row is [groups][count]; lane i of all groups sums to one.
 *
 *   for vector i of count:
 *     top = max over g of x[g][i];  y[g][i] = exp(x[g][i] - top), sum += y[g][i];  y[g][i] *= 1 /
 * sum
 *
 * Of more than FEW groups the sum is compensated (Kahan): what an addition loses is taken off the
 * next number, so that the error does not grow with the groups.
 */
#include "backends/llvm/kernel.h"

enum { FEW = 64 };

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

/* Adds `y` to sums[0]. `compensated`: sums[1] is what the additions so far gave too much. */
static void add(ModuleContext *m, LLVMValueRef y, bool compensated, LLVMValueRef sums[2]) {
  LLVMValueRef less = compensated ? emit_fsub(m, y, sums[1]) : y;
  LLVMValueRef sum = emit_fadd(m, sums[0], less);
  if (compensated) sums[1] = emit_fsub(m, emit_fsub(m, sum, sums[0]), less);
  sums[0] = sum;
}

/* y = exp(x - top) in all groups; their sum. */
static LLVMValueRef exponentials(KernelEmitter *k, const Softmax *s, Site site, LLVMValueRef top) {
  ModuleContext *m = k->m;
  bool many = s->groups > FEW;
  LLVMValueRef zero = LLVMConstNull(m->vector), sums[2] = {zero, zero};
  Loop groups;
  loop_begin_carrying(m, &groups, (LoopRange){emit_i64(m, 0), emit_i64(m, s->groups), 1}, sums,
                      many ? 2 : 1);
  Site at = in_group(k, s, site, groups.index);
  LLVMValueRef y = elementary_exp(m, emit_fsub(m, view_load(k, s->x, at), top));
  view_store(k, s->y, at, y);
  sums[0] = groups.carried[0];
  if (many) sums[1] = groups.carried[1];
  add(m, y, many, sums);
  loop_end(m, &groups, sums);
  return groups.carried[0];
}

/* A SiteEmitter over the lanes of a group. The exponentials stand in y's own memory between the two
 * loops over groups. */
static void softmax_vector(KernelEmitter *k, Site site, void *context) {
  const Softmax *s = context;
  ModuleContext *m = k->m;
  LLVMValueRef sum = exponentials(k, s, site, largest(k, s, site));
  LLVMValueRef scale = LLVMBuildFDiv(m->builder, emit_splat(m, 1.0), sum, "");
  Loop groups;
  loop_begin(m, &groups, emit_i64(m, 0), emit_i64(m, s->groups), 1);
  Site at = in_group(k, s, site, groups.index);
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
