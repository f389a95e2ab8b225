/* What everything outside of kernels is made with: functions for the baseline CPU and private
 * constants, under the artifact's prefix. */
#include "backends/llvm/artifact.h"

#include <llvm-c/Target.h>
#include <stddef.h>

#include "runtime/atm_runtime.h"

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
  emit_text_attribute(m, function, "branch-target-enforcement", "true"); /* as in emit_function, */
  emit_text_attribute(m, function, "warn-stack-size", "0");              /* and this too */
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

LLVMValueRef artifact_from_size(ModuleContext *m, LLVMValueRef size) {
  return LLVMBuildZExt(m->builder, size, m->i64, "");
}

LLVMValueRef artifact_to_size(ModuleContext *m, LLVMValueRef value) {
  return LLVMBuildTrunc(m->builder, value, m->size, "");
}

/* -- atm_env, whose layout depends on the target's pointers ------------------------------------ */

_Static_assert(sizeof(atm_env) == 40 && offsetof(atm_env, threads) == 4 &&
                   offsetof(atm_env, isa) == 8 && offsetof(atm_env, weights) == 16 &&
                   offsetof(atm_env, ctx) == 24 && offsetof(atm_env, parallel_for) == 32,
               "the structure below has the fields of the header");

static LLVMTypeRef env_field_type(ModuleContext *m, EnvField field) {
  return field <= ENV_THREADS ? m->i32 : field == ENV_ISA ? m->i64 : m->ptr;
}

static LLVMTypeRef env_type(ModuleContext *m) {
  LLVMTypeRef fields[ENV_FIELD_COUNT];
  for (int i = 0; i < ENV_FIELD_COUNT; ++i) fields[i] = env_field_type(m, (EnvField)i);
  return LLVMStructTypeInContext(m->context, fields, ENV_FIELD_COUNT, 0);
}

uint64_t artifact_env_bytes(ModuleContext *m) {
  return LLVMABISizeOfType(LLVMGetModuleDataLayout(m->module), env_type(m));
}

LLVMValueRef artifact_env_load(ModuleContext *m, LLVMValueRef env, EnvField field) {
  uint64_t at =
      LLVMOffsetOfElement(LLVMGetModuleDataLayout(m->module), env_type(m), (unsigned)field);
  LLVMValueRef address = at ? emit_address(m, env, emit_i64(m, (int64_t)at)) : env;
  return LLVMBuildLoad2(m->builder, env_field_type(m, field), address, "");
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
