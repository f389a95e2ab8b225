/* What must be tidied up however the process ends, short of a signal or a bug of ours: temporaries,
 * when memory runs out. The list of what is open is libc's; nothing here is global.
 */
#ifndef ATMC_SUPPORT_AT_EXIT_H
#define ATMC_SUPPORT_AT_EXIT_H

typedef struct AtExit AtExit;

/* Has `tidy(context)` called when the process exits, unless it is cancelled before; at once where
 * there is no room to note it, which ends the process. `tidy` may not allocate. Each use costs some
 * bytes until then. */
AtExit *at_exit_call(void (*tidy)(void *context), void *context);
/* It is not called any more; to be said once. */
void at_exit_cancel(AtExit *entry);

#endif
