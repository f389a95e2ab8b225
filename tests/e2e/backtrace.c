/* A host whose last kernel writes to memory that is not there: it prints the addresses of the calls
 * that are under way then, the innermost first. */
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "glyphs.h"

enum { MOST_CALLS = 32 };

static void print_calls(int signal) {
  (void)signal;
  void *calls[MOST_CALLS];
  int count = backtrace(calls, MOST_CALLS);
  for (int i = 0; i < count; ++i) printf("%p\n", calls[i]);
  fflush(stdout);
  _exit(0);
}

int main(void) {
  static float image[1 * 3 * 48 * 48];
  void *workspace = aligned_alloc(64, GLYPHS_WORKSPACE_BYTES(1));
  void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void *first; /* the first call of backtrace loads a library */
  if (!workspace || nothing == MAP_FAILED || backtrace(&first, 1) != 1) return 1;
  signal(SIGSEGV, print_calls);
  const void *inputs[] = {image};
  void *outputs[] = {nothing};
  int code = glyphs_run(inputs, outputs, workspace, GLYPHS_WORKSPACE_BYTES(1), NULL);
  fprintf(stderr, "the call came back: %d\n", code);
  return 1;
}
