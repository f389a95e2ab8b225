/* PREFIX_find(n, h, w): the entry that takes images of this size, NULL where none was compiled.
 *
 *   if (n == 1 && h == 224 && w == 224) return &entries[0];    once for each resolution
 *   ..
 *   return NULL;
 */
#include <llvm-c/Target.h>

#include "backends/llvm/artifact.h"

/* Parameter `index` of the function is `value`. */
static LLVMValueRef is(Artifact *a, LLVMValueRef function, uint32_t index, uint32_t value) {
  LLVMValueRef wanted = LLVMConstInt(a->m->i32, value, 0);
  return LLVMBuildICmp(a->m->builder, LLVMIntEQ, LLVMGetParam(function, index), wanted, "");
}

/* Returns entry `i` if its size is asked for; the builder ends where it is not. */
static void emit_case(Artifact *a, LLVMValueRef function, uint32_t i) {
  LLVMBuilderRef b = a->m->builder;
  ImageSize size = artifact_image(a->spec, i);
  LLVMValueRef all = LLVMBuildAnd(b, is(a, function, 0, size.n), is(a, function, 1, size.h), "");
  all = LLVMBuildAnd(b, all, is(a, function, 2, size.w), "");
  LLVMBasicBlockRef found = LLVMAppendBasicBlockInContext(a->m->context, function, "");
  LLVMBasicBlockRef next = LLVMAppendBasicBlockInContext(a->m->context, function, "");
  LLVMBuildCondBr(b, all, found, next);
  LLVMPositionBuilderAtEnd(b, found);
  LLVMTypeRef entry = LLVMGetElementType(LLVMGlobalGetValueType(a->entry_table));
  uint64_t entry_bytes = LLVMABISizeOfType(LLVMGetModuleDataLayout(a->m->module), entry);
  LLVMValueRef bytes = emit_i64(a->m, (int64_t)(i * entry_bytes));
  LLVMBuildRet(b, emit_address(a->m, a->entry_table, bytes));
  LLVMPositionBuilderAtEnd(b, next);
}

void find_emit(Artifact *a) {
  LLVMTypeRef parameters[] = {a->m->i32, a->m->i32, a->m->i32};
  LLVMTypeRef type = LLVMFunctionType(a->m->ptr, parameters, 3, 0);
  LLVMValueRef function = artifact_function(a, "find", type, true);
  for (uint32_t i = 0; i < a->spec->plan_count; ++i) emit_case(a, function, i);
  LLVMBuildRet(a->m->builder, LLVMConstNull(a->m->ptr));
}
