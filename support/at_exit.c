/* Tidying up at exit, one entry for each caller. exit() calls them last first; one that was
 * cancelled only frees itself, since nothing takes an entry off the C library's list. */
#include "support/at_exit.h"

#include <stdlib.h>

#include "support/memory.h"

struct AtExit {
  void (*tidy)(void *context); /* NULL: cancelled */
  void *context;
};

/* For on_exit, which passes an argument, as atexit does not. */
static void leave(int status, void *argument) {
  (void)status;
  AtExit *entry = argument;
  if (entry->tidy) entry->tidy(entry->context);
  free(entry);
}

AtExit *at_exit_call(void (*tidy)(void *context), void *context) {
  AtExit *entry = malloc(sizeof *entry);
  if (entry) *entry = (AtExit){tidy, context};
  if (!entry || on_exit(leave, entry) != 0) {
    tidy(context);
    memory_exhausted(sizeof *entry, "what to tidy up");
  }
  return entry;
}

void at_exit_cancel(AtExit *entry) {
  entry->tidy = NULL;
}
