/* Reporting many errors of untrusted input: the first ERROR_LIST_MAX are printed, the rest counted;
 * and texts from untrusted files made fit to be printed. */
#ifndef ATMC_FRONTEND_ERROR_LIST_H
#define ATMC_FRONTEND_ERROR_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"

enum { ERROR_LIST_MAX = 20 };

typedef struct ErrorList {
  Arena *arena;
  Diag *diag;
  const char *file; /* for the closing line */
  uint32_t count;
} ErrorList;

/* Counts one error, and prints it unless the list is full. */
void error_list_add(ErrorList *list, Position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Nothing more will be printed: work for a better message may be left out. */
static inline bool error_list_full(const ErrorList *list) {
  return list->count >= ERROR_LIST_MAX;
}
/* Counts one more error where nothing more will be printed; false: its message is wanted. */
static inline bool error_list_skip(ErrorList *list) {
  if (!error_list_full(list)) return false;
  ++list->count;
  return true;
}
/* Says how many errors were not printed. STATUS_BAD_INPUT when there were any. */
MUST_CHECK Status error_list_end(ErrorList *list);

/* `text` in double quotes for a message: control characters, quotes and backslashes escaped, long
 * texts cut. */
const char *error_list_quote(Arena *arena, const char *text);

#endif
