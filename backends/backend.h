/* What the driver asks of the backends: interp/ runs a graph, llvm/ turns Plans into objects. */
#ifndef ATMC_BACKENDS_BACKEND_H
#define ATMC_BACKENDS_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ir/graph.h"
#include "ir/pixels.h"
#include "ir/plan.h"
#include "ir/tensor.h"
#include "runtime/atm_runtime.h"

/* -- interp: reference semantics, naive loops, double accumulation ----------------------------- */

/* Runs `graph` on `inputs` (one per input node, logical order whatever the caller's layout) and
 * writes its outputs, allocated in `arena`. Open dimensions take those of the inputs. Accepts
 * graphs at any stage of the pipeline, kernels included. */
MUST_CHECK Status interp_run(const Graph *graph, const WeightSource *source, Arena *arena,
                             Diag *diag, const InterpTensor *inputs, InterpTensor *outputs);

/* -- llvm: targets ----------------------------------------------------------------------------- */

/* From here on, LLVM without memory ends the process as memory_exhausted does; without a message
 * where something `failed` and was said. (LLVM takes memory to unload code, too.) */
void llvm_watch_memory(bool failed);

/* What a user asked for; NULL: nothing. */
typedef struct TargetRequest {
  const char *isa;    /* --isa: v2|v3|v4|x86-64-v2|...|neon; or a list of them */
  const char *cpu;    /* --cpu */
  const char *triple; /* --target */
  bool quantized;     /* without `isa`: one that is made for quantized products may be taken */
} TargetRequest;

/* The row of the target table for it; NULL after a usage error. Where it names no isa: from its
 * CPU, or the machine at hand. */
const TargetInfo *target_choose(const TargetRequest *request, Arena *arena, Diag *diag);

/* Rows of one family, best first. */
typedef struct TargetList {
  const TargetInfo **items;
  uint32_t count;
} TargetList;
/* The same for a list of names in `isa`, separated by commas. Names of different families, and what
 * is named twice, are usage errors. */
MUST_CHECK Status target_choose_list(const TargetRequest *request, Arena *arena, Diag *diag,
                                     TargetList *list);

/* The target called `name`; of the family of `triple`, where that is not NULL. NULL: none. */
const TargetInfo *target_find(const char *name, const char *triple);

/* All that --isa takes, separated by commas. */
const char *target_isas(Arena *arena);
/* The same of --cpu, */
const char *target_cpus(Arena *arena);
/* and of --target. */
const char *target_triples(Arena *arena);

/* A line about the machine at hand, for summaries: its CPU's name. */
const char *target_host_cpu(Arena *arena);

/* -- llvm: code generation --------------------------------------------------------------------- */

/* The weights of an artifact: distinct constants of all plans with their place in the blob. */
typedef struct WeightsBlob {
  const Recipe *const *recipes;
  const uint64_t *offsets; /* bytes, multiples of 128 */
  uint32_t count;
  uint64_t bytes;   /* header included */
  uint64_t packing; /* a fingerprint of what stands where */
  uint64_t model;   /* one of the model and its tensors, by whoever knows it */
} WeightsBlob;

/* Lays the weights out behind their header: in order of first use, each padded with zeros to a
 * multiple of 128. `model` of the result is 0. */
WeightsBlob weights_blob_layout(Arena *arena, const Plan *const *plans, uint32_t plan_count);
/* What the blob begins with. */
atm_weights_header weights_blob_header(const WeightsBlob *blob);
/* The bytes of constant `index`, with the zeros behind it. */
uint64_t weights_blob_room(const WeightsBlob *blob, uint32_t index);
/* Evaluates it, alone, to `out` [weights_blob_room]. *sum is that of the constants before it, 0 of
 * the first, and gets its own; behind the last stands the sum of all (ATM_WEIGHTS_FACTOR). */
MUST_CHECK Status weights_blob_write(const WeightsBlob *blob, uint32_t index,
                                     const WeightSource *source, void *out, uint64_t *sum);
/* Evaluates them to `out` [blob->bytes]. */
MUST_CHECK Status weights_blob_evaluate(const WeightsBlob *blob, const WeightSource *source,
                                        void *out);

/* One instruction set of an artifact. */
typedef struct ArtifactVariant {
  const TargetInfo *target;
  const Plan *const *plans; /* [plan_count of the artifact]: one for each resolution */
} ArtifactVariant;

/* The text of a plan, which debug information takes for the source. */
typedef struct PlanSource {
  const char *file; /* its name, without a folder */
  PlanLines lines;
} PlanSource;

/* What PREFIX_selftest expects of an output: `count` of its elements, one in `step`. */
typedef struct SelftestOutput {
  const void *elements; /* [count] of the output's type */
  uint64_t step;
  uint32_t count;
  uint32_t misses;  /* so many elements may be off */
  double tolerance; /* of floats: the largest error that is not */
} SelftestOutput;
typedef struct ArtifactSelftest {
  uint32_t plan;                 /* the resolution that is run */
  const SelftestOutput *outputs; /* [output_count of the plan] */
} ArtifactSelftest;
/* The first `count` elements, f32 or u8, of each input of a self-test. */
void artifact_selftest_input(DType dtype, uint64_t count, void *out);

/* One artifact: a model at several resolutions, for one or several instruction sets of a family,
 * over one copy of the weights. Inputs, outputs and constants of a resolution are those of all
 * variants. */
typedef struct ArtifactSpec {
  const char *prefix;              /* of every symbol */
  const char *name;                /* of the files, without what is before and behind it */
  const ArtifactVariant *variants; /* best first: the first that a CPU runs is the one that does */
  uint32_t variant_count;          /* at least 1 */
  uint32_t plan_count;             /* of each variant, at least 1 */
  const WeightsBlob *blob;         /* of all plans of all variants */
  const WeightSource *source;
  bool external_weights;  /* weights come from atm_env.weights */
  const char *model_hash; /* hex, for the metadata; NULL: none */
  const char *note;       /* JSON, for who finds the product: what it was made from; NULL: none */
  uint32_t image_input;   /* of the plans' inputs: the one whose size tells resolutions apart */
  const Pixels *pixels;   /* of each of the plans' inputs; NULL: none takes photos */
  const uint64_t *macs;   /* [plan_count]: nominal; NULL: those of the plans' steps */
  const char *const *class_names;
  uint32_t class_count;
  const ArtifactSelftest *selftest; /* NULL: there is no PREFIX_selftest */
  const PlanSource *const *sources; /* [variant][plan]; NULL: no debug information */
  bool unoptimized; /* LLVM does without its optimizations: another way to the same results */
  bool sanitized;   /* AddressSanitizer, which is in the process, watches what the code touches */
  bool export_all;  /* for llvm_load: kernels (PREFIX_NAME), PREFIX_weights, PREFIX_peak_* too, and
                       no frames for unwinding */
} ArtifactSpec;

/* Images, height and width; of vectors height and width are 1. */
typedef struct ImageSize {
  uint32_t n, h, w;
} ImageSize;
/* What resolution `i` takes. */
ImageSize artifact_image(const ArtifactSpec *spec, uint32_t i);
/* The entry of resolution `i` is PREFIX_run followed by this, as "_224x224"; the first one is
 * PREFIX_run too. */
const char *artifact_suffix(const ArtifactSpec *spec, uint32_t i, Arena *arena);
/* Whether an input takes bytes. Then each entry has a second form, PREFIX_run_strided and the same,
 * which is told how their rows lie. */
bool artifact_takes_strides(const ArtifactSpec *spec);
/* What tells the names of variant `v` apart: "_v3"; "" where there is one variant. */
const char *artifact_variant_suffix(const ArtifactSpec *spec, uint32_t v, Arena *arena);
/* The global symbols that an artifact defines; *count gets their number. */
const char *const *artifact_symbols(const ArtifactSpec *spec, Arena *arena, uint32_t *count);
/* Bytes for one worker, and for each further one. */
typedef struct ArtifactWorkspace {
  uint64_t base, scratch;
} ArtifactWorkspace;
/* The workspace that suffices for every variant of resolution `i`. */
ArtifactWorkspace artifact_workspace(const ArtifactSpec *spec, uint32_t i);

/* What PREFIX_selftest needs; the artifact has one. */
ArtifactWorkspace artifact_selftest_workspace(const ArtifactSpec *spec);

/* What an artifact's note begins with, in an object and in whatever it is linked into; its text,
 * `bytes` with the 0 that ends it, is behind it. */
typedef struct ArtifactNote {
  uint32_t name_bytes, bytes, type;
  char name[8];
} ArtifactNote;
/* That of a note whose text is `bytes` long. */
ArtifactNote artifact_note_head(uint32_t bytes);

typedef enum EmitKind { EMIT_OBJECT, EMIT_ASM, EMIT_LLVM_IR } EmitKind;

/* What was emitted; `data` is malloced: the caller frees it. */
typedef struct Emitted {
  char *data;
  size_t bytes;
  uint64_t frame;       /* bytes of the stack that the function takes most of; of an object */
  const char *frame_of; /* its symbol, in the arena; NULL: none takes any */
} Emitted;

/* Emits code, metadata and, unless external, weights. Weights that are too many to embed, or cannot
 * be read, are diagnosed; `out` is then empty. */
MUST_CHECK Status llvm_emit(const ArtifactSpec *spec, EmitKind kind, Arena *arena, Diag *diag,
                            Emitted *out);
/* Whether the sizes of code can be told: of ELF objects. */
bool llvm_knows_code(const ArtifactSpec *spec);
/* The bytes of code in an object of `spec` that variant `v` alone has. */
uint64_t llvm_code_bytes(const ArtifactSpec *spec, uint32_t v, const Emitted *object, Arena *arena);
/* Of these, for each resolution [plan_count] those of kernels that it has and none before it. */
const uint64_t *llvm_added_bytes(const ArtifactSpec *spec, uint32_t v, const Emitted *object,
                                 Arena *arena);

/* An object loaded into this process. `object` must outlive it. */
typedef struct LoadedModel LoadedModel;
/* Loads it; it is to be unloaded with llvm_unload. */
MUST_CHECK Status llvm_load(const char *object, size_t bytes, Diag *diag, LoadedModel **loaded);
/* The address of a symbol; NULL: it has none of that name. */
void *llvm_symbol(LoadedModel *loaded, const char *name);
/* Its code is gone with it. NULL is allowed. */
void llvm_unload(LoadedModel *loaded);

/* What work is made of: multiply-adds of floats, or of whole numbers of 8 bits, and the functions
 * that a scan evaluates, 2^x - 1 for its decays and softplus for its steps. */
typedef enum PeakKind { PEAK_F32, PEAK_INT8, PEAK_EXP, PEAK_SOFTPLUS, PEAK_KIND_COUNT } PeakKind;
/* "f32", "int8", "exp", "softplus". */
const char *llvm_peak_name(PeakKind kind);
/* PREFIX_peak_NAME is a kernel that does nothing else, as fast as the target can, with the
 * instructions of products and scans. Its `args` are LLVM_PEAK_FLOATS floats for each worker,
 * aligned to 8 bytes, which it overwrites; to that of int8 they are bytes of a row. */
enum { LLVM_PEAK_FLOATS = 16 };
/* How many multiply-adds, or values of a function, there are in a task. */
uint64_t llvm_peak_count(const TargetInfo *target, PeakKind kind);

/* The number that atm_tensor.dtype has for a type. */
uint32_t artifact_dtype(DType dtype);
/* What products compute in: atm_model.arithmetic. */
const char *artifact_arithmetic(const ArtifactSpec *spec);
/* The prefix of an artifact's macros: in upper case, unless the prefix itself has capitals (so that
 * Net and net are two). */
const char *artifact_macro_prefix(const ArtifactSpec *spec, Arena *arena);
/* The wrapper of an artifact that the template `file` of runtime/bindings gives, in `arena`. */
const char *binding_write(const ArtifactSpec *spec, const char *file, Arena *arena);
/* The C header of an artifact, in `arena`. */
const char *header_write(const ArtifactSpec *spec, Arena *arena);
typedef struct ArchiveMember {
  const char *name;
  const char *data;
  size_t bytes;
  const char *const *symbols; /* defined global symbols */
  uint32_t symbol_count;
} ArchiveMember;
/* A static archive (ar format, with a symbol table) of `members` [count], in `arena`. */
void archive_write(Arena *arena, const ArchiveMember *members, uint32_t count, char **data,
                   size_t *bytes);

typedef enum LinkKind { LINK_EXECUTABLE, LINK_SHARED, LINK_AGENT, LINK_WASM } LinkKind;

/* Links an object of `spec` with the runtime into `output` (a program that reads and writes .npy
 * files, a shared library or a WebAssembly module that exports the model and the runtime, or the
 * process behind --runner, whose symbols begin with model_), with the C compiler: $CC or cc;
 * ARCH-linux-gnu-gcc for another architecture than this machine's; clang-19, which needs wasm-ld,
 * for WebAssembly. */
MUST_CHECK Status link_artifact(LinkKind kind, const ArtifactSpec *spec, const Emitted *object,
                                const char *output, Arena *arena, Diag *diag);

#endif
