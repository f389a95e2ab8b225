/* LLVM without memory would abort. C++ has two hooks, of which LLVM's C API knows nothing:
 * std::set_new_handler and llvm::install_bad_alloc_error_handler. They are looked up under their
 * names in object files; where they are missing, LLVM aborts as before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "backends/backend.h"
#include "support/memory.h"

static const char llvm_purpose[] = "generating code";

/* For operator new, which does not say how much it wanted. */
static void end_with_message(void) {
  memory_exhausted(0, llvm_purpose);
}

/* Where an error was said before, one message is enough. */
static void end(void) {
  exit(STATUS_IO);
}

/* For LLVM's own allocations, made with malloc; `failed`: NULL, or an error was said. */
static void no_room(void *failed, const char *reason, bool crash) {
  (void)reason, (void)crash;
  failed ? end() : end_with_message();
}

void llvm_watch_memory(bool failed) {
  void (*(*set_new_handler)(void (*)(void)))(void);
  void (*install)(void (*)(void *, const char *, bool), void *), (*remove)(void);
  *(void **)&set_new_handler = dlsym(RTLD_DEFAULT, "_ZSt15set_new_handlerPFvvE");
  *(void **)&install =
      dlsym(RTLD_DEFAULT, "_ZN4llvm31install_bad_alloc_error_handlerEPFvPvPKcbES0_");
  *(void **)&remove = dlsym(RTLD_DEFAULT, "_ZN4llvm30remove_bad_alloc_error_handlerEv");
  if (set_new_handler) (void)set_new_handler(failed ? end : end_with_message);
  if (install && remove) {
    remove(); /* there may be one only */
    install(no_room, (void *)(uintptr_t)failed);
  }
}
