/* The LLVM module of an artifact.
 *
 * Symbols: PREFIX_model and PREFIX_run[_HxW] are exported, everything else is hidden or private.
 * The weights are zeros in a section of their own; the real bytes are written into the emitted
 * object. They are marked externally initialized so that no pass folds a load of them. */
#include "backends/llvm/artifact.h"
#include "support/panic.h"

static LLVMValueRef weights_global(Artifact *a, uint64_t bytes) {
  const char *symbol = arena_printf(a->arena, "%s_weights", a->options->prefix);
  LLVMTypeRef type = LLVMArrayType2(a->m->i8, bytes);
  LLVMValueRef global = LLVMAddGlobal(a->m->module, type, symbol);
  LLVMSetInitializer(global, LLVMConstNull(type));
  LLVMSetGlobalConstant(global, 1);
  LLVMSetExternallyInitialized(global, 1);
  LLVMSetSection(global, artifact_weights_section);
  LLVMSetAlignment(global, 128);
  if (!a->options->export_all) LLVMSetVisibility(global, LLVMHiddenVisibility);
  return global;
}

static const uint64_t *offsets_by_recipe(Arena *arena, const WeightsBlob *blob) {
  uint32_t limit = 0;
  for (uint32_t i = 0; i < blob->count; ++i) {
    if (blob->recipes[i]->id >= limit) limit = blob->recipes[i]->id + 1;
  }
  uint64_t *offsets = ARENA_ARRAY(arena, limit, uint64_t);
  for (uint32_t i = 0; i < blob->count; ++i) offsets[blob->recipes[i]->id] = blob->offsets[i];
  return offsets;
}

/* The function of an equal kernel that was emitted for an earlier plan, or NULL. */
static LLVMValueRef emitted_before(const Artifact *a, uint32_t plan, const PlanKernel *kernel) {
  for (uint32_t p = 0; p < plan; ++p) {
    for (uint32_t k = 0; k < a->plans[p]->kernel_count; ++k) {
      if (kernel_equal(&a->plans[p]->kernels[k], kernel)) return a->kernels[p][k];
    }
  }
  return NULL;
}

/* PREFIX_NAME; kernels of several plans that share a name but not their code are numbered. */
static const char *kernel_symbol(Artifact *a, const PlanKernel *kernel) {
  const char *symbol = arena_printf(a->arena, "%s_%s", a->options->prefix, kernel->name);
  const char *numbered = symbol;
  for (uint32_t i = 2; LLVMGetNamedFunction(a->m->module, numbered); ++i) {
    numbered = arena_printf(a->arena, "%s_%u", symbol, i);
  }
  return numbered;
}

static void emit_kernels(Artifact *a) {
  a->kernels = ARENA_ARRAY(a->arena, a->plan_count, LLVMValueRef *);
  for (uint32_t p = 0; p < a->plan_count; ++p) {
    const Plan *plan = a->plans[p];
    a->kernels[p] = ARENA_ARRAY(a->arena, plan->kernel_count, LLVMValueRef);
    for (uint32_t k = 0; k < plan->kernel_count; ++k) {
      const PlanKernel *kernel = &plan->kernels[k];
      LLVMValueRef function = emitted_before(a, p, kernel);
      if (!function) {
        function = kernel_emit(a->m, kernel, kernel_symbol(a, kernel));
        if (a->options->export_all) LLVMSetVisibility(function, LLVMDefaultVisibility);
      }
      a->kernels[p][k] = function;
    }
  }
}

void module_fill(ModuleContext *m, const Plan *const *plans, uint32_t plan_count,
                 const WeightsBlob *blob, uint64_t weights_bytes, const EmitOptions *options) {
  Artifact a = {.plans = plans,
                .plan_count = plan_count,
                .blob = blob,
                .options = options,
                .row = target_row(m->target),
                .arena = m->arena,
                .m = m};
  a.weight_offsets = offsets_by_recipe(m->arena, blob);
  if (weights_bytes) a.weights = weights_global(&a, weights_bytes);
  emit_kernels(&a);
  a.cpu_check = cpu_check_emit(&a);
  entry_emit_shared(&a);
  a.entries = ARENA_ARRAY(m->arena, plan_count, LLVMValueRef);
  for (uint32_t p = 0; p < plan_count; ++p) a.entries[p] = entry_emit(&a, p);
  metadata_emit(&a);
  if (options->export_all) peak_emit(m, arena_printf(m->arena, "%s_peak", options->prefix));
}
