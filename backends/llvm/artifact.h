/* One artifact under construction: the plans of all resolutions of a model, for all of its
 * instruction sets, in one LLVM module.
 *
 *   module.c    the module: kernels (equal ones once), then entries, then metadata
 *   artifact.c  functions and constants outside of kernels
 *   entry.c     PREFIX_run_HxW, one per plan; PREFIX_run_strided_HxW, where inputs take bytes
 *   find.c      PREFIX_find
 *   check_weights.c PREFIX_check_weights, and the same test for entries
 *   cpu_check.c the test for the instructions that the kernels use
 *   metadata.c  PREFIX_model and the constant atm_model behind it
 *   names.c     the symbols
 *   note.c      what the artifact was made from
 *   selftest.c  PREFIX_selftest
 *   peak.c      PREFIX_peak_*, for `bench`
 *
 * Code outside of kernels runs before the ISA was checked, so it is for the baseline CPU.
 */
#ifndef ATMC_BACKENDS_LLVM_ARTIFACT_H
#define ATMC_BACKENDS_LLVM_ARTIFACT_H

#include "backends/backend.h"
#include "backends/llvm/emit.h"
#include "backends/target/targets.h"

/* The kernels of one variant. */
typedef struct VariantCode {
  const ArtifactVariant *variant;
  ModuleContext m;        /* the artifact's, with the vectors of this target */
  LLVMValueRef **kernels; /* [plan][kernel] */
} VariantCode;

typedef struct Artifact {
  const ArtifactSpec *spec;
  Arena *arena;
  ModuleContext *m;               /* for all but kernels: its vectors are no target's to use */
  VariantCode *variants;          /* [spec->variant_count] */
  const TargetRow *baseline;      /* whose CPU code outside of kernels is for */
  const uint64_t *weight_offsets; /* by recipe id */
  LLVMValueRef weights;           /* the embedded blob; NULL: external or none */
  LLVMValueRef cpu_check;         /* i64 (): what the CPU has; NULL: every one has all */
  LLVMValueRef default_env;       /* stands in for env NULL */
  LLVMValueRef step;              /* runs the tasks of one step */
  LLVMValueRef *entries;          /* [plan_count] */
  LLVMValueRef *strided;          /* [plan_count]: those that are told of strides, if there are */
  LLVMValueRef entry_table;       /* the metadata's atm_entry[plan_count] */
  LLVMValueRef is_weights;        /* i1 (ptr): whether the model's weights begin there */
} Artifact;

/* The embedded weights symbol. */
typedef struct ModuleWeights {
  uint64_t bytes;       /* 0: none */
  const char *contents; /* NULL: zeros */
} ModuleWeights;
/* Fills an open module (of `m`) with the artifact. */
void module_fill(ModuleContext *m, const ArtifactSpec *spec, ModuleWeights weights);
/* The symbols of variant `v`'s kernels, [plan][kernel]: PREFIX_NAME, or PREFIX_NAME_v3 where there
 * are several variants; numbered where kernels of several plans share a name but not their code.
 * Equal kernels have one symbol. */
const char *const *const *artifact_kernel_names(const ArtifactSpec *spec, uint32_t v, Arena *arena);
/* The section of the code of variant `v`. */
const char *module_section(const ArtifactSpec *spec, uint32_t v, Arena *arena);
/* A function for the baseline CPU, named PREFIX_`name`; the builder is put at its start. */
LLVMValueRef artifact_function(Artifact *a, const char *name, LLVMTypeRef type, bool exported);
/* A private constant. */
LLVMValueRef artifact_constant(Artifact *a, const char *name, LLVMValueRef value);
extern const char artifact_weights_section[];
/* There are weights, and they are in a file of their own. */
bool artifact_weights_are_external(const ArtifactSpec *spec);
/* i1: pointer `p` is not NULL and a multiple of `alignment`. */
LLVMValueRef artifact_is_pointer(ModuleContext *m, LLVMValueRef p, uint64_t alignment);
/* A size_t as an i64. */
LLVMValueRef artifact_from_size(ModuleContext *m, LLVMValueRef size);
/* And back. */
LLVMValueRef artifact_to_size(ModuleContext *m, LLVMValueRef value);
/* The fields of atm_env, in order. */
typedef enum EnvField {
  ENV_SIZE,
  ENV_THREADS,
  ENV_ISA,
  ENV_WEIGHTS,
  ENV_CTX,
  ENV_PARALLEL_FOR,
  ENV_FIELD_COUNT
} EnvField;
/* sizeof(atm_env) on the target. */
uint64_t artifact_env_bytes(ModuleContext *m);
/* What `field` of the atm_env at `env` holds. */
LLVMValueRef artifact_env_load(ModuleContext *m, LLVMValueRef env, EnvField field);
/* The function being emitted returns `code`, an i32, unless `condition` holds. */
void artifact_require(ModuleContext *m, LLVMValueRef condition, int code);
/* What objects of it are. */
ObjectFormat artifact_format(const ArtifactSpec *spec);

/* The helpers that all entries share. */
void entry_emit_shared(Artifact *a);
/* Behind them: the exported entry of plan `plan`, or both. */
void entry_emit(Artifact *a, uint32_t plan);

/* Emits PREFIX_cpu_isa, an i64 (): which of the ATM_ISA_* bits of `isa`, and of those that they
 * contain, this CPU and system have. NULL where every CPU of the architecture has them all. */
LLVMValueRef cpu_check_emit(Artifact *a, uint64_t isa);

/* PREFIX_find, behind the metadata: const atm_entry *(uint32_t n, uint32_t h, uint32_t w). */
void find_emit(Artifact *a);

/* Sets a->is_weights, if weights are external: a hidden function. */
void is_weights_emit(Artifact *a);
/* The function being emitted returns ATM_E_WEIGHTS unless the model's weights begin there. */
void check_weights_at(Artifact *a, LLVMValueRef weights);
/* Behind it PREFIX_check_weights: int (const void *weights, size_t bytes). */
void check_weights_emit(Artifact *a);

/* PREFIX_selftest and PREFIX_selftest_env, if the artifact has them: behind the entries. */
void selftest_emit(Artifact *a);

/* The note, if the artifact has one. */
void note_emit(Artifact *a);

/* The constant atm_model and PREFIX_model, which returns it: behind the entries. */
void metadata_emit(Artifact *a);

/* The kernels PREFIX_peak_NAME of llvm_peak_count multiply-adds, one for each PeakKind. */
void peak_emit(ModuleContext *m, const char *prefix);

/* ELF: the bytes of section `name` of an object that LLVM made. */
uint64_t elf_section_bytes(const char *object, size_t bytes, const char *name);

/* ELF: the size of symbol `name`, which must be there. */
uint64_t elf_symbol_bytes(const char *object, size_t bytes, const char *name);

/* What an object still lacks: names of labels, and room for weights. */
typedef struct ElfFinish {
  const char *prefix;     /* of its local labels */
  const char *weights;    /* the symbol in front of the section artifact_weights_section */
  uint64_t weights_bytes; /* of that section; 0: there is none */
} ElfFinish;
/* ELF: a finished copy of `object`, in malloced memory. Its weights are zeros, to which *contents
 * points. Panics when the object is not what LLVM emits. */
Emitted elf_finish(const char *object, size_t bytes, const ElfFinish *with, char **contents);

#endif
