/* Objects in this process: `run`, `bench` and `verify` need neither linker nor file. */
#include <llvm-c/Core.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <stdlib.h>

#include "backends/backend.h"
#include "backends/llvm/object.h"
#include "support/memory.h"

struct LoadedModel {
  LLVMOrcLLJITRef jit;
};

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
