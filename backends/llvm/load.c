/* Objects in this process: `run`, `bench` and `verify` need neither linker nor file.
 *
 * LLVM's JIT is used as a linker alone: it gets a finished object, places its sections in memory
 * and resolves its symbols. The object's bytes are not copied.
 */
#include <llvm-c/Core.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <stdlib.h>

#include "backends/backend.h"
#include "backends/llvm/object.h"
#include "support/memory.h"

/* Owns the memory that the code runs in, until llvm_unload. */
struct LoadedModel {
  LLVMOrcLLJITRef jit;
};

/* Reports LLVM's message, and disposes of `error`. */
static Status fail(Diag *diag, LLVMErrorRef error) {
  char *message = LLVMGetErrorMessage(error);
  Status status = diag_io_error(diag, diag_file(NULL), "loading generated code: %s", message);
  LLVMDisposeErrorMessage(message);
  return status;
}

Status llvm_load(const char *object, size_t bytes, Diag *diag, LoadedModel **loaded) {
  object_initialize_llvm();
  LLVMOrcLLJITRef jit = NULL;
  LLVMErrorRef error = LLVMOrcCreateLLJIT(&jit, NULL);
  if (error) return fail(diag, error);
  LLVMMemoryBufferRef buffer = LLVMCreateMemoryBufferWithMemoryRange(object, bytes, "model", 0);
  error = LLVMOrcLLJITAddObjectFile(jit, LLVMOrcLLJITGetMainJITDylib(jit), buffer);
  if (error) {
    Status status = fail(diag, error);
    LLVMConsumeError(LLVMOrcDisposeLLJIT(jit));
    return status;
  }
  *loaded = memory_new(1, sizeof **loaded, "loading code");
  (*loaded)->jit = jit;
  return STATUS_OK;
}

void *llvm_symbol(LoadedModel *loaded, const char *name) {
  LLVMOrcExecutorAddress address = 0;
  LLVMErrorRef error = LLVMOrcLLJITLookup(loaded->jit, &address, name);
  if (error) {
    LLVMConsumeError(error);
    return NULL;
  }
  return (void *)(uintptr_t)address;
}

void llvm_unload(LoadedModel *loaded) {
  if (!loaded) return;
  LLVMConsumeError(LLVMOrcDisposeLLJIT(loaded->jit));
  free(loaded);
}
