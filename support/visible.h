/* Texts of untrusted files on a terminal: nothing in them may move the cursor, change colours or
 * turn the rest of a line around.
 *
 * Shown as they are: well-formed UTF-8 but for the control characters of ASCII and Latin 1 (C0, C1,
 * DEL), the marks and overrides of writing direction, and the line separators of Unicode.
 */
#ifndef ATMC_SUPPORT_VISIBLE_H
#define ATMC_SUPPORT_VISIBLE_H

#include <stddef.h>
#include <stdio.h>

/* The bytes of the character at `text`, of which `available` may be read, where it may be shown as
 * it is; 0: its first byte may not. */
size_t visible_length(const char *text, size_t available);
/* Prints `text` [bytes], with \xNN for each byte that may not be shown. */
void visible_print(FILE *stream, const char *text, size_t bytes);

#endif
