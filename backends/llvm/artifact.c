/* What everything outside of kernels is made with: functions for the baseline CPU and private
 * constants, under the artifact's prefix. */
#include "backends/llvm/artifact.h"

const char artifact_weights_section[] = ".rodata.weights";

/* Hidden helpers are not inlined: entries of many resolutions call them, and are small by that. */
LLVMValueRef artifact_function(Artifact *a, const char *name, LLVMTypeRef type, bool exported) {
  ModuleContext *m = a->m;
  const char *symbol = arena_printf(a->arena, "%s_%s", a->spec->prefix, name);
  LLVMValueRef function = LLVMAddFunction(m->module, symbol, type);
  if (!exported) LLVMSetVisibility(function, LLVMHiddenVisibility);
  emit_text_attribute(m, function, "target-cpu", a->baseline->baseline_cpu);
  const char *features = a->baseline->baseline_features;
  if (features) emit_text_attribute(m, function, "target-features", features);
  emit_unwinding(m, function);
  emit_text_attribute(m, function, "branch-target-enforcement", "true"); /* as in emit_function */
  if (!exported) emit_attribute(m, function, "noinline");
  LLVMPositionBuilderAtEnd(m->builder,
                           LLVMAppendBasicBlockInContext(m->context, function, "entry"));
  return function;
}

ObjectFormat artifact_format(const ArtifactSpec *spec) {
  return spec->variants[0].target->format;
}

bool artifact_weights_are_external(const ArtifactSpec *spec) {
  return spec->external_weights && spec->blob->bytes;
}

LLVMValueRef artifact_is_pointer(ModuleContext *m, LLVMValueRef p, uint64_t alignment) {
  LLVMValueRef bits = LLVMBuildPtrToInt(m->builder, p, m->i64, "");
  LLVMValueRef low = LLVMBuildAnd(m->builder, bits, LLVMConstInt(m->i64, alignment - 1, 0), "");
  LLVMValueRef aligned = LLVMBuildICmp(m->builder, LLVMIntEQ, low, LLVMConstNull(m->i64), "");
  return LLVMBuildAnd(m->builder, LLVMBuildIsNotNull(m->builder, p, ""), aligned, "");
}

void artifact_require(ModuleContext *m, LLVMValueRef condition, int code) {
  LLVMValueRef function = LLVMGetBasicBlockParent(LLVMGetInsertBlock(m->builder));
  LLVMBasicBlockRef ok = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBasicBlockRef failed = LLVMAppendBasicBlockInContext(m->context, function, "");
  LLVMBuildCondBr(m->builder, condition, ok, failed);
  LLVMPositionBuilderAtEnd(m->builder, failed);
  LLVMBuildRet(m->builder, LLVMConstInt(m->i32, (uint64_t)(int64_t)code, 1));
  LLVMPositionBuilderAtEnd(m->builder, ok);
}

LLVMValueRef artifact_constant(Artifact *a, const char *name, LLVMValueRef value) {
  const char *symbol = arena_printf(a->arena, "%s_%s", a->spec->prefix, name);
  LLVMValueRef global = LLVMAddGlobal(a->m->module, LLVMTypeOf(value), symbol);
  LLVMSetInitializer(global, value);
  LLVMSetGlobalConstant(global, 1);
  LLVMSetLinkage(global, LLVMPrivateLinkage);
  return global;
}

/* Base and scratch each of the variant that needs the most: a caller does not know which one runs.
 */
ArtifactWorkspace artifact_workspace(const ArtifactSpec *spec, uint32_t i) {
  ArtifactWorkspace most = {0};
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    const Plan *plan = spec->variants[v].plans[i];
    if (plan->workspace_base > most.base) most.base = plan->workspace_base;
    if (plan->scratch_bytes > most.scratch) most.scratch = plan->scratch_bytes;
  }
  return most;
}
