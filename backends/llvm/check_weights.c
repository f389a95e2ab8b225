/* Whether external weights are the model's own: their header (atm_weights_header) is compared with
 * what the compiler wrote, in each call of an entry and by PREFIX_check_weights. */
#include <string.h>

#include "backends/llvm/artifact.h"
#include "runtime/atm_runtime.h"

/* i1 PREFIX_is_weights(ptr): every word of the header there is that of the model. */
void is_weights_emit(Artifact *a) {
  if (!artifact_weights_are_external(a->spec)) return;
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

void check_weights_at(Artifact *a, LLVMValueRef weights) {
  ModuleContext *m = a->m;
  artifact_require(m, artifact_is_pointer(m, weights, PLAN_ALIGN), ATM_E_WEIGHTS);
  LLVMTypeRef type = LLVMGlobalGetValueType(a->is_weights);
  LLVMValueRef same = LLVMBuildCall2(m->builder, type, a->is_weights, &weights, 1, "");
  artifact_require(m, same, ATM_E_WEIGHTS);
}

/* The weights are so many bytes, and the model's. */
void check_weights_emit(Artifact *a) {
  ModuleContext *m = a->m;
  LLVMTypeRef parameters[] = {m->ptr, m->size};
  LLVMValueRef function =
      artifact_function(a, "check_weights", LLVMFunctionType(m->i32, parameters, 2, 0), true);
  if (artifact_weights_are_external(a->spec)) {
    LLVMValueRef bytes = artifact_from_size(m, LLVMGetParam(function, 1));
    LLVMValueRef size = LLVMConstInt(m->i64, a->spec->blob->bytes, 0);
    LLVMValueRef whole = LLVMBuildICmp(m->builder, LLVMIntEQ, bytes, size, "");
    artifact_require(m, whole, ATM_E_WEIGHTS);
    check_weights_at(a, LLVMGetParam(function, 0));
  }
  LLVMBuildRet(m->builder, emit_i32(m, ATM_OK));
}
