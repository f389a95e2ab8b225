/* LLVM without memory would abort. C++ has two hooks, of which LLVM's C API knows nothing:
 * std::set_new_handler and llvm::install_bad_alloc_error_handler. They are looked up under their
 * names in object files; where they are missing, LLVM aborts as before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "backends/backend.h"
#include "support/memory.h"

static const char llvm_purpose[] = "generating code";

/* For operator new, which does not say how much it wanted. */
static void no_room_for_new(void) {
  memory_exhausted(0, llvm_purpose);
}

/* For LLVM's own allocations, made with malloc. */
static void no_room_for_array(void *context, const char *reason, bool crash) {
  (void)context, (void)reason, (void)crash;
  memory_exhausted(0, llvm_purpose);
}

/* The same, where an error was said before: one message is enough. */
static void no_room_for_new_behind(void) {
  exit(STATUS_IO);
}

static void no_room_for_array_behind(void *context, const char *reason, bool crash) {
  (void)context, (void)reason, (void)crash;
  exit(STATUS_IO);
}

void llvm_watch_memory(bool failed) {
  void (*(*set_new_handler)(void (*)(void)))(void);
  void (*install)(void (*)(void *, const char *, bool), void *), (*remove)(void);
  *(void **)&set_new_handler = dlsym(RTLD_DEFAULT, "_ZSt15set_new_handlerPFvvE");
  *(void **)&install =
      dlsym(RTLD_DEFAULT, "_ZN4llvm31install_bad_alloc_error_handlerEPFvPvPKcbES0_");
  *(void **)&remove = dlsym(RTLD_DEFAULT, "_ZN4llvm30remove_bad_alloc_error_handlerEv");
  if (set_new_handler) (void)set_new_handler(failed ? no_room_for_new_behind : no_room_for_new);
  if (install && remove) {
    remove(); /* there may be one only */
    install(failed ? no_room_for_array_behind : no_room_for_array, NULL);
  }
}
