/* The CPU of the machine at hand, by LLVM's name. */
#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "backends/backend.h"
#include "support/memory.h"

const char *target_host_cpu(Arena *arena) {
  char *name = memory_text(LLVMGetHostCPUName(), "a text of LLVM");
  char *copy = arena_strdup(arena, name);
  LLVMDisposeMessage(name);
  return copy;
}
