/* The code generator's functions, for the driver: each is called in the module (functions.h), which
 * is loaded before the first. The module is where the program is, as in a build folder, or in the
 * library folder that it was installed with. */
#define _GNU_SOURCE
#include "backends/late/functions.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* There is no code without the module: a message, and the exit code of what the system refuses. The
 * loader does not say why there is no room for a segment. */
_Noreturn static void fail(const char *path, const char *reason) {
  Diag diag = {.stream = stderr};
  const char *guess = strstr(reason, "map segment") ? " (memory may be short, or limited)" : "";
  exit((int)diag_io_error(&diag, diag_file(path), "loading the code generator: %s%s", reason,
                          guess));
}

/* The program's folder, with a slash. */
static const char *program_folder(Arena *arena) {
  enum { PATH_BYTES = 4096 };
  static const char link[] = "/proc/self/exe";
  char *path = ARENA_ARRAY(arena, PATH_BYTES, char);
  ssize_t length = readlink(link, path, PATH_BYTES - 1);
  if (length < 0) fail(link, strerror(errno));
  strrchr(path, '/')[1] = 0;
  return path;
}

/* From here on the heap grows in long steps and stays: where its end follows what LLVM allocates
 * and frees, the system clears the same pages again and again, for up to a sixth of a compilation.
 * What makes no code is held to less memory. */
static void keep_heap(void) {
#ifdef __GLIBC__
  enum { STEP = 16 << 20, KEPT = 256 << 20 };
  (void)mallopt(M_TOP_PAD, STEP);
  (void)mallopt(M_TRIM_THRESHOLD, KEPT);
#endif
}

static const LateFunctions *load(Arena *arena) {
  const char *folder = program_folder(arena);
  const char *path = arena_printf(arena, "%s%s", folder, LATE_FILE);
  if (access(path, F_OK) != 0) {
    path = arena_printf(arena, "%s%s/%s", folder, ATMC_MODULE_FOLDER, LATE_FILE);
  }
  if (access(path, F_OK) != 0) fail(path, strerror(errno));
  /* All at once: later there would be nobody to say that memory is exhausted. For all: the hooks of
   * LLVM and C++ are looked up by name (watch_memory.c). */
  void *module = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  const LateFunctions *functions = module ? dlsym(module, LATE_SYMBOL) : NULL;
  if (!functions) fail(path, dlerror());
  if (strcmp(functions->version, ATMC_VERSION) != 0) fail(path, "it is of another version of atmc");
  functions->llvm_watch_memory(false);
  keep_heap();
  return functions;
}

/* For the main thread alone. */
static const LateFunctions *late(void) {
  static const LateFunctions *functions;
  if (!functions) {
    Arena *arena = arena_new();
    functions = load(arena);
    arena_free(arena);
  }
  return functions;
}

#define FUNCTION(type, name, parameters, arguments) \
  type name parameters {                            \
    return late()->name arguments;                  \
  }
#define PROCEDURE(name, parameters, arguments) \
  void name parameters {                       \
    late()->name arguments;                    \
  }
#include "backends/late/functions.def"
