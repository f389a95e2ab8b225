/* The LLVM module of an artifact. Its kernels say themselves which CPU they are for, so that one
 * module holds those of all instruction sets; where there are several, each has a section of its
 * own.
 *
 * Symbols: those of artifact_symbols are exported, everything else is hidden or private.
 * The weights are zeros in a section of their own; the real bytes are written into the emitted
 * object, if that is ELF; in other formats LLVM writes them. They are marked externally initialized
 * so that no pass folds a load of them. */
#include "backends/llvm/artifact.h"

/* The symbol of the embedded weights, aligned as recipes are in the blob (weights_blob.c). */
static LLVMValueRef weights_global(Artifact *a, ModuleWeights weights) {
  const char *symbol = arena_printf(a->arena, "%s_weights", a->spec->prefix);
  LLVMTypeRef type = LLVMArrayType2(a->m->i8, weights.bytes);
  LLVMValueRef global = LLVMAddGlobal(a->m->module, type, symbol);
  LLVMValueRef zeros = LLVMConstNull(type);
  LLVMSetInitializer(global, !weights.contents
                                 ? zeros
                                 : LLVMConstStringInContext2(a->m->context, weights.contents,
                                                             weights.bytes, true));
  LLVMSetGlobalConstant(global, 1);
  LLVMSetExternallyInitialized(global, 1);
  if (artifact_format(a->spec) == FORMAT_ELF) LLVMSetSection(global, artifact_weights_section);
  LLVMSetAlignment(global, 128);
  if (!a->spec->export_all) LLVMSetVisibility(global, LLVMHiddenVisibility);
  return global;
}

/* [id of the recipe] -> bytes from the start of the blob. Ids that are not in the blob have 0, and
 * nobody asks for them. */
static const uint64_t *offsets_by_recipe(Arena *arena, const WeightsBlob *blob) {
  uint32_t limit = 0;
  for (uint32_t i = 0; i < blob->count; ++i) {
    if (blob->recipes[i]->id >= limit) limit = blob->recipes[i]->id + 1;
  }
  uint64_t *offsets = ARENA_ARRAY(arena, limit, uint64_t);
  for (uint32_t i = 0; i < blob->count; ++i) offsets[blob->recipes[i]->id] = blob->offsets[i];
  return offsets;
}

const char *module_section(const ArtifactSpec *spec, uint32_t v, Arena *arena) {
  if (spec->variant_count == 1 || artifact_format(spec) != FORMAT_ELF) return ".text";
  return arena_printf(arena, ".text.%s", target_row(spec->variants[v].target)->isa);
}

/* Emits a kernel of variant `v`, in the variant's section if it has one. */
static LLVMValueRef emit_kernel(Artifact *a, uint32_t v, const PlanKernel *kernel,
                                const char *symbol) {
  LLVMValueRef function = kernel_emit(&a->variants[v].m, kernel, symbol);
  if (a->spec->export_all) LLVMSetVisibility(function, LLVMDefaultVisibility);
  if (a->spec->variant_count > 1 && artifact_format(a->spec) == FORMAT_ELF) {
    LLVMSetSection(function, module_section(a->spec, v, a->arena));
  }
  return function;
}

/* Fills the variant's table of kernels, plan by plan. */
static void emit_kernels(Artifact *a, uint32_t v) {
  VariantCode *code = &a->variants[v];
  const char *const *const *names = artifact_kernel_names(a->spec, v, a->arena);
  code->kernels = ARENA_ARRAY(a->arena, a->spec->plan_count, LLVMValueRef *);
  for (uint32_t p = 0; p < a->spec->plan_count; ++p) {
    const Plan *plan = code->variant->plans[p];
    code->kernels[p] = ARENA_ARRAY(a->arena, plan->kernel_count, LLVMValueRef);
    for (uint32_t k = 0; k < plan->kernel_count; ++k) {
      LLVMValueRef function = LLVMGetNamedFunction(a->m->module, names[p][k]);
      if (!function) function = emit_kernel(a, v, &plan->kernels[k], names[p][k]);
      code->kernels[p][k] = function;
    }
  }
}

/* Every ATM_ISA_* bit that some variant needs. */
static uint64_t isa_of_all(const ArtifactSpec *spec) {
  uint64_t isa = 0;
  for (uint32_t v = 0; v < spec->variant_count; ++v) isa |= spec->variants[v].target->isa_bits;
  return isa;
}

/* `first`, whatever the first resolution is, as PREFIX_`name`. */
static void emit_first(Artifact *a, LLVMValueRef first, const char *name) {
  const char *symbol = arena_printf(a->arena, "%s_%s", a->spec->prefix, name);
  LLVMAddAlias2(a->m->module, LLVMGlobalGetValueType(first), 0, first, symbol);
}

void module_fill(ModuleContext *m, const ArtifactSpec *spec, ModuleWeights weights) {
  Artifact a = {.spec = spec, .arena = m->arena, .m = m};
  a.baseline = target_row(spec->variants[0].target);
  a.weight_offsets = offsets_by_recipe(m->arena, spec->blob);
  if (weights.bytes) a.weights = weights_global(&a, weights);
  a.variants = ARENA_ARRAY(m->arena, spec->variant_count, VariantCode);
  for (uint32_t v = 0; v < spec->variant_count; ++v) {
    a.variants[v].variant = &spec->variants[v];
    a.variants[v].m = emit_for_target(m, spec->variants[v].target);
    emit_kernels(&a, v);
  }
  a.cpu_check = cpu_check_emit(&a, isa_of_all(spec));
  entry_emit_shared(&a);
  is_weights_emit(&a);
  a.entries = ARENA_ARRAY(m->arena, spec->plan_count, LLVMValueRef);
  a.strided = ARENA_ARRAY(m->arena, spec->plan_count, LLVMValueRef);
  for (uint32_t p = 0; p < spec->plan_count; ++p) entry_emit(&a, p);
  emit_first(&a, a.entries[0], "run");
  if (artifact_takes_strides(spec)) emit_first(&a, a.strided[0], "run_strided");
  metadata_emit(&a);
  note_emit(&a);
  find_emit(&a);
  check_weights_emit(&a);
  selftest_emit(&a);
  if (spec->export_all) peak_emit(&a.variants[0].m, spec->prefix);
}
