/* Our own bugs end the process loudly: a message on stderr, then exit code 70 without cleanup.
 * Never reached by bad input; a test for a user error fails when it panics. */
#ifndef ATMC_SUPPORT_PANIC_H
#define ATMC_SUPPORT_PANIC_H

#define PANIC_EXIT_CODE 70

/* What the two macros call: prints file, line and message, and exits with PANIC_EXIT_CODE. */
_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define PANIC(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(condition) \
  ((condition) ? (void)0 : panic_at(__FILE__, __LINE__, "check failed: %s", #condition))

#endif
