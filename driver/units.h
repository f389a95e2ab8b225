/* Numbers for people. */
#ifndef ATMC_DRIVER_UNITS_H
#define ATMC_DRIVER_UNITS_H

#include <stdint.h>

enum { UNITS_TEXT_MAX = 32 };

/* "2.17 G", "15.35 M", "9.5 k", "34": decimal prefixes. Returns `text`. */
const char *units_count(uint64_t value, char text[UNITS_TEXT_MAX]);
/* "61.4 MB", "3.1 KB", "12 bytes": powers of 1024. */
const char *units_bytes(uint64_t bytes, char text[UNITS_TEXT_MAX]);

#endif
