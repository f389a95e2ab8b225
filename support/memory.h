/* Running out of memory: the system failed, not we and not the input. One message says what the
 * memory was for, and the process ends with STATUS_IO; whatever at_exit.h holds is tidied up first.
 */
#ifndef ATMC_SUPPORT_MEMORY_H
#define ATMC_SUPPORT_MEMORY_H

#include <stddef.h>

/* There are no `bytes` more; 0: nobody knows how many. `what` they are for, as "a constant". */
_Noreturn void memory_exhausted(size_t bytes, const char *what);
/* As malloc, to be freed; NULL if there is none, of 0 bytes never. Much memory stands in large
 * pages where the system has them: tensors come and go whole, and of small ones it clears thousands
 * for each. */
void *memory_try(size_t bytes) __attribute__((malloc));
/* Asks for large pages for memory that nothing has touched yet, where whole ones fit. */
void memory_large_pages(void *memory, size_t bytes);
/* `count * size` bytes as malloc gives them, to be freed; never NULL. */
void *memory_new(size_t count, size_t size, const char *what)
    __attribute__((malloc, returns_nonnull));
/* The `text` of a library that gives NULL where it finds no memory for it. */
char *memory_text(char *text, const char *what) __attribute__((returns_nonnull));

#endif
