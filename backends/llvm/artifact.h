/* One artifact under construction: the plans of all resolutions of a model in one LLVM module.
 *
 *   module.c    the module: kernels (equal ones once), then entries, then metadata
 *   artifact.c  functions and constants outside of kernels
 *   entry.c     PREFIX_run[_HxW], one per plan
 *   cpu_check.c the test for the instructions that the kernels use
 *   metadata.c  PREFIX_model and the constant atm_model behind it
 *   names.c     the symbols
 *   kernel_equal.c  which kernels are the same code
 *   peak.c      PREFIX_peak, for `bench`
 *
 * Code outside of kernels runs before the ISA was checked, so it is for the baseline CPU.
 */
#ifndef ATMC_BACKENDS_LLVM_ARTIFACT_H
#define ATMC_BACKENDS_LLVM_ARTIFACT_H

#include "backends/backend.h"
#include "backends/llvm/emit.h"
#include "backends/llvm/targets.h"

typedef struct Artifact {
  const Plan *const *plans;
  uint32_t plan_count;
  const WeightsBlob *blob;
  const EmitOptions *options;
  const TargetRow *row;
  Arena *arena;
  ModuleContext *m;
  const uint64_t *weight_offsets; /* by recipe id */
  LLVMValueRef weights;           /* the embedded blob; NULL: external or none */
  LLVMValueRef cpu_check;         /* i1 (); NULL where the baseline has all */
  LLVMValueRef default_env;       /* stands in for env NULL */
  LLVMValueRef step;              /* runs the tasks of one step */
  LLVMValueRef **kernels;         /* [plan][kernel] */
  LLVMValueRef *entries;          /* [plan] */
} Artifact;

/* Fills an open module (of `m`) with the artifact. `weights_bytes` is the size of the embedded
 * weights symbol, zeros in a section of its own; 0: none. */
void module_fill(ModuleContext *m, const Plan *const *plans, uint32_t plan_count,
                 const WeightsBlob *blob, uint64_t weights_bytes, const EmitOptions *options);
/* A function for the baseline CPU, named PREFIX_`name`; the builder is put at its start. */
LLVMValueRef artifact_function(Artifact *a, const char *name, LLVMTypeRef type, bool exported);
/* A private constant. */
LLVMValueRef artifact_constant(Artifact *a, const char *name, LLVMValueRef value);
extern const char artifact_weights_section[];

/* The helpers that all entries share; then the entry of one plan. */
void entry_emit_shared(Artifact *a);
LLVMValueRef entry_emit(Artifact *a, uint32_t plan);

/* Emits PREFIX_cpu_check, an i1 () that is true when this CPU and system run the code of `row`;
 * NULL where every CPU of the family does. */
LLVMValueRef cpu_check_emit(Artifact *a);

void metadata_emit(Artifact *a);

void peak_emit(ModuleContext *m, const char *symbol);

/* The two are the same code: they differ in nothing but names and labels. */
bool kernel_equal(const PlanKernel *x, const PlanKernel *y);

/* ELF: a copy of `object` in malloced memory whose local labels carry the prefix and whose section
 * artifact_weights_section, behind the symbol `weights`, has `weights_bytes` zero bytes (0: there
 * is none), to which *contents points. Panics when the object is not what LLVM emits. */
char *elf_finish(const char *object, size_t object_bytes, const char *prefix, const char *weights,
                 uint64_t weights_bytes, size_t *finished_bytes, char **contents);

#endif
