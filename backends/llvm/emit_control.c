/* Loops and branches. A loop is tested at its end; one that may not run at all is guarded in front:
 *
 *   before:  [br begin < end, body, exit]
 *   body:    index = phi(begin, next); carried = phi(initial, ...)
 *            ...
 *            next = index + step; br next < end, body, exit
 *   exit:    [carried = phi(initial from before, last from body)]
 *
 * A carried value inside of the loop is a phi; after loop_end `carried` is what the last turn gave,
 * or the initial value where no turn ran. Bodies may have branches and loops of their own: the
 * edges begin at the block where the builder stands, not at the first one of the body.
 */
#include "backends/llvm/emit.h"
#include "support/panic.h"

/* An empty block at the end of the current function; the builder stays where it is. */
static LLVMBasicBlockRef new_block(ModuleContext *m, const char *name) {
  LLVMValueRef function = LLVMGetBasicBlockParent(LLVMGetInsertBlock(m->builder));
  return LLVMAppendBasicBlockInContext(m->context, function, name);
}

/* Both are constants and there is a first turn: no guard is needed. */
static bool surely_runs(LLVMValueRef begin, LLVMValueRef end) {
  return LLVMIsAConstantInt(begin) && LLVMIsAConstantInt(end) &&
         LLVMConstIntGetSExtValue(begin) < LLVMConstIntGetSExtValue(end);
}

void loop_begin(ModuleContext *m, Loop *loop, LLVMValueRef begin, LLVMValueRef end, uint64_t step) {
  loop_begin_carrying(m, loop, (LoopRange){begin, end, step}, NULL, 0);
}

void loop_begin_carrying(ModuleContext *m, Loop *loop, LoopRange range, const LLVMValueRef *carried,
                         uint32_t count) {
  CHECK(count <= LOOP_MAX_CARRIED);
  loop->before = LLVMGetInsertBlock(m->builder);
  loop->body = new_block(m, "loop");
  loop->exit = new_block(m, "done");
  loop->end = range.end;
  loop->step = range.step;
  loop->carried_count = count;
  loop->guarded = !surely_runs(range.begin, range.end);
  if (loop->guarded) {
    LLVMValueRef runs = LLVMBuildICmp(m->builder, LLVMIntSLT, range.begin, range.end, "");
    LLVMBuildCondBr(m->builder, runs, loop->body, loop->exit);
  } else {
    LLVMBuildBr(m->builder, loop->body);
  }
  LLVMPositionBuilderAtEnd(m->builder, loop->body);
  loop->index = LLVMBuildPhi(m->builder, m->i64, "");
  LLVMAddIncoming(loop->index, &range.begin, &loop->before, 1);
  for (uint32_t i = 0; i < count; ++i) {
    loop->initial[i] = carried[i];
    loop->carried[i] = LLVMBuildPhi(m->builder, LLVMTypeOf(carried[i]), "");
    LLVMAddIncoming(loop->carried[i], &loop->initial[i], &loop->before, 1);
  }
}

void loop_end(ModuleContext *m, Loop *loop, const LLVMValueRef *carried) {
  LLVMValueRef next =
      LLVMBuildNSWAdd(m->builder, loop->index, emit_i64(m, (int64_t)loop->step), "");
  LLVMValueRef again = LLVMBuildICmp(m->builder, LLVMIntSLT, next, loop->end, "");
  LLVMBasicBlockRef last = LLVMGetInsertBlock(m->builder);
  LLVMBuildCondBr(m->builder, again, loop->body, loop->exit);
  LLVMAddIncoming(loop->index, &next, &last, 1);
  LLVMPositionBuilderAtEnd(m->builder, loop->exit);
  for (uint32_t i = 0; i < loop->carried_count; ++i) {
    LLVMValueRef final = carried[i];
    LLVMAddIncoming(loop->carried[i], &final, &last, 1);
    loop->carried[i] = final;
    if (loop->guarded) {
      LLVMValueRef values[] = {loop->initial[i], final};
      LLVMBasicBlockRef blocks[] = {loop->before, last};
      loop->carried[i] = LLVMBuildPhi(m->builder, LLVMTypeOf(final), "");
      LLVMAddIncoming(loop->carried[i], values, blocks, 2);
    }
  }
}

void branch_begin(ModuleContext *m, Branch *branch, LLVMValueRef condition) {
  LLVMBasicBlockRef then = new_block(m, "then");
  branch->otherwise = new_block(m, "else");
  branch->join = new_block(m, "join");
  branch->has_else = false;
  LLVMBuildCondBr(m->builder, condition, then, branch->otherwise);
  LLVMPositionBuilderAtEnd(m->builder, then);
}

void branch_else(ModuleContext *m, Branch *branch) {
  LLVMBuildBr(m->builder, branch->join);
  LLVMPositionBuilderAtEnd(m->builder, branch->otherwise);
  branch->has_else = true;
}

void branch_end(ModuleContext *m, Branch *branch) {
  LLVMBuildBr(m->builder, branch->join);
  if (!branch->has_else) {
    LLVMPositionBuilderAtEnd(m->builder, branch->otherwise);
    LLVMBuildBr(m->builder, branch->join);
  }
  LLVMPositionBuilderAtEnd(m->builder, branch->join);
}
