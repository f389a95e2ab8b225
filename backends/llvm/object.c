/* From plans to the bytes of an object, of assembly or of LLVM IR.
 *
 * Everything is emitted to memory: LLVM ends the process when it cannot write a file. An ELF object
 * is made with a weights section of PLACEHOLDER_BYTES, which then grows to its size in place, so
 * that the weights are evaluated straight into the object's bytes; other formats get them from
 * LLVM. */
#include <llvm-c/Analysis.h>
#include <llvm-c/Core.h>
#include <llvm-c/ErrorHandling.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/llvm/artifact.h"
#include "backends/llvm/debug_info.h"
#include "backends/llvm/object.h"
#include "support/memory.h"
#include "support/panic.h"

/* As good as -O2 for explicit vector code, in a twentieth of its time. */
static const char pass_pipeline[] = "function(sroa,early-cse,instcombine<no-verify-fixpoint>)";

enum { PLACEHOLDER_BYTES = 128 };
/* What one small-model object can address, with room for everything but the weights. */
static const uint64_t embedded_limit = UINT64_C(2047) << 20;

/* LLVM would print and exit: what it finds wrong is our bug. */
static void fatal(const char *reason) {
  PANIC("LLVM: %s", reason);
}

void object_initialize_llvm(void) {
  LLVMResetFatalErrorHandler();
  LLVMInstallFatalErrorHandler(fatal);
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();
  LLVMInitializeAArch64TargetInfo();
  LLVMInitializeAArch64Target();
  LLVMInitializeAArch64TargetMC();
  LLVMInitializeAArch64AsmPrinter();
  LLVMInitializeAArch64AsmParser();
  LLVMInitializeRISCVTargetInfo();
  LLVMInitializeRISCVTarget();
  LLVMInitializeRISCVTargetMC();
  LLVMInitializeRISCVAsmPrinter();
  LLVMInitializePowerPCTargetInfo();
  LLVMInitializePowerPCTarget();
  LLVMInitializePowerPCTargetMC();
  LLVMInitializePowerPCAsmPrinter();
  LLVMInitializeWebAssemblyTargetInfo();
  LLVMInitializeWebAssemblyTarget();
  LLVMInitializeWebAssemblyTargetMC();
  LLVMInitializeWebAssemblyAsmPrinter();
}

/* Position-independent code, so that objects fit shared libraries too; of WebAssembly that would be
 * another kind of module, which a host has to link. */
static LLVMTargetMachineRef machine_new(const TargetInfo *target, bool unoptimized) {
  LLVMTargetRef code = NULL;
  char *message = NULL;
  if (LLVMGetTargetFromTriple(target->triple, &code, &message)) {
    PANIC("%s: %s", target->triple, message);
  }
  return LLVMCreateTargetMachine(code, target->triple, target->cpu, target->features,
                                 unoptimized ? LLVMCodeGenLevelNone : LLVMCodeGenLevelDefault,
                                 target->format == FORMAT_WASM ? LLVMRelocStatic : LLVMRelocPIC,
                                 LLVMCodeModelSmall);
}

/* The embedded weights symbol as LLVM sees it; its contents, if any, are the caller's to free. */
static Status symbol_weights(const ArtifactSpec *spec, EmitKind kind, ModuleWeights *weights) {
  *weights = (ModuleWeights){0};
  if (spec->external_weights || !spec->blob->bytes) return STATUS_OK;
  weights->bytes = spec->blob->bytes;
  if (kind != EMIT_OBJECT) return STATUS_OK;
  if (artifact_format(spec) == FORMAT_ELF) {
    weights->bytes = PLACEHOLDER_BYTES;
    return STATUS_OK;
  }
  char *contents = memory_new(weights->bytes, 1, "weights");
  weights->contents = contents;
  return weights_blob_evaluate(spec->blob, spec->source, contents);
}

/* In release builds too: wrong IR would crash LLVM later, where nobody knows why. */
static void verify_module(LLVMModuleRef module) {
  char *message = NULL;
  if (LLVMVerifyModule(module, LLVMReturnStatusAction, &message)) {
    PANIC("invalid LLVM IR: %s", message);
  }
  LLVMDisposeMessage(message);
}

/* It fails only where `pipeline` names what LLVM does not know. */
static void run_passes(LLVMModuleRef module, LLVMTargetMachineRef machine, const char *pipeline) {
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMErrorRef error = LLVMRunPasses(module, pipeline, machine, options);
  if (error) PANIC("LLVM passes: %s", LLVMGetErrorMessage(error));
  LLVMDisposePassBuilderOptions(options);
}

/* Has all functions checked, behind the optimizations. Redzones around globals would be known from
 * a constructor on, which nobody calls. */
static void sanitize(LLVMModuleRef module, LLVMTargetMachineRef machine, ModuleContext *m) {
  for (LLVMValueRef f = LLVMGetFirstFunction(module); f; f = LLVMGetNextFunction(f)) {
    if (!LLVMIsDeclaration(f)) emit_attribute(m, f, "sanitize_address");
  }
  run_passes(module, machine, "asan");
}

/* -- stacks ------------------------------------------------------------------------------------ */

/* The largest frame that LLVM has told of. */
typedef struct Frames {
  Arena *arena;
  uint64_t bytes;
  const char *function; /* NULL: none yet */
} Frames;

/* Listens to "stack frame size (BYTES) exceeds limit (0) in function 'NAME'", which the attribute
 * warn-stack-size makes LLVM say of each function that has a frame. All else that is no error stays
 * unheard, as what LLVM thinks of code is for us. */
static void hear(LLVMDiagnosticInfoRef info, void *context) {
  Frames *frames = context;
  char *text = memory_text(LLVMGetDiagInfoDescription(info), "a text of LLVM");
  if (LLVMGetDiagInfoSeverity(info) == LLVMDSError) PANIC("LLVM: %s", text);
  unsigned long long bytes = 0;
  const char *size = strstr(text, "stack frame size ("), *name = strstr(text, "function '");
  if (size && name && sscanf(size, "stack frame size (%llu)", &bytes) == 1 &&
      bytes > frames->bytes) {
    name += strlen("function '");
    frames->bytes = bytes;
    frames->function = arena_strndup(frames->arena, name, strcspn(name, "'"));
  }
  LLVMDisposeMessage(text);
}

/* Text of the module, assembly or an object; the buffer is the caller's. */
static LLVMMemoryBufferRef generate(LLVMModuleRef module, LLVMTargetMachineRef machine,
                                    EmitKind kind) {
  if (kind == EMIT_LLVM_IR) {
    char *text = memory_text(LLVMPrintModuleToString(module), "a text of LLVM");
    LLVMMemoryBufferRef buffer =
        LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text), "ir");
    LLVMDisposeMessage(text);
    return buffer;
  }
  LLVMCodeGenFileType type = kind == EMIT_ASM ? LLVMAssemblyFile : LLVMObjectFile;
  LLVMMemoryBufferRef buffer = NULL;
  char *message = NULL;
  if (LLVMTargetMachineEmitToMemoryBuffer(machine, module, type, &message, &buffer)) {
    PANIC("LLVM code generation: %s", message);
  }
  if (!buffer) memory_exhausted(0, "generated code"); /* LLVM calls that a success */
  return buffer;
}

/* Has no frames described: what llvm_load loads nobody unwinds, and LLVM registers frames in memory
 * of which it does not ask whether it got any. LLVM describes what may unwind by itself. */
static void drop_frames(ModuleContext *m) {
  unsigned kind = LLVMGetEnumAttributeKindForName("uwtable", strlen("uwtable"));
  for (LLVMValueRef f = LLVMGetFirstFunction(m->module); f; f = LLVMGetNextFunction(f)) {
    LLVMRemoveEnumAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, kind);
    emit_attribute(m, f, "nounwind");
  }
}

/* The whole way from the spec to LLVM's output; nothing of LLVM's outlives it but the buffer. */
static LLVMMemoryBufferRef build(const ArtifactSpec *spec, EmitKind kind, ModuleWeights weights,
                                 Arena *arena, Frames *frames) {
  /* Functions say for themselves what they are for; what does not is for the lowest. */
  const TargetInfo *target = spec->variants[spec->variant_count - 1].target;
  LLVMContextRef context = LLVMContextCreate();
  LLVMContextSetDiagnosticHandler(context, hear, frames);
  LLVMTargetMachineRef machine = machine_new(target, spec->unoptimized);
  ModuleContext m = emit_open(context, spec->prefix, target, arena);
  LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(machine);
  LLVMSetModuleDataLayout(m.module, layout);
  LLVMDisposeTargetData(layout);
  m.debug = debug_info_open(&m, spec);
  module_fill(&m, spec, weights);
  debug_info_close(&m);
  if (spec->export_all) drop_frames(&m);
  verify_module(m.module);
  if (!spec->unoptimized) run_passes(m.module, machine, pass_pipeline);
  if (spec->sanitized) sanitize(m.module, machine, &m);
  emit_close(&m);
  LLVMMemoryBufferRef buffer = generate(m.module, machine, kind);
  LLVMDisposeTargetMachine(machine);
  LLVMDisposeModule(m.module);
  LLVMContextDispose(context);
  return buffer;
}

/* With a 0 behind it, in malloced memory. */
static char *copy_text(const char *start, size_t size) {
  char *copy = memory_new(size + 1, 1, "generated code");
  memcpy(copy, start, size);
  copy[size] = 0;
  return copy;
}

/* The finished object, with its weights, from what LLVM made of it. */
static Status finish(const ArtifactSpec *spec, const char *start, size_t size, Arena *arena,
                     Emitted *out) {
  char *contents = NULL;
  const ElfFinish with = {.prefix = spec->prefix,
                          .weights = arena_printf(arena, "%s_weights", spec->prefix),
                          .weights_bytes = spec->external_weights ? 0 : spec->blob->bytes};
  *out = elf_finish(start, size, &with, &contents);
  Status status = STATUS_OK;
  if (with.weights_bytes) status = weights_blob_evaluate(spec->blob, spec->source, contents);
  if (status) {
    free(out->data);
    *out = (Emitted){0};
  }
  return status;
}

Status llvm_emit(const ArtifactSpec *spec, EmitKind kind, Arena *arena, Diag *diag, Emitted *out) {
  CHECK(spec->variant_count > 0 && spec->plan_count > 0);
  *out = (Emitted){0};
  if (!spec->external_weights && spec->blob->bytes > embedded_limit) {
    return diag_error(diag, diag_file(spec->variants[0].plans[0]->model),
                      "%llu bytes of weights, embedded ones are limited to %llu; use "
                      "--weights-mode=external",
                      (unsigned long long)spec->blob->bytes, (unsigned long long)embedded_limit);
  }
  object_initialize_llvm();
  ModuleWeights weights;
  Status status = symbol_weights(spec, kind, &weights);
  if (status) {
    free((char *)(uintptr_t)weights.contents);
    return status;
  }
  Frames frames = {.arena = arena};
  LLVMMemoryBufferRef buffer = build(spec, kind, weights, arena, &frames);
  free((char *)(uintptr_t)weights.contents);
  const char *start = LLVMGetBufferStart(buffer);
  size_t size = LLVMGetBufferSize(buffer);
  if (kind == EMIT_OBJECT && artifact_format(spec) == FORMAT_ELF) {
    status = finish(spec, start, size, arena, out);
  } else {
    *out = (Emitted){.data = copy_text(start, size), .bytes = size};
  }
  out->frame = frames.bytes;
  out->frame_of = frames.function;
  LLVMDisposeMemoryBuffer(buffer);
  return status;
}

bool llvm_knows_code(const ArtifactSpec *spec) {
  return artifact_format(spec) == FORMAT_ELF;
}

uint64_t llvm_code_bytes(const ArtifactSpec *spec, uint32_t v, const Emitted *object,
                         Arena *arena) {
  return elf_section_bytes(object->data, object->bytes, module_section(spec, v, arena));
}

/* Whether a resolution before `i` has the kernel. */
static bool is_shared(const ArtifactVariant *variant, const char *const *const *names, uint32_t i,
                      const char *symbol) {
  for (uint32_t p = 0; p < i; ++p) {
    for (uint32_t k = 0; k < variant->plans[p]->kernel_count; ++k) {
      if (strcmp(names[p][k], symbol) == 0) return true;
    }
  }
  return false;
}

const uint64_t *llvm_added_bytes(const ArtifactSpec *spec, uint32_t v, const Emitted *object,
                                 Arena *arena) {
  const ArtifactVariant *variant = &spec->variants[v];
  const char *const *const *names = artifact_kernel_names(spec, v, arena);
  uint64_t *bytes = ARENA_ARRAY(arena, spec->plan_count, uint64_t);
  for (uint32_t i = 0; i < spec->plan_count; ++i) {
    for (uint32_t k = 0; k < variant->plans[i]->kernel_count; ++k) {
      if (is_shared(variant, names, i, names[i][k])) continue;
      bytes[i] += elf_symbol_bytes(object->data, object->bytes, names[i][k]);
    }
  }
  return bytes;
}
