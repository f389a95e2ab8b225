/* Whether external weights are the model's own: their header (atm_weights_header) is compared with
 * what the compiler wrote, in each call of an entry and by PREFIX_check_weights. */
#include <string.h>

#include "backends/llvm/artifact.h"
#include "runtime/atm_runtime.h"

/* The weights are in a file of their own, and there are any. */
static bool are_external(const ArtifactSpec *spec) {
  return spec->external_weights && spec->blob->bytes;
}

/* i1 PREFIX_is_weights(ptr): every word of the header there is that of the model. */
void is_weights_emit(Artifact *a) {
  if (!are_external(a->spec)) return;
  ModuleContext *m = a->m;
  a->is_weights = artifact_function(a, "is_weights", LLVMFunctionType(m->i1, &m->ptr, 1, 0), false);
  LLVMValueRef weights = LLVMGetParam(a->is_weights, 0), differ = emit_i64(m, 0);
  uint64_t words[sizeof(atm_weights_header) / sizeof(uint64_t)];
  atm_weights_header header = weights_blob_header(a->spec->blob);
  memcpy(words, &header, sizeof words);
  for (uint32_t i = 0; i < sizeof words / sizeof *words; ++i) {
    LLVMValueRef at = emit_address(m, weights, emit_i64(m, (int64_t)(i * sizeof *words)));
    LLVMValueRef word = LLVMBuildLoad2(m->builder, m->i64, at, "");
    LLVMValueRef other = LLVMBuildXor(m->builder, word, LLVMConstInt(m->i64, words[i], 0), "");
    differ = LLVMBuildOr(m->builder, differ, other, "");
  }
  LLVMBuildRet(m->builder, LLVMBuildICmp(m->builder, LLVMIntEQ, differ, emit_i64(m, 0), ""));
}

/* Returns `code` if `bad`; the builder ends where it is not. */
static void reject(Artifact *a, LLVMValueRef function, LLVMValueRef bad, int code) {
  ModuleContext *m = a->m;
  LLVMBasicBlockRef out = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBasicBlockRef next = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBuildCondBr(m->builder, bad, out, next);
  LLVMPositionBuilderAtEnd(m->builder, out);
  LLVMBuildRet(m->builder, emit_i32(m, code));
  LLVMPositionBuilderAtEnd(m->builder, next);
}

/* The weights are so many bytes, at an address that is aligned as they are, with the header. */
void check_weights_emit(Artifact *a) {
  ModuleContext *m = a->m;
  LLVMBuilderRef b = m->builder;
  LLVMTypeRef parameters[] = {m->ptr, m->i64};
  LLVMValueRef function =
      artifact_function(a, "check_weights", LLVMFunctionType(m->i32, parameters, 2, 0), true);
  if (are_external(a->spec)) {
    LLVMValueRef weights = LLVMGetParam(function, 0), bytes = LLVMGetParam(function, 1);
    LLVMValueRef address = LLVMBuildPtrToInt(b, weights, m->i64, "");
    LLVMValueRef low = LLVMBuildAnd(b, address, emit_i64(m, PLAN_ALIGN - 1), "");
    LLVMValueRef size = LLVMConstInt(m->i64, a->spec->blob->bytes, 0);
    LLVMValueRef bad = LLVMBuildIsNull(b, weights, "");
    bad = LLVMBuildOr(b, bad, LLVMBuildICmp(b, LLVMIntNE, low, emit_i64(m, 0), ""), "");
    bad = LLVMBuildOr(b, bad, LLVMBuildICmp(b, LLVMIntNE, bytes, size, ""), "");
    reject(a, function, bad, ATM_E_WEIGHTS);
    LLVMTypeRef type = LLVMGlobalGetValueType(a->is_weights);
    LLVMValueRef same = LLVMBuildCall2(b, type, a->is_weights, &weights, 1, "");
    reject(a, function, LLVMBuildNot(b, same, ""), ATM_E_WEIGHTS);
  }
  LLVMBuildRet(b, emit_i32(m, ATM_OK));
}
